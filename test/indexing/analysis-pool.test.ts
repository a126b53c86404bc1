import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { memoryLimit, ownMemoryLimit, sleep } from '../../src/base/index.js';
import { checkMemory, workersWithin } from '../../src/indexing/analysis/analysis-pool.js';
import { AnalysisPool } from '../../src/indexing/index.js';
import { isProvisional } from '../../src/model/index.js';
import type { FileDiagnostic } from '../../src/model/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
let workerUrl: URL;
const pools: AnalysisPool[] = [];

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'coppice-analysis-')));
  // A worker looks for what it reads beside its module.
  for (const name of ['grammars', 'node_modules']) symlinkSync(join(root, name), join(folder, name));
  symlinkSync(join(root, 'src/embedding/coppice-code.model'), join(folder, 'coppice-code.model'));
  const outfile = join(folder, 'worker.mjs');
  await build({
    entryPoints: [join(root, 'src/indexing/analysis/worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['web-tree-sitter'],
    logLevel: 'error',
  });
  workerUrl = pathToFileURL(outfile);
});
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function open(
  workers: number,
  options: ConstructorParameters<typeof AnalysisPool>[2] = {},
  url = workerUrl,
): AnalysisPool {
  const pool = new AnalysisPool(workers, url, options);
  pools.push(pool);
  return pool;
}

/** The files' analyses, whatever kind of memory they lie in. */
async function analyze(pool: AnalysisPool, files = requests): Promise<Record<string, unknown>[]> {
  const analyses = await pool.analyze(files, files.length, {});
  return analyses.map((analysis) =>
    Object.fromEntries(
      Object.entries(analysis).map(([name, value]: [string, unknown]) => [
        name,
        ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value,
      ]),
    ),
  );
}

const requests = [
  ['typescript', 'export class Grower {\n  grow(by: number): void {\n    this.size += by;\n  }\n}\n'],
  ['python', 'def shrink(by):\n    return -by\n'],
  ['text', 'plain words\n'],
  ['text', 'a\0binary'],
].map(([language, text]) => ({ content: Buffer.from(text!), language: language!, byName: '' }));

test('few files are analysed the same here, in a worker, and after all was let go', async () => {
  const here = open(0);
  const there = open(1, { offThread: true });
  const expected = await analyze(here);
  expect(expected.map(({ binary }) => binary)).toEqual([false, false, false, true]);
  expect(expected[0]!['symbols']).not.toEqual([]);
  for (let i = 0; i < 2; i++) {
    expect(await analyze(there)).toEqual(expected);
    await there.trim();
    await here.trim();
    expect(await analyze(here)).toEqual(expected);
  }
});

test('workers that are expected to be needed analyse the same', async () => {
  const pool = open(1);
  pool.expect(requests.length);
  pool.expect(24);
  expect(await analyze(pool)).toEqual(await analyze(open(0)));
});

test('workers start for what is expected when that is many files, one for each so many', async () => {
  let started = 0;
  const onWorker = (): void => void started++;
  process.on('worker', onWorker);
  const startedFor = async (fileCount: number): Promise<number> => {
    started = 0;
    const pool = open(3, { offThread: true });
    pool.expect(fileCount);
    await sleep(20);
    await pool.close();
    return started;
  };
  expect(await startedFor(1)).toBe(0);
  expect(await startedFor(30)).toBe(1);
  expect(await startedFor(20_000)).toBe(3);
  process.off('worker', onWorker);
});

test('one worker less than cores is enough for what is done in seconds', () => {
  const pool = open(availableParallelism());
  expect(pool.concurrency(1000)).toBeLessThanOrEqual(pool.concurrency(100_000));
  expect(pool.concurrency(1000)).toBe(open(Math.max(1, availableParallelism() - 1)).concurrency(100_000));
});

test('being idle lets go of workers and grammars between jobs, not within them', async () => {
  const expected = await analyze(open(0));
  for (const pool of [open(0, { idleMs: 1 }), open(1, { idleMs: 1, offThread: true })]) {
    for (let round = 0; round < 5; round++) {
      expect(await analyze(pool)).toEqual(expected);
      await sleep(round * 2);
    }
  }
});

test('while one thread analyses many files, the other goes on', async () => {
  const many = Array.from({ length: 400 }, () => requests[0]!);
  const pool = open(0);
  await analyze(pool); // its grammar is loaded
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await analyze(pool, many);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(1);
});

/** A worker as it is, but for what it does with a batch that has a word in it. */
async function saboteur(name: string, word: string, code: string): Promise<URL> {
  const file = join(folder, `${name}.mjs`);
  const port = `
    import { parentPort } from 'node:worker_threads';
    const on = parentPort.on.bind(parentPort);
    parentPort.on = (event, listener) => on(event, (job) => {
      if (Buffer.from(job.payload.content).includes(${JSON.stringify(word)})) { ${code} }
      listener(job);
    });`;
  writeFileSync(join(folder, `${name}-port.mjs`), port);
  writeFileSync(file, `import './${name}-port.mjs'; await import('./worker.mjs');`);
  return Promise.resolve(pathToFileURL(file));
}

test('workers that end whatever they are given are an error', async () => {
  const pool = open(1, { offThread: true }, await saboteur('all', '', 'process.exit(1);'));
  await expect(pool.analyze(requests, requests.length, {})).rejects.toMatchObject({ code: 'WORKERS_LOST' });
});

test('workers that do not start are an error', async () => {
  const pool = open(1, { offThread: true }, pathToFileURL(join(folder, 'missing.mjs')));
  await expect(pool.analyze(requests, requests.length, {})).rejects.toMatchObject({ code: 'WORKERS_LOST' });
});

test('a file that ends its worker is cut by lines for now; those beside it are what they are', async () => {
  const pool = open(2, { offThread: true }, await saboteur('one', 'shrink', 'process.exit(1);'));
  const expected = await analyze(open(0));
  const analyses = await analyze(pool);
  expect(analyses.map(({ diagnostics }) => (diagnostics as FileDiagnostic[]).map(({ code }) => code))).toEqual([
    [],
    ['worker-lost'],
    [],
    [],
  ]);
  for (const i of [0, 2, 3]) expect(analyses[i]).toEqual(expected[i]);
});

test('files that end their workers one after the other are an error', async () => {
  const pool = open(2, { offThread: true }, await saboteur('many', 'grow', 'process.exit(1);'));
  const many = Array.from({ length: 40 }, () => requests[0]!);
  await expect(pool.analyze(many, many.length, {})).rejects.toMatchObject({ code: 'WORKERS_LOST' });
});

test('a worker that dies now and then changes nothing', async () => {
  // Each fifth job of all threads together: none is lost whenever it is tried.
  const jobs = JSON.stringify(join(folder, 'jobs'));
  const code = `const fs = process.getBuiltinModule('node:fs');
    fs.appendFileSync(${jobs}, '.');
    if (fs.statSync(${jobs}).size % 5 === 0) process.exit(1);`;
  const pool = open(2, { offThread: true }, await saboteur('fifth', '', code));
  const expected = await analyze(open(0));
  for (let round = 0; round < 5; round++) {
    const analyses = await Promise.all(Array.from({ length: 4 }, () => analyze(pool)));
    const kept = analyses.flat().map((analysis, i) => ({ analysis, expected: expected[i % requests.length] }));
    // Twice in a row it is lost, and says so.
    for (const { analysis, expected } of kept)
      if (!(analysis['diagnostics'] as FileDiagnostic[]).some(isProvisional)) expect(analysis).toEqual(expected);
  }
});

test('where memory is limited there are as many workers as it is enough for; where it is not enough at all that is said', () => {
  const mb = 2 ** 20;
  const limits = (data: string, space: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units     \n` +
    `Max data size             ${data.padEnd(20)} unlimited            bytes     \n` +
    `Max address space         ${space.padEnd(20)} unlimited            bytes     \n`;
  expect(ownMemoryLimit(limits('unlimited', 'unlimited'))).toBe(Infinity);
  expect(ownMemoryLimit(limits(String(200 * mb), 'unlimited'))).toBe(200 * mb);
  expect(ownMemoryLimit(limits('unlimited', String(300 * mb)))).toBe(300 * mb);
  expect(ownMemoryLimit('')).toBe(Infinity);
  expect(memoryLimit(limits(String(200 * mb), 'unlimited'))).toBe(200 * mb);
  expect([Infinity, 1000, 600, 500, 400, 200].map((limit) => workersWithin(4, limit * mb))).toEqual([4, 4, 2, 1, 0, 0]);
  expect(() => checkMemory(200 * mb)).toThrow(/256 MB of memory.*200/);
  expect(() => checkMemory(400 * mb)).not.toThrow();
});
