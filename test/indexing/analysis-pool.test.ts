import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sleep } from '../../src/base/index.js';
import { AnalysisPool } from '../../src/indexing/index.js';

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
    entryPoints: [join(root, 'src/indexing/worker.ts')],
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

test('workers that end whatever they are given leave files that are searchable by line', async () => {
  const file = join(folder, 'bad.mjs');
  writeFileSync(
    file,
    `import { parentPort } from 'node:worker_threads';
     parentPort.on('message', () => process.exit(1));
     parentPort.postMessage({ started: true });`,
  );
  const pool = open(1, { offThread: true }, pathToFileURL(file));
  const analyses = await pool.analyze(requests, requests.length, {});
  expect(analyses.map(({ diagnostics }) => diagnostics.map(({ code }) => code))).toEqual([
    ['worker-died'],
    ['worker-died'],
    ['worker-died'],
    [],
  ]);
});
