// A search cluster beside the embedded engine: npm run bench -- opensearch --repo PATH [--repo PATH] [--commits 4] [--patterns 250]
// [--sets DIR --only NAME] [--nodes 1] [--engine elasticsearch]. Starts a real OpenSearch (java, javac and mvn are needed).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openEngine, openPublisher } from '../src/engine/index.js';
import type { Engine } from '../src/engine/index.js';
import { startOpenSearch, type SearchEngine } from '../test/support/opensearch.js';
import { git, machine, median, printTable, repositoryName, timed, writeJson } from './support/measure.js';

const { values } = parseArgs({
  options: {
    repo: { type: 'string', multiple: true, default: [] },
    commits: { type: 'string', default: '4' },
    patterns: { type: 'string', default: '250' },
    questions: { type: 'string', default: '40' },
    more: { type: 'string', default: '10' },
    forks: { type: 'string', default: '30' },
    sets: { type: 'string' },
    only: { type: 'string' },
    nodes: { type: 'string', default: '1' },
    heap: { type: 'string', default: '512' },
    // Or elasticsearch.
    engine: { type: 'string', default: 'opensearch' },
    // Of comparing patterns and of comparing questions: what is not done by then is left, and told.
    seconds: { type: 'string', default: '600' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'coppice-opensearch-'));
const cluster = await startOpenSearch({
  nodes: Number(values.nodes),
  heapMegabytes: Number(values.heap),
  engine: values.engine as SearchEngine,
});
if (cluster === null) process.exit(2);

/** A row of random choices that is the same in every run. */
let seed = 1;
function random(below: number): number {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

try {
  for (const path of values.repo) await measure(resolve(path));
} finally {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(repo: string): Promise<void> {
  const name = repositoryName(repo);
  const prefix = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const remote = cluster!.remote(prefix);
  const store = join(folder, prefix);
  const history = git(repo, 'rev-list', '--first-parent', '-n', '400', 'HEAD').trim().split('\n');
  const more = history.slice(1, 1 + Number(values.more));
  const step = Math.max(1, Math.floor((history.length - 1) / Number(values.commits)));
  const revs = Array.from({ length: Number(values.commits) }, (_, i) => history[i * step]!);

  const engine = await openEngine({ repo, store });
  await engine.index([history[0]!]);
  const { textBytes, chunks } = await sizeOf(engine);
  const publisher = await openPublisher({ repo, store });
  const first = await publisher.push(remote, [history[0]!]);
  const counted = await cluster!.count(`${prefix}-chunks-*`);
  const times: number[] = [];
  await engine.index(more);
  for (const commit of more) {
    const start = performance.now();
    await publisher.push(remote, [commit]);
    times.push(performance.now() - start);
  }
  await publisher.push(remote, revs);
  await publisher.close();
  console.error(`published: ${(first.tookMs / 1000).toFixed(1)} s, one more commit ${median(times).toFixed(0)} ms`);

  const far = await openEngine({ repo, store: join(folder, `${prefix}-empty`), settings: { remote } });
  const grep = await compareGrep(engine, far, repo, revs);
  console.error(`grep: ${grep.differing} of ${grep.asked} differ, ${grep.lines} lines`);
  const ranked = await compareRanked(engine, far, repo, revs);
  const forks: number[] = [];
  const applies: number[] = [];
  for (let i = 0; i < Number(values.forks); i++) {
    forks.push((await timed(() => far.fork(`bench-${i}`, { from: history[0]! }))).ms);
    const content = Buffer.from(`export const bench = ${i};\n`);
    const edit = { kind: 'put', path: 'bench-new.ts', content } as const;
    if (i < 10) applies.push((await timed(() => far.apply(`bench-${i}`, [edit]))).ms);
  }
  const own = (await far.status()).chunks;
  await engine.close();
  await far.close();
  const perSecond = textBytes / 1e6 / (first.tookMs / 1000);
  printTable(`${name} in ${values.engine}, ${values.nodes} node(s), ${chunks} chunks at HEAD; ${machine()}`, [
    {
      what: 'publish HEAD, text',
      measured: `${perSecond.toFixed(2)} MB/s (${(first.tookMs / 1000).toFixed(1)} s)`,
      target: '≥ 1.5 MB/s',
      met: perSecond >= 1.5,
    },
    {
      what: `one more commit, ${times.length} of them`,
      measured: `p50 ${median(times).toFixed(0)} ms`,
      target: '≤ 500 ms',
      met: median(times) <= 500,
    },
    {
      what: 'documents of chunks',
      measured: `${counted} of ${chunks} distinct chunks`,
      target: 'equal',
      met: counted === chunks,
    },
    {
      what: `grep, ${grep.asked} patterns x commits`,
      measured: `${grep.differing} differ, ${grep.lines} lines`,
      target: '0',
      met: grep.differing === 0,
    },
    {
      what: `ranked and symbols, ${ranked.asked} questions`,
      measured: `${ranked.differing} differ in any hit or score`,
      target: '0',
      met: ranked.differing === 0,
    },
    {
      what: 'warm grep',
      measured: `p50 ${median(grep.far).toFixed(1)} ms (embedded ${median(grep.own).toFixed(1)} ms)`,
      target: '≤ 60 ms',
      met: median(grep.far) <= 60,
    },
    {
      what: 'warm ranked',
      measured: `p50 ${median(ranked.far).toFixed(1)} ms (embedded ${median(ranked.own).toFixed(1)} ms)`,
      target: '≤ 80 ms',
      met: median(ranked.far) <= 80,
    },
    {
      what: `fork, durable in the cluster, ${forks.length} of them; one file put into it`,
      measured: `p50 ${median(forks).toFixed(1)} ms; ${median(applies).toFixed(0)} ms`,
      target: '≤ 30 ms',
      met: median(forks) <= 30,
    },
    { what: 'chunks in the store of who searched', measured: String(own), target: '0', met: own === 0 },
  ]);
  writeJson(`${values.engine}-${name}`, {
    machine: machine(),
    chunks,
    textBytes,
    first,
    times,
    forks,
    applies,
    grep,
    ranked,
  });
}

async function sizeOf(engine: Engine): Promise<{ textBytes: number; chunks: number }> {
  const { chunks } = await engine.status();
  const { files } = await engine.files({ rev: 'HEAD', limit: 1_000_000 });
  return {
    chunks,
    textBytes: files.reduce((sum, { sizeBytes, skipped }) => sum + (skipped === null ? sizeBytes : 0), 0),
  };
}

interface Compared {
  asked: number;
  differing: number;
  lines: number;
  readonly own: number[];
  readonly far: number[];
}

/** Pieces of lines, literal and as expressions, and such as nothing has, at each rev. */
async function compareGrep(engine: Engine, far: Engine, repo: string, revs: readonly string[]): Promise<Compared> {
  const compared: Compared = { asked: 0, differing: 0, lines: 0, own: [], far: [] };
  const lines = git(repo, 'grep', '-hI', '-E', '[a-z]{4}', 'HEAD')
    .split('\n')
    .filter((line) => line.length > 8 && line.length < 200);
  const endMs = performance.now() + 1000 * Number(values.seconds);
  for (let i = 0; i < Number(values.patterns) && performance.now() < endMs; i++) {
    const line = lines[random(lines.length)]!.trim();
    const from = random(Math.max(1, line.length - 6));
    const piece = line.slice(from, from + 3 + random(14));
    const pattern = i % 3 === 0 ? piece.replace(/[^\w\s]/g, '.').replace(/\d/g, '\\d') : piece;
    const options = { literal: i % 3 !== 0, ignoreCase: i % 5 === 0 };
    for (const rev of revs)
      await compare(compared, engine, far, async (of) => (await of.grep(pattern, { rev, ...options })).lines);
  }
  return compared;
}

/** The labelled questions where there are some, else subjects of commits and names of definitions. */
async function compareRanked(engine: Engine, far: Engine, repo: string, revs: readonly string[]): Promise<Compared> {
  const compared: Compared = { asked: 0, differing: 0, lines: 0, own: [], far: [] };
  const count = Number(values.questions);
  const labelled =
    values.sets === undefined
      ? []
      : (JSON.parse(readFileSync(join(values.sets, 'annotations', `${values.only}.json`), 'utf8')) as {
          query: string;
        }[]);
  const questions =
    labelled.length > 0
      ? labelled.map(({ query }) => query)
      : git(repo, 'log', '--format=%s', '-n', String(count), 'HEAD').trim().split('\n');
  const endMs = performance.now() + 1000 * Number(values.seconds);
  for (const rev of revs.slice(0, 2))
    for (const query of questions)
      for (const mode of ['hybrid', 'lexical'] as const)
        if (performance.now() < endMs)
          await compare(compared, engine, far, async (of) => {
            const { hits } = await of.search(query, { rev, mode });
            return hits.map(({ path, startLine, score, signals, symbol }) => ({
              path,
              startLine,
              score,
              signals,
              symbol,
            }));
          });
  const [rev] = revs;
  const symbols: Compared = { asked: 0, differing: 0, lines: 0, own: [], far: [] };
  for (const query of questions.slice(0, count)) {
    const word = query.split(/\W+/).sort((a, b) => b.length - a.length)[0]!;
    if (word !== '') await compare(symbols, engine, far, async (of) => (await of.symbols(word, { rev: rev! })).symbols);
  }
  compared.asked += symbols.asked;
  compared.differing += symbols.differing;
  compared.lines += symbols.lines;
  return compared;
}

async function compare(
  compared: Compared,
  engine: Engine,
  far: Engine,
  ask: (of: Engine) => Promise<readonly unknown[]>,
): Promise<void> {
  let start = performance.now();
  const mine = await ask(engine);
  compared.own.push(performance.now() - start);
  start = performance.now();
  const theirs = await ask(far);
  compared.far.push(performance.now() - start);
  compared.asked++;
  compared.lines += mine.length;
  if (JSON.stringify(mine) !== JSON.stringify(theirs)) compared.differing++;
}
