import { TimeSlices } from '../../base/index.js';
import type { MemoryFiles, NextIds, SegmentEntry } from '../../store/index.js';
import { KeyTableWriter } from '../tables/key-table.js';
import type { KeyTable, KeyTableLocation } from '../tables/key-table.js';
import { RecordBlocksWriter } from '../tables/record-blocks.js';
import type { RecordBlocks, RecordBlocksLocation } from '../tables/record-blocks.js';
import { recordBlockBytes } from '../segment-format.js';
import type { TableOfContents } from '../segment-format.js';
import type { Segment } from '../segment-reader.js';
import { encodeToc } from './segment-writer.js';
import { renumberFile, renumberTree } from './renumber.js';
import type { IdKind } from './renumber.js';

/** What of a segment is laid over it, under which numbers. */
export interface OverlayInput {
  /** One of those in `files`. */
  readonly segment: Segment;
  /** Its docs are of the new segment, all of them; else none is. */
  readonly hasDocs: boolean;
  isTaken(kind: 'files' | 'trees', number: number): boolean;
  /** The new number of whatever a record that is taken refers to, here or elsewhere. */
  refer(kind: IdKind, id: number): number;
}

/**
 * Lays a segment of other numbers over one that may lie elsewhere: its files and trees are written anew, all else is read where it is, as no
 * number but a doc's place among its own is in it. Numbers keep their order, without gaps: what is not taken has one that stands for nothing.
 */
export async function overlaySegment(
  files: MemoryFiles,
  input: OverlayInput,
  first: NextIds,
  id: string,
  signal?: AbortSignal,
): Promise<{ readonly entry: SegmentEntry; readonly next: NextIds; readonly ownBytes: number }> {
  const { segment, hasDocs, refer } = input;
  const slices = new TimeSlices(signal);
  const { contents: base } = segment;
  const file = files.createOverlay(segment.entry.id, id, hasDocs);
  const start = file.length;
  const count = (kind: IdKind): number => base[kind][1] - base[kind][0];
  const next: NextIds = {
    doc: first.doc + (hasDocs ? count('docs') : 0),
    file: first.file + count('files'),
    tree: first.tree + count('trees'),
    commit: first.commit,
    segment: first.segment + 1,
  };
  const nothing = new Uint8Array(0);
  const records = async (
    kind: 'files' | 'trees',
    from: RecordBlocks,
    convert: (record: Buffer) => Uint8Array,
  ): Promise<RecordBlocksLocation> => {
    const writer = new RecordBlocksWriter(file, recordBlockBytes);
    for (let number = 0; number < count(kind); number++) {
      if (slices.isOver) await slices.next();
      writer.add(input.isTaken(kind, number) ? convert(from.get(number)) : nothing);
    }
    return writer.finish();
  };
  const keys = (kind: 'files' | 'trees', from: KeyTable): KeyTableLocation => {
    const writer = new KeyTableWriter(file);
    for (const { key, number } of from.rows()) if (input.isTaken(kind, number)) writer.add(key, number);
    return writer.finish();
  };
  const toc: TableOfContents = {
    ...base,
    docs: [first.doc, next.doc],
    files: [first.file, next.file],
    trees: [first.tree, next.tree],
    commits: [first.commit, next.commit],
    ...(hasDocs ? {} : { symbolNames: [], docKeys: { ...base.docKeys, count: 0 } }),
    fileRecords: await records('files', segment.fileRecords, (bytes) => renumberFile(bytes, refer)),
    treeRecords: await records('trees', segment.treeRecords, (bytes) => renumberTree(bytes, refer)),
    fileKeys: keys('files', segment.fileKeys),
    treeKeys: keys('trees', segment.treeKeys),
  };
  file.finish(encodeToc(toc));
  const { docs, files: fileRange, trees, commits, textBytes } = toc;
  const ownBytes = file.length - start;
  return { entry: { id, docs, files: fileRange, trees, commits, bytes: file.length, textBytes }, next, ownBytes };
}
