import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import type { HttpClient } from '../../src/api/client/http-client.js';
import type { Explosion } from '../../test/pattern/support/explosions.js';
import type { BenchDaemon } from '../daemon/bench-daemon.js';
import { killOnEnd } from '../daemon/cleanup.js';
import { mainProgram } from '../history/context.js';

/** One way to have a pattern run. */
export interface Surface {
  readonly name: string;
  /** What a run may take, in milliseconds. */
  readonly deadlineMs: number;
  /** Runs it to its end, and tells how it ended: `ok` or an error code. */
  run(explosion: Explosion): Promise<string>;
}

/** What is given up after when a request says nothing else. */
const defaultMs = 10_000;

const colouredFolder = 'coloured/';
const colouredWord = 'zfoo';

/** Files in which the patterns explode, in two versions. */
export const explosiveFiles = (explosions: readonly Explosion[]): Record<string, string>[] =>
  ['y\n', 'x\n'].map((first) =>
    Object.fromEntries(
      explosions.flatMap(({ text }, i) => [
        [`explosive/${i}.txt`, first + text],
        [`${colouredFolder}${i}.txt`, `${colouredWord} ${text}`],
      ]),
    ),
  );

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);

/** The query that has a pattern: `/` ends it. */
const queryOf = ({ source, ignoreCase }: Explosion): string =>
  `/${source.replaceAll('/', '\\/')}/ case:${ignoreCase === true ? 'no' : 'yes'}`;

/** The operations over HTTP, each as one answer and as a stream. */
export function httpSurfaces(client: HttpClient, repo: string, deadlineMs: number): Surface[] {
  const ask = async (operation: string, list: string, body: object, streamed: boolean): Promise<string> => {
    const call = streamed ? { onNote: () => undefined } : {};
    return client.ask(operation, { repo, ...body, deadlineMs }, list, call).then(() => 'ok', codeOf);
  };
  const pattern = ({ source, ignoreCase }: Explosion): object => ({ pattern: source, ignoreCase: ignoreCase === true });
  const surface = (name: string, list: string, body: (explosion: Explosion) => object, streamed = false): Surface => ({
    name: `http ${name}`,
    deadlineMs,
    run: (explosion) => ask(name, list, body(explosion), streamed),
  });
  return [
    surface('grep', 'lines', pattern),
    { ...surface('grep', 'lines', pattern, true), name: 'page grep' },
    surface('grep-counts', 'files', pattern),
    surface('grep-range', 'lines', (explosion) => ({ ...pattern(explosion), from: 'HEAD~1', to: 'HEAD' }), true),
    surface('search', 'hits', (explosion) => ({ query: queryOf(explosion) })),
    surface('log', 'items', pattern, true),
    surface('log-commits', 'items', pattern, true),
  ];
}

/** The tools of MCP over HTTP: they have no deadline of their own. */
export async function mcpSurfaces({ http }: BenchDaemon, repo: string): Promise<Surface[]> {
  const url = `${http.url}/mcp`;
  let session: string | null = null;
  let id = 0;
  const post = async (message: object): Promise<string> => {
    const answer = await fetch(url, {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      headers: {
        authorization: `Bearer ${http.token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session === null ? {} : { 'mcp-session-id': session }),
      },
    });
    session ??= answer.headers.get('mcp-session-id');
    return answer.text();
  };
  const clientInfo = { name: 'bench', version: '0' };
  const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo };
  await post({ id: id++, method: 'initialize', params });
  await post({ method: 'notifications/initialized' });
  const surface = (name: string, args: (explosion: Explosion) => object): Surface => ({
    name: `mcp ${name}`,
    deadlineMs: defaultMs,
    async run(explosion) {
      const text = await post({
        id: id++,
        method: 'tools/call',
        params: { name, arguments: { repo, ...args(explosion) } },
      });
      if (!text.includes('"isError":true')) return text.includes('"result"') ? 'ok' : text.slice(0, 200);
      return /\b(PATTERN_TIMEOUT|SERVER_BUSY|[A-Z]+_[A-Z_]+|INTERNAL)\b/.exec(text)?.[1] ?? text.slice(0, 200);
    },
  });
  return [
    surface('grep', ({ source, ignoreCase }) => ({ pattern: source, ignore_case: ignoreCase === true })),
    surface('search', (explosion) => ({ query: queryOf(explosion) })),
  ];
}

/** The commands of a language server. */
export async function lspSurfaces({ storePath }: BenchDaemon, repo: string, deadlineMs: number): Promise<Surface[]> {
  const child = spawn(process.execPath, [mainProgram, 'lsp', '--store', storePath], { cwd: repo });
  killOnEnd(child.pid!);
  child.stderr.resume();
  const waiting = new Map<number, (answer: object) => void>();
  let buffer = '';
  child.stdout.on('data', (bytes: Buffer) => {
    buffer += bytes.toString('latin1');
    for (;;) {
      const head = /^Content-Length: (\d+)\r\n(?:.*\r\n)*?\r\n/.exec(buffer);
      if (head === null || buffer.length < head[0].length + Number(head[1])) return;
      const end = head[0].length + Number(head[1]);
      const message = JSON.parse(buffer.slice(head[0].length, end)) as { id?: number; method?: string };
      buffer = buffer.slice(end);
      if (message.method === undefined && message.id !== undefined) waiting.get(message.id)?.(message);
    }
  });
  let nextId = 0;
  const say = (message: object): void => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  };
  const ask = (method: string, params: unknown): Promise<object> =>
    new Promise((resolve) => {
      const id = nextId++;
      waiting.set(id, resolve);
      say({ id, method, params });
    });
  const uri = pathToFileURL(repo).href;
  const workspaceFolders = [{ uri, name: 'bench' }];
  await ask('initialize', { processId: null, rootUri: null, capabilities: {}, workspaceFolders });
  say({ method: 'initialized', params: {} });
  const surface = (command: string, ms: number, argument: (explosion: Explosion) => object): Surface => ({
    name: `lsp ${command}`,
    deadlineMs: ms,
    async run(explosion) {
      const text = JSON.stringify(
        await ask('workspace/executeCommand', {
          command,
          arguments: [{ folder: uri, rev: 'HEAD', ...argument(explosion) }],
        }),
      );
      return /"code":"(\w+)"/.exec(text)?.[1] ?? (text.includes('"error"') ? text.slice(0, 200) : 'ok');
    },
  });
  return [
    surface('coppice.grep', deadlineMs, ({ source, ignoreCase }) => ({
      pattern: source,
      ignoreCase: ignoreCase === true,
      deadlineMs,
    })),
    surface('coppice.search', defaultMs, (explosion) => ({ query: queryOf(explosion) })),
  ];
}

/** Commands, which ask the daemon or, `alone`, do it themselves. */
export function commandSurfaces({ storePath }: BenchDaemon, repo: string, alone: boolean): Surface[] {
  const env = { ...process.env, NO_COLOR: undefined, ...(alone && { COPPICE_DAEMON: 'off' }) };
  const surface = (name: string, args: (explosion: Explosion) => readonly string[]): Surface => ({
    name: `command ${name}${alone ? ' (no daemon)' : ''}`,
    deadlineMs: defaultMs,
    run: (explosion) =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [mainProgram, ...args(explosion), '--store', storePath], {
          cwd: repo,
          env,
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        let errors = '';
        child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
        child.on('close', (code, signal) =>
          resolve(
            /error\[(\w+)\]/.exec(errors)?.[1] ?? (code === 0 || code === 1 ? 'ok' : `${code ?? signal}: ${errors}`),
          ),
        );
      }),
  });
  const grep = ({ source, ignoreCase }: Explosion, ...flags: string[]): string[] => [
    'grep',
    ...(ignoreCase === true ? ['-i'] : []),
    ...flags,
    '-e',
    source,
  ];
  return [
    surface('grep', (explosion) => grep(explosion)),
    surface('grep -c', (explosion) => grep(explosion, '-c')),
    surface('grep -l A..B', (explosion) => grep(explosion, '-l', '--rev', 'HEAD~1..HEAD')),
    // Each line of these files has a match at its beginning, which is found at once; to colour it is what explodes.
    surface('grep --color', ({ source, ignoreCase }) => [
      ...['grep', '--color', 'always', '--path', colouredFolder, ...(ignoreCase === true ? ['-i'] : [])],
      ...['-e', `${colouredWord}|${source}`],
    ]),
    surface('search', (explosion) => ['search', queryOf(explosion)]),
    surface('log', ({ source }) => ['log', source]),
  ];
}
