import { join } from 'node:path';
import { contentHash } from '../../src/base/index.js';
import { asFileId, asOid, languages } from '../../src/model/index.js';
import { SegmentWriter, encodeChunkSymbols, segmentTextBytesMax } from '../../src/segment/index.js';
import type { ChunkSymbols, NewChunk } from '../../src/segment/index.js';
import { Store } from '../../src/store/index.js';
import type { SegmentEntry } from '../../src/store/index.js';
import { Analyzer } from '../../src/text/index.js';
import { makeFolder } from '../support/git.js';

const analyzer = new Analyzer();

export const makeStore = (): Store => Store.open(join(makeFolder(), 'store'));

export const keyOf = (what: string): Buffer => contentHash(what);

export function makeChunk(text: string, symbols: ChunkSymbols['symbols'] = []): NewChunk {
  const content = Buffer.from(text);
  const names = symbols.map(({ name }) => name);
  return {
    key: keyOf(`chunk ${text}`),
    content,
    language: 0,
    lineCount: text.split('\n').length,
    symbols: encodeChunkSymbols({ symbols, continues: '', closes: [] }),
    analysis: analyzer.analyze(content, 0, content.length, languages[0]!, names, []),
    vector: null,
  };
}

/** What goes into one segment: texts of chunks; one file and one tree for each `files`, of the chunks so far. */
export interface SegmentSpec {
  readonly texts: readonly string[];
  readonly files: number;
}

/** Writes and publishes a segment. */
export async function addSegment(store: Store, { texts, files }: SegmentSpec): Promise<SegmentEntry> {
  const next = store.catalog.nextIds;
  const writer = new SegmentWriter(store, next, segmentTextBytesMax, null);
  const docs = texts.map((text) =>
    writer.addChunk(
      makeChunk(text, [
        { name: text.slice(0, 3), kind: 'function', scope: 'A.b', line: 0, startLine: 0, endLine: 0, inner: false },
      ]),
    ),
  );
  for (let i = 0; i < files; i++) {
    const oid = asOid(
      keyOf(`oid ${next.file + i}`)
        .toString('hex')
        .padEnd(40, '0'),
    );
    const file = writer.addFile(keyOf(`file ${next.file + i}`), {
      oid,
      language: 3,
      sizeBytes: i,
      skipped: null,
      generated: i % 2 === 1,
      exactOnly: i % 3 === 2,
      docs,
      diagnostics: [],
    });
    const entries = [{ name: `f${i}`, kind: 'file' as const, file: asFileId(file) }];
    writer.addTree(keyOf(`tree ${next.tree + i}`), {
      oid,
      fileCount: 1,
      chunkCount: docs.length,
      submoduleCount: 0,
      entries,
    });
  }
  const entry = await writer.finish();
  store.record({ t: 'segments', add: [entry], remove: [], next: writer.next });
  return entry;
}
