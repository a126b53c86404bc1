// Where the time of a cold index goes, one stage after the other in one thread: npm run bench -- indexing --repo PATH
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { contentHash } from '../src/base/index.js';
import { classifyText, createChunker, isBinary, languageOf } from '../src/chunking/index.js';
import { openRepository } from '../src/git/index.js';
import { languageNumber, languages } from '../src/model/index.js';
import type { ChunkSpan, Oid } from '../src/model/index.js';
import { SegmentWriter, segmentTextBytesMax } from '../src/segment/index.js';
import { Store } from '../src/store/index.js';
import { Analyzer } from '../src/text/index.js';
import type { ChunkAnalysis } from '../src/text/index.js';
import { machine, option, printTable, repositoryName, writeJson } from './support/measure.js';

const repo = resolve(option('repo'));
const folder = mkdtempSync(join(tmpdir(), 'coppice-stages-'));

interface File {
  readonly path: string;
  readonly content: Buffer;
  chunks: readonly ChunkSpan[];
  analyses: ChunkAnalysis[];
}

/** CPU time is what counts here: other work on the machine hardly changes it. */
const stages: Record<string, number> = {};
async function stage(name: string, action: () => Promise<void> | void): Promise<void> {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  stages[name] = (user + system) / 1000;
}

try {
  const repository = await openRepository(repo);
  const files: File[] = [];
  await stage('read from git', async () => {
    const { tree } = await repository.resolve('HEAD');
    const paths = new Map<Oid, string>();
    const walk = async (oid: Oid, prefix: string): Promise<void> => {
      for (const entry of await repository.readTree(oid)) {
        if (entry.kind === 'tree') await walk(entry.oid, `${prefix}${entry.name}/`);
        else if (entry.kind === 'file' || entry.kind === 'executable') paths.set(entry.oid, prefix + entry.name);
      }
    };
    await walk(tree, '');
    for await (const { oid, content } of repository.readBlobs(paths.keys(), { maxBytes: 2 * 1024 * 1024 })) {
      if (content !== null && !isBinary(content))
        files.push({ path: paths.get(oid)!, content, chunks: [], analyses: [] });
    }
  });
  repository.close();
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);

  const chunker = await createChunker();
  await stage('parse and chunk', () => {
    for (const file of files) {
      const { minified, generated } = classifyText(file.content, file.path);
      file.chunks = chunker.chunk(file.content, languageOf(file.path, file.content), {
        linesOnly: minified || generated,
      }).chunks;
    }
  });
  await stage('hash chunks', () => {
    for (const { content, chunks } of files)
      for (const { startByte, endByte } of chunks) contentHash(content.subarray(startByte, endByte));
  });
  const analyzer = new Analyzer();
  await stage('grams and terms', () => {
    for (const { path, content, chunks, analyses } of files) {
      const syntax = languages[languageNumber(languageOf(path, content))]!;
      for (const { startByte, endByte, symbols } of chunks) {
        const names = symbols.map(({ name }) => name);
        analyses.push(analyzer.analyze(content, startByte, endByte, syntax, names, []));
      }
    }
  });
  const store = Store.open(join(folder, 'store'));
  const writer = new SegmentWriter(store, store.catalog.nextIds, segmentTextBytesMax, null);
  await stage('gather and compress', () => {
    let key = 0;
    for (const { content, chunks, analyses } of files) {
      for (let i = 0; i < chunks.length; i++) {
        const { startByte, endByte } = chunks[i]!;
        writer.addChunk({
          key: contentHash(String(key++)),
          content: content.subarray(startByte, endByte),
          language: 0,
          lineCount: 1,
          symbols: new Uint8Array(0),
          analysis: analyses[i]!,
          vector: null,
        });
      }
    }
  });
  await stage('sort and write', async () => {
    await writer.finish();
  });
  store.close();

  const total = Object.values(stages).reduce((a, b) => a + b, 0);
  const perMegabyte = (ms: number): string => `${((ms / bytes) * 1e6).toFixed(1)} ms/MB`;
  printTable(
    `stages of a cold index of ${repositoryName(repo)}, ${(bytes / 1e6).toFixed(1)} MB, CPU time; ${machine()}`,
    [
      ...Object.entries(stages).map(([what, ms]) => ({ what, measured: perMegabyte(ms), target: '', met: null })),
      {
        what: 'all',
        measured: perMegabyte(total),
        target: '≤ 333 ms/MB for 6 MB/s on 2 cores',
        met: (total / bytes) * 1e6 <= 333,
      },
    ],
  );
  writeJson(`indexing-${repositoryName(repo)}`, { machine: machine(), bytes, stages });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
