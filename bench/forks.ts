// Forks at the size of a large store: npm run bench -- forks --repo PATH [--chunks 200000] [--forks 10000]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEngine } from 'coppice';
import { git, machine, median, option, printTable, quantile, repositoryName, writeJson } from './support/measure.js';

const repo = resolve(option('repo'));
const chunksWanted = Number(option('chunks', '200000'));
const forkCount = Number(option('forks', '10000'));
const folder = mkdtempSync(join(tmpdir(), 'coppice-forks-'));

interface Measured {
  readonly chunks: number;
  readonly forks: readonly number[];
  readonly calls: readonly number[];
  readonly bytesPerFork: number;
}

try {
  const small = await measure(makeSmallRepository(), join(folder, 'small'), 1_000, 2_000);
  const large = await measure(repo, join(folder, 'large'), chunksWanted, forkCount);
  const [p50, p99] = [median(large.forks), quantile(large.forks, 0.99)];
  printTable(`forks of ${repositoryName(repo)}; ${machine()}`, [
    {
      what: `durable fork, store of ${large.chunks.toLocaleString('en')} chunks`,
      measured: `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms (whole call p50 ${median(large.calls).toFixed(2)} ms)`,
      target: 'p50 ≤ 1 ms, p99 ≤ 10 ms',
      met: p50 <= 1 && p99 <= 10,
    },
    {
      what: `the same at ${small.chunks.toLocaleString('en')} chunks`,
      measured: `p50 ${median(small.forks).toFixed(2)} ms, p99 ${quantile(small.forks, 0.99).toFixed(2)} ms`,
      target: 'the same',
      met: null,
    },
    {
      what: `store per fork, ${forkCount.toLocaleString('en')} forks`,
      measured: `${large.bytesPerFork.toFixed(0)} bytes`,
      target: '≤ 300 bytes',
      met: large.bytesPerFork <= 300,
    },
  ]);
  writeJson(`forks-${repositoryName(repo)}`, { machine: machine(), small, large });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Indexes commits further and further back until the store has enough chunks, then forks HEAD again and again. */
async function measure(repository: string, store: string, chunks: number, count: number): Promise<Measured> {
  const engine = await openEngine({ repo: repository, store });
  await engine.index(['HEAD']);
  const commits = git(repository, 'rev-list', '--first-parent', 'HEAD').trim().split('\n');
  let stored = (await engine.status()).chunks;
  for (let i = 50; i < commits.length && stored < chunks; i += 50) {
    await engine.index([commits[i]!]);
    stored = (await engine.status()).chunks;
    process.stderr.write(`\r${stored} chunks `);
  }
  process.stderr.write('\n');
  const before = journalBytes(store);
  const forks: number[] = [];
  const calls: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    forks.push((await engine.fork(`fork-${i}`)).tookMs);
    calls.push(performance.now() - start);
  }
  const bytesPerFork = (journalBytes(store) - before) / count;
  await engine.close();
  return { chunks: stored, forks, calls, bytesPerFork };
}

/** Names are kept in the journal alone. */
function journalBytes(store: string): number {
  return readdirSync(store)
    .filter((name) => name.startsWith('journal-'))
    .reduce((sum, name) => sum + statSync(join(store, name)).size, 0);
}

/** A repository of about a thousand chunks, made here. */
function makeSmallRepository(): string {
  const path = join(folder, 'small-repository');
  const run = (args: readonly string[], input?: string): void => {
    const result = spawnSync('git', ['-C', path, ...args], input === undefined ? {} : { input });
    if (result.status !== 0) throw new Error(result.stderr.toString());
  };
  spawnSync('git', ['init', '-q', '-b', 'main', path]);
  let stream = 'commit refs/heads/main\ncommitter bench <bench@example.org> 1700000000 +0000\ndata 4\nbase\n';
  for (let file = 0; file < 500; file++) {
    const parts = [0, 1].map((part) => {
      const body = Array.from({ length: 20 }, (_, line) => `  total += step${file}_${line * part};\n`).join('');
      return `export function work${file}_${part}(total: number): number {\n${body}  return total;\n}\n\n`;
    });
    const text = parts.join('');
    stream += `M 100644 inline src/file${file}.ts\ndata ${Buffer.byteLength(text)}\n${text}\n`;
  }
  run(['fast-import', '--quiet'], stream);
  return path;
}
