// Hostile repositories: npm run bench -- hostile [--cases 400] [--cli 1] [--seed 0] [--minutes 10]
//
// Generated repositories, in which every setting of git's own list that can name a program or a path is in every place that git reads, are
// searched over every surface (commands, HTTP, MCP, LSP) under strace: no program of theirs may run, nothing outside of them may be opened, nothing
// may be written below them, and no text of a file outside may be in an answer.
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { request } from 'node:http';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { hasRun, hostileKeys, makeHostile, places, secret, type HostileCase } from '../test/support/hostile.js';
import { findingsOf } from '../test/support/strace.js';
import { isOnPath, machine, option, printTable, writeJson } from './support/measure.js';

const wanted = Number(option('cases', '400'));
/** A case in a line. */
const named = (number: number, { place, keys }: HostileCase): string =>
  `${number} ${place} [${keys.slice(0, 8).join(' ')}${keys.length > 8 ? ' …' : ''}]`;

const commandsEach = Number(option('cli', '1'));
const seed = Number(option('seed', '0'));
const minutesMax = Number(option('minutes', 'Infinity'));
const main = resolve('dist/main.js');
if (!isOnPath('strace')) throw new Error('strace is needed: it tells what processes run, open and write');

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coppice-hostile-')));
const logs = join(folder, 'logs');
const casesFolder = join(folder, 'cases');
mkdirSync(logs);
mkdirSync(join(folder, 'home'));
// The user's own configuration has a filter and a pager: they are not for other people's attributes to run.
const env: NodeJS.ProcessEnv = { ...process.env, HOME: join(folder, 'home'), COPPICE_DAEMON: 'off', NO_COLOR: '1' };

const commands: readonly (readonly string[])[] = [
  ['grep', '-i', 'qwertz.ecret|text of'],
  ['grep', 'qwertz.ecret|text of', '--rev', 'HEAD'],
  ['grep', '-c', 'text', '--json'],
  ['search', 'edited text kept', '--rev', '@worktree'],
  ['search', 'edited text kept', '--rev', 'HEAD~1..HEAD'],
  ['symbols', 'kept'],
  ['log', 'text of'],
  ['index', 'HEAD', '--history'],
  ['index', '--all'],
  ['show', '@worktree:edited.txt'],
  ['show', 'HEAD:edited.txt'],
  ['show', '@worktree:link.txt'],
  ['fork', 'side'],
  ['apply', 'side', '--rm', 'edited.txt'],
  ['status'],
  ['forks'],
  ['gc'],
  ['doctor'],
];
const requests: readonly (readonly [string, Record<string, unknown>])[] = [
  ['grep', { pattern: 'qwertz.ecret|text of' }],
  ['grep', { pattern: 'qwertz.ecret|text of', rev: 'HEAD' }],
  ['grep', { pattern: 'text', rev: '@worktree' }],
  ['search', { query: 'edited text kept' }],
  ['symbols', { name: 'kept' }],
  ['log', { pattern: 'text of' }],
  ['show', { rev: '@worktree', path: 'edited.txt' }],
  ['show', { rev: '@worktree', path: 'link.txt' }],
  ['outline', { path: 'src/kept.ts' }],
  ['files', { rev: '@worktree' }],
  ['revs', {}],
  ['resolve', { rev: 'main@{upstream}' }],
  ['status', {}],
];

interface Answered {
  readonly surface: string;
  readonly text: string;
}

const strange: string[] = [];
const codes = new Map<string, number>();
let answers = 0;

function take(made: HostileCase, number: number, { surface, text }: Answered): void {
  answers++;
  if (text.includes(secret)) strange.push(`${named(number, made)} ${surface}: text from outside`);
  if (hasRun(made)) strange.push(`${named(number, made)} ${surface}: a program ran`);
  const code = /error\[(\w+)\]|"code":\s*"([A-Z_]+)"/.exec(text);
  const name = code?.[1] ?? code?.[2] ?? 'answered';
  codes.set(name, (codes.get(name) ?? 0) + 1);
  if (name === 'INTERNAL' || /^\s+at .*:\d+:\d+/m.test(text))
    strange.push(`${named(number, made)} ${surface}: ${text.slice(0, 300)}`);
}

const traced = (name: string, args: readonly string[]): [string, string[]] => [
  'strace',
  [
    ...['-f', '-qq', '-y', '-s', '300', '-o', join(logs, name), '-e'],
    'trace=execve,open,openat,creat,mkdir,mkdirat,unlink,unlinkat,rmdir,rename,renameat,renameat2,symlink,symlinkat,link,linkat,truncate,chmod,fchmodat',
    process.execPath,
    main,
    ...args,
  ],
];

function runCommand(number: number, made: HostileCase, at: number): void {
  const command = commands[at % commands.length]!;
  const [program, args] = traced(`cli-${number}-${at}`, [
    ...command,
    '--repo',
    made.repo,
    '--store',
    join(folder, 'cli-store'),
  ]);
  const { stdout, stderr } = spawnSync(program, args, { env, cwd: folder, encoding: 'utf8', timeout: 120_000 });
  take(made, number, { surface: `cli ${command.join(' ')}`, text: stdout + stderr });
}

class Daemon {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly store = join(folder, 'daemon-store');
  private readonly port = 20_000 + (process.pid % 20_000);
  private session = '';

  constructor() {
    const [program, args] = traced('daemon', ['serve', '--store', this.store, '--port', String(this.port)]);
    this.child = spawn(program, args, { env: { ...env, COPPICE_DAEMON: undefined }, cwd: folder });
    this.child.stdout.resume();
    this.child.stderr.resume();
  }

  /**
   * By `http.request`, which waits as long as it takes: a daemon under strace on a busy machine may need minutes, which `fetch` does not give it.
   * On a connection of its own, as a kept one may be closed by the daemon while it is taken up again.
   */
  private post(path: string, body: unknown): Promise<{ text: string; session: string }> {
    const headers = {
      Authorization: `Bearer ${readFileSync(join(this.store, 'daemon/token'), 'utf8').trim()}`,
      'Content-Type': 'application/json',
      Accept: path === '/mcp' ? 'application/json, text/event-stream' : 'application/json',
      ...(this.session === '' || path !== '/mcp' ? {} : { 'mcp-session-id': this.session }),
    };
    return new Promise((done, failed) => {
      const where = { host: '127.0.0.1', port: this.port, path, agent: false };
      const sent = request({ ...where, method: 'POST', headers }, (answer) => {
        text(answer).then((text) => done({ text, session: String(answer.headers['mcp-session-id'] ?? '') }), failed);
      });
      sent.on('error', failed);
      sent.end(JSON.stringify(body));
    });
  }

  async ready(): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await fetch(`http://127.0.0.1:${this.port}/healthz`);
        break;
      } catch (error) {
        if (tries > 300) throw error;
        await new Promise((done) => setTimeout(done, 100));
      }
    }
    const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'hostile', version: '0' } };
    this.session = (await this.post('/mcp', { jsonrpc: '2.0', id: 0, method: 'initialize', params })).session;
    await this.post('/mcp', { jsonrpc: '2.0', method: 'notifications/initialized' });
  }

  async http(number: number, made: HostileCase): Promise<void> {
    for (const [operation, parameters] of requests) {
      const { text } = await this.post(`/v1/${operation}`, { repo: made.repo, ...parameters });
      take(made, number, { surface: `http ${operation}`, text });
    }
  }

  async mcp(number: number, made: HostileCase): Promise<void> {
    for (const [name, args] of [
      ['grep', { pattern: 'qwertz.ecret|text of' }],
      ['search', { query: 'edited text kept' }],
      ['read', { path: 'edited.txt' }],
      ['list_revs', {}],
    ] as const) {
      const params = { name, arguments: { repo: made.repo, ...args } };
      const { text } = await this.post('/mcp', { jsonrpc: '2.0', id: answers + 1, method: 'tools/call', params });
      take(made, number, { surface: `mcp ${name}`, text });
    }
  }

  async end(): Promise<void> {
    await this.post('/v1/shut-down', {}).catch(() => undefined);
    await new Promise((done) => this.child.once('close', done));
  }
}

/** A language server, asked one question after another. */
class LanguageServer {
  private readonly child: ChildProcessWithoutNullStreams;
  private buffer = '';
  private readonly waiting = new Map<number, (text: string) => void>();
  private nextId = 0;

  constructor() {
    const [program, args] = traced('lsp', ['lsp', '--store', join(folder, 'lsp-store')]);
    this.child = spawn(program, args, { env, cwd: folder });
    this.child.stderr.resume();
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.buffer += chunk.toString('latin1');
      for (;;) {
        const header = /Content-Length: (\d+)\r\n(?:.*\r\n)*?\r\n/.exec(this.buffer);
        if (header === null) return;
        const from = header.index + header[0].length;
        const text = this.buffer.slice(from, from + Number(header[1]));
        if (text.length < Number(header[1])) return;
        this.buffer = this.buffer.slice(from + text.length);
        const { id, method } = JSON.parse(text) as { id?: number; method?: string };
        if (method === undefined && id !== undefined) this.waiting.get(id)?.(text);
      }
    });
  }

  private say(message: Record<string, unknown>): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  private ask(method: string, params: unknown): Promise<string> {
    const id = this.nextId++;
    return new Promise((done) => {
      this.waiting.set(id, done);
      this.say({ id, method, params });
    });
  }

  async ready(): Promise<void> {
    await this.ask('initialize', { processId: null, rootUri: null, capabilities: {}, workspaceFolders: [] });
    this.say({ method: 'initialized', params: {} });
  }

  async all(number: number, made: HostileCase): Promise<void> {
    const uri = pathToFileURL(made.repo).href;
    const event = { added: [{ uri, name: 'hostile' }], removed: [] };
    this.say({ method: 'workspace/didChangeWorkspaceFolders', params: { event } });
    take(made, number, { surface: 'lsp symbols', text: await this.ask('workspace/symbol', { query: 'kept' }) });
    for (const [command, argument] of [
      ['coppice.grep', { pattern: 'qwertz.ecret|text of' }],
      ['coppice.search', { query: 'edited text kept' }],
    ] as const) {
      const params = { command, arguments: [{ folder: uri, ...argument }] };
      take(made, number, { surface: `lsp ${command}`, text: await this.ask('workspace/executeCommand', params) });
    }
    this.say({ method: 'workspace/didChangeWorkspaceFolders', params: { event: { added: [], removed: event.added } } });
  }

  async end(): Promise<void> {
    await this.ask('shutdown', null);
    this.say({ method: 'exit' });
    await new Promise((done) => this.child.once('close', done));
  }
}

try {
  const daemon = new Daemon();
  const server = new LanguageServer();
  await Promise.all([daemon.ready(), server.ready()]);
  const keys = hostileKeys();
  // So many keys in each that all of them come to be in all places.
  const keysEach = Math.max(1, Math.ceil((keys.length * places.length) / wanted));
  const perPlace = Math.ceil(keys.length / keysEach);
  let count = 0;
  const startMs = performance.now();
  for (let group = 0; group < perPlace; group++) {
    for (const place of places) {
      if (performance.now() - startMs > minutesMax * 60_000) break;
      const number = count++;
      const own = keys.slice(group * keysEach, (group + 1) * keysEach);
      const made = makeHostile(join(casesFolder, String(number)), number + seed, place, own);
      await daemon.http(number, made);
      await daemon.mcp(number, made);
      await server.all(number, made);
      for (let i = 0; i < commandsEach; i++) runCommand(number, made, number * commandsEach + i + seed);
      if (count % 10 === 0) process.stderr.write(`\r${count} repositories, ${answers} answers `);
    }
  }
  await daemon.end();
  await server.end();
  process.stderr.write('\n');
  const findings = findingsOf(logs, casesFolder);
  for (const text of [...strange, ...findings.ran, ...findings.read, ...findings.written].slice(0, 40))
    console.log(text);
  printTable(`${count} hostile repositories, ${keys.length} settings x ${places.length} places; ${machine()}`, [
    { what: 'answers over commands, HTTP, MCP, LSP', measured: String(answers), target: '', met: null },
    { what: 'programs run', measured: String(findings.ran.length), target: '0', met: findings.ran.length === 0 },
    { what: 'opened outside', measured: String(findings.read.length), target: '0', met: findings.read.length === 0 },
    { what: 'written', measured: String(findings.written.length), target: '0', met: findings.written.length === 0 },
    {
      what: 'text from outside, traps sprung, crashes',
      measured: String(strange.length),
      target: '0',
      met: strange.length === 0,
    },
  ]);
  console.log([...codes].map(([code, n]) => `${code} ${n}`).join(', '));
  const minutes = (performance.now() - startMs) / 60_000;
  writeJson('hostile', {
    machine: machine(),
    count,
    keys: keys.length,
    answers,
    minutes,
    codes: [...codes],
    strange,
    ...findings,
  });
} finally {
  if (!process.argv.includes('--keep') && existsSync(folder)) rmSync(folder, { recursive: true, force: true });
}
