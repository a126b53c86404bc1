// Requests and faults: npm run bench -- faults [--requests 100000] [--seed 1] [--files 96] [--disk 48] [--huge 1.5,4.5] [--lanes 48] [--minutes 10]
//
// A daemon may open few files and has a small disk. It is asked random things of repositories, some with blobs of GiB, by clients that go away,
// never read, or lay ever new overlays over their files. It must be the same process at the end, hold no more than 1 GiB at any time, answer with
// coded errors alone, and keep nothing of what it was asked. Linux only; the disk is its own where this user may mount one.
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { errorKinds } from '../src/base/errors.js';
import { randomFrom, randomSource } from '../test/crash/support/random.js';
import { explosions } from '../test/pattern/support/explosions.js';
import { type TestRepository, git, makeRepository } from '../test/support/git.js';
import { cleanUpOnSignals } from './daemon/cleanup.js';
import { pause, waitUntil } from './daemon/waiting.js';
import { FaultyDaemon } from './faults/faulty-daemon.js';
import { commitHugeFiles } from './faults/huge-blobs.js';
import { Report, machine, option, printTable, writeJson } from './support/measure.js';

const requests = Number(option('requests', '100000'));
const lanes = Number(option('lanes', '48'));
const minutesMax = Number(option('minutes', 'Infinity'));
const seed = Number(option('seed', '1'));
const hugeBytes = option('huge', '1.5,4.5')
  .split(',')
  .filter(Boolean)
  .map((gib) => Number(gib) * 2 ** 30);
const rssMax = 2 ** 30;
const neverReadMax = 40;
const restMs = 75_000;

cleanUpOnSignals();
const random = randomFrom(seed);
const pick = <T>(values: readonly T[]): T => values[random(values.length)]!;
const repositories: TestRepository[] = Array.from({ length: 9 }, (_, n) => {
  const repository = makeRepository({ name: `repo${n}` });
  const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`src/m${i}.ts`, randomSource(random, 30)]));
  repository.commit({ ...files, ...(n === 0 && { 'bomb.txt': explosions[0]!.text }) });
  repository.commit({ 'src/m1.ts': randomSource(random, 30), 'big.txt': 'a line of some length\n'.repeat(50_000) });
  return repository;
});
const home = repositories[0]!;
console.error('making huge blobs');
const hugePaths = hugeBytes.length === 0 ? [] : await commitHugeFiles(home.path, 'huge', hugeBytes);

const daemon = new FaultyDaemon({
  files: Number(option('files', '96')),
  diskMib: Number(option('disk', '48')),
});
await daemon.ready();
const { pid, token } = daemon;
const agent = new Agent({ keepAlive: true, maxSockets: lanes });
const codes = new Map<string, number>();
const strange: string[] = [];
const count = (code: string): void => void codes.set(code, (codes.get(code) ?? 0) + 1);
const leases: string[] = [];

interface Asked {
  readonly operation: string;
  readonly body: Record<string, unknown>;
}

const words = ['return', 'string', 'value', 'zzz', 'a', 'x.*y', '^', 'export function \\w+', ''];
const revOf = (): string => pick(['HEAD', 'HEAD', 'HEAD~1', '@worktree', 'overlay:o1', 'overlay:o7', 'nope', 'huge']);

function draw(): Asked {
  const repo = random(4) === 0 ? pick(repositories).path : home.path;
  const id = `o${random(400)}`;
  const name = `f${random(60)}`;
  const asked = (operation: string, body: Record<string, unknown>): Asked => ({ operation, body: { repo, ...body } });
  const pattern = random(12) === 0 ? pick(explosions).source : pick(words);
  const deadlineMs = 1 + random(1500);
  switch (random(16)) {
    case 0:
    case 1:
    case 2:
      return asked('grep', { pattern, rev: revOf(), deadlineMs });
    case 3:
      return asked('grep-counts', { pattern, rev: revOf(), deadlineMs });
    case 4:
      return asked('grep-range', { pattern, from: 'HEAD~1', to: revOf(), deadlineMs });
    case 5:
      return asked('search', {
        query: pick(['value string', `/${pattern}/`, '"', 'kept -x']),
        rev: revOf(),
        deadlineMs,
      });
    case 6:
      return asked('symbols', { name: pick(['get', 'a', 'value']), rev: revOf(), limit: 1 + random(10_000) });
    case 7:
      return asked('log', { pattern, deadlineMs });
    case 8:
      return asked('files', {
        rev: revOf(),
        limit: 1 + random(100_000),
        paths: [pick(['*.ts', '{a,b}'.repeat(30), 'src/'])],
      });
    case 9:
      return asked('show', { rev: 'HEAD', path: pick(['big.txt', 'src/m1.ts', 'none']) });
    case 10: {
      const start = 1 + random(1_000_000);
      const lines = random(2) === 0 ? {} : { start, end: start + random(3000) };
      return {
        operation: 'show',
        body: { repo: home.path, rev: 'huge', path: pick([...hugePaths, 'none']), ...lines },
      };
    }
    case 11:
    case 12:
      return asked('put-overlay', {
        id,
        files: [{ path: `src/o${random(9)}.ts`, text: 'overlaid line\n'.repeat(random(60_000)) }],
      });
    case 13:
      return asked('lease', { rev: 'HEAD', ttlMs: 1 + random(60_000) });
    case 14:
      return random(2) === 0 ? asked('fork', { name }) : asked('drop', { name });
    default:
      return asked('apply', {
        name,
        steps: [{ kind: 'put', path: `n${random(99)}.ts`, text: randomSource(random, 1 + random(200)) }],
      });
  }
}

/** Asks, reads the answer, and looks at it; or goes away meanwhile. */
function ask({ operation, body }: Asked, leavesMs: number | null): Promise<void> {
  return new Promise((resolve) => {
    const text = JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      accept: random(2) === 0 ? 'application/x-ndjson' : 'application/json',
    };
    let start = '';
    let end = '';
    let done = false;
    const finish = (code: string): void => {
      if (done) return;
      done = true;
      count(code);
      if (code === 'INTERNAL' || code === 'STORE_CORRUPT' || (!Object.hasOwn(errorKinds, code) && !known.has(code)))
        strange.push(`${operation} ${text.slice(0, 300)}: ${code} ${start.slice(0, 500)}`);
      resolve();
    };
    const asked = request(
      { host: '127.0.0.1', port: daemon.port, method: 'POST', path: `/v1/${operation}`, agent, headers },
      (response) => {
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          if (start.length < 2000) start += part;
          end = (end + part).slice(-2000);
        });
        response.on('error', () => finish(leavesMs === null ? 'CUT' : 'LEFT'));
        response.on('end', () => {
          const code = /\{"error":\{"code":"(\w+)"/.exec(response.statusCode === 200 ? end : start)?.[1];
          if (code === 'INTERNAL') strange.push(end);
          if (operation === 'lease') leases.push(/"lease":"([^"]+)"/.exec(start)?.[1] ?? '');
          finish(code ?? (response.statusCode === 200 ? 'ok' : `STATUS_${response.statusCode}`));
        });
      },
    );
    asked.on('error', (error) =>
      finish(leavesMs !== null ? 'LEFT' : daemon.ended ? 'DEAD' : `REFUSED ${error.message}`),
    );
    asked.end(text);
    if (leavesMs !== null) setTimeout(() => asked.destroy(), leavesMs);
  });
}

/** Left: the client went. Cut: a client that read too slowly was given up, or too many were connected. */
const known = new Set(['ok', 'LEFT', 'CUT']);

const neverReading: Socket[] = [];

/** A client that asks and reads nothing. */
function askWithoutReading({ operation, body }: Asked): void {
  const text = JSON.stringify(body);
  const socket = connect(daemon.port, '127.0.0.1');
  socket.on('error', () => undefined).pause();
  const head = [
    `POST /v1/${operation} HTTP/1.1`,
    'host: 127.0.0.1:' + String(daemon.port),
    `authorization: Bearer ${token}`,
  ];
  head.push(
    'accept: application/x-ndjson',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
  );
  socket.write(`${head.join('\r\n')}\r\n\r\n${text}`);
  neverReading.push(socket);
  if (neverReading.length > neverReadMax) neverReading.shift()!.destroy();
  count('NEVER_READ');
}

for (const { path } of repositories.slice(0, 2))
  await ask({ operation: 'index', body: { repo: path, revs: ['HEAD'] } }, null);
const before = daemon.held();
let rssPeak = 0;
const watching = setInterval(() => (rssPeak = Math.max(rssPeak, daemon.rssBytes)), 100);
let made = 0;
const startMs = performance.now();
const lane = async (): Promise<void> => {
  const isOver = (): boolean => made >= requests || performance.now() - startMs > minutesMax * 60_000;
  while (!isOver() && !daemon.ended) {
    if (++made % 200 === 0) process.stderr.write(`\r${made} requests, ${(rssPeak / 2 ** 20).toFixed(0)} MiB at most `);
    if (random(25) === 0) askWithoutReading({ operation: 'grep', body: { repo: home.path, pattern: '', rev: 'HEAD' } });
    else await ask(draw(), random(6) === 0 ? random(80) : null);
  }
};
await Promise.all(Array.from({ length: lanes }, lane));
const minutes = (performance.now() - startMs) / 60_000;
for (const socket of neverReading) socket.destroy();
agent.destroy();
process.stderr.write('\n');

const report = new Report();
const isSame = !daemon.ended;
report.add('the same process at the end', isSame ? `yes (${pid})` : `no: ${daemon.log.slice(-2000)}`, 'yes', isSame);
report.add('RSS at most', `${(rssPeak / 2 ** 20).toFixed(0)} MiB`, '≤ 1024 MiB', rssPeak <= rssMax);
report.add(
  'answers without a code, or INTERNAL',
  String(strange.length),
  '0',
  strange.length === 0,
  strange.slice(0, 50),
);
for (const text of new Set(strange.slice(0, 10))) console.error(text);
if (isSame) {
  for (const { path } of repositories)
    for (let i = 0; i < 400; i++)
      if (path === home.path || i % 20 === 0)
        await ask({ operation: 'drop-overlay', body: { repo: path, id: `o${i}` } }, null);
  for (const lease of leases.filter(Boolean).slice(-500))
    await ask({ operation: 'release-lease', body: { repo: home.path, lease } }, null);
  agent.destroy();
  await waitUntil('requests to end', 60_000, async () => (await daemon.metric('coppice_requests_in_flight')) === 0);
  await pause(restMs); // idle threads and git processes go
  const after = daemon.held();
  const [answers, bodies] = [await daemon.metric('coppice_answer_bytes'), await daemon.metric('coppice_body_bytes')];
  report.add(
    'bytes of answers and of requests still held',
    `${answers}, ${bodies}`,
    '0, 0',
    answers === 0 && bodies === 0,
  );
  const shown = ({ files, threads, children }: typeof before): string =>
    `${files} files, ${threads} threads, ${children} processes`;
  // Open repositories keep a few: segments, git, watchers.
  const isLean = after.files <= 96 && after.threads <= before.threads + 8;
  report.add(
    'held after a rest',
    `${shown(after)} (${shown(before)} before)`,
    'no more threads, files of what is open',
    isLean,
  );
  report.add(
    'RSS after a rest',
    `${(daemon.rssBytes / 2 ** 20).toFixed(0)} MiB`,
    '≤ 1024 MiB',
    daemon.rssBytes <= rssMax,
  );
  await daemon.stop();
}
clearInterval(watching);
git(home.path, ['fsck', '--no-dangling', '--connectivity-only']);
const told = [...codes].sort((a, b) => b[1] - a[1]);
printTable(
  `${made} random requests with faults, seed ${seed}, ${daemon.hasDisk ? 'a disk of its own' : 'no disk of its own'}, ${minutes.toFixed(1)} minutes; ${machine()}`,
  report.rows,
);
console.log(told.map(([code, n]) => `${code} ${n}`).join(', '));
writeJson('faults', {
  machine: machine(),
  requests: made,
  seed,
  minutes,
  codes: told,
  rows: report.rows,
  details: report.details,
});
process.exit(report.rows.some(({ met }) => met === false) ? 1 : 0);
