import { BitSet, CoppiceError, throwIfAborted, yieldToEventLoop } from '../base/index.js';
import { hashBlob } from '../git/index.js';
import type { SegmentEntry } from '../store/index.js';
import { asFileId, asTreeId } from '../model/index.js';
import type { DocId, FileId, TreeId } from '../model/index.js';
import { SegmentList } from '../segment/index.js';
import type { Segment, TreeNode } from '../segment/index.js';
import { createBlockCache } from '../segment/index.js';
import type { SnapshotStore } from '../snapshot/index.js';
import { keepOnly } from './gc.js';
import { MarkedIds } from './reachability.js';

export interface Problem {
  readonly where: string;
  readonly message: string;
  readonly remedy: string;
  readonly repaired: boolean;
}

export interface Examination {
  readonly problems: readonly Problem[];
  readonly segmentsChecked: number;
  readonly bytesChecked: number;
}

export interface ExaminationOptions {
  readonly repair: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onSegment?: (done: number, total: number, name: string) => void;
}

/**
 * Verifies the store, and with `repair` makes it whole again: damaged segments are dropped together with all that
 * refers to them; what a repository still has is indexed again when it is next asked for. With `repair` for the
 * holder of the writer lock only.
 *
 * 1. Names: the format file, the journal's checksums.
 * 2. Segments: every page's checksum; every posting list, record and column can be decoded.
 * 3. References: trees to trees and files, files to chunks.
 * 4. Contents: the chunks of a file, joined, hash to the git oid of its blob.
 */
export async function examineStore(snapshots: SnapshotStore, options: ExaminationOptions): Promise<Examination> {
  const problems: Problem[] = [];
  const { repair } = options;
  const { store } = snapshots;
  const report = (where: string, message: string, remedy: string): void => {
    problems.push({ where, message, remedy, repaired: repair });
  };
  examineNames(snapshots, repair, report);

  const healthy: SegmentEntry[] = [];
  const damaged: SegmentEntry[] = [];
  let bytesChecked = 0;
  const entries = store.catalog.segments();
  const blocks = createBlockCache(32 * 1024 * 1024);
  for (const entry of entries) {
    throwIfAborted(options.signal);
    const faults: string[] = [];
    try {
      const list = SegmentList.open(store, [entry], null, blocks);
      bytesChecked += list.segments[0]!.verify((message) => faults.push(message));
      if (faults.length === 0) decodeAll(list.segments[0]!, faults);
      list.release();
    } catch (error) {
      faults.push(messageOf(error));
    }
    if (faults.length === 0) healthy.push(entry);
    for (const fault of faults)
      report(`segments/${entry.id}.seg`, fault, 'drop this segment; index again what it held');
    if (faults.length > 0) damaged.push(entry);
    options.onSegment?.(healthy.length + damaged.length, entries.length, entry.id);
    await yieldToEventLoop();
  }

  const list = SegmentList.open(store, healthy, null, blocks);
  try {
    const whole = new WholeIds(list, store.catalog.nextIds);
    await whole.examine(
      (where, message) => report(where, message, 'drop it; index it again when it is asked for'),
      options.signal,
    );
    if (repair && (damaged.length > 0 || whole.brokenCount > 0)) {
      const ids = damaged.map(({ id }) => id);
      store.record({ t: 'segments', add: [], remove: ids, next: store.catalog.nextIds });
      if (whole.brokenCount > 0) await keepOnly(snapshots, list.segments, whole.marked, { dryRun: false });
      store.removeSegmentFiles(ids);
      snapshots.forget();
    }
  } finally {
    list.release();
  }
  return { problems, segmentsChecked: entries.length, bytesChecked };
}

function examineNames(
  { store }: SnapshotStore,
  repair: boolean,
  report: (where: string, message: string, remedy: string) => void,
): void {
  if (store.formatDamaged) {
    report('format', 'the file that names the format version is damaged', 'write it again');
    if (repair) store.repairFormat();
  }
  for (const { file, offset, length } of store.journalDamage) {
    report(
      file,
      `${length} bytes at byte ${offset} fail their checksum: names or segments recorded there are lost`,
      'keep all other records',
    );
  }
  if (store.journalTornBytes > 0) {
    report(
      'journal',
      `it ends in the middle of a record (${store.journalTornBytes} bytes): the file was cut, or the last write never finished`,
      'drop the unfinished record',
    );
  }
  if (repair && (store.journalDamage.length > 0 || store.journalTornBytes > 0)) store.compactJournal();
}

/** Reads everything a segment holds, once. */
function decodeAll(segment: Segment, faults: string[]): void {
  try {
    for (const table of [segment.grams, segment.terms]) {
      for (const { docCount } of table.lists())
        if (docCount > segment.docCount) faults.push('a posting list names more chunks than there are');
    }
    for (const records of [segment.content, segment.symbols, segment.fileRecords, segment.treeRecords]) {
      for (let number = 0; number < records.count; number += records.blockOf(number).starts.length - 1)
        records.get(number);
    }
  } catch (error) {
    faults.push(messageOf(error));
  }
}

/** What of the healthy segments is whole: refers to nothing that is lost, and says what git said. */
class WholeIds {
  readonly marked: MarkedIds;
  brokenCount = 0;
  private readonly presentDocs: BitSet;

  constructor(
    private readonly list: SegmentList,
    next: { doc: number; file: number; tree: number },
  ) {
    this.marked = new MarkedIds(next);
    this.presentDocs = new BitSet(next.doc);
  }

  async examine(report: (where: string, message: string) => void, signal: AbortSignal | undefined): Promise<void> {
    const { marked } = this;
    for (const segment of this.list.segments) {
      for (const { number } of segment.docKeys.rows()) this.presentDocs.add(segment.docBase + number);
      // Chunks that no file refers to are kept: they may be a run's that was cut short.
      for (const { number } of segment.docKeys.rows()) marked.docs.add(segment.docBase + number);
    }
    for (const segment of this.list.segments) {
      for (const { number } of segment.fileKeys.rows()) {
        const id = asFileId(segment.entry.files[0] + number);
        const fault = this.fileFault(id);
        if (fault === null) marked.files.add(id);
        else {
          this.brokenCount++;
          report(`file ${id}`, fault);
        }
      }
      throwIfAborted(signal);
      await yieldToEventLoop();
    }
    // A tree may refer to one with a higher number (in the same run), so whether it is whole is found depth first.
    const verdicts = new Map<TreeId, boolean>();
    for (const segment of this.list.segments) {
      for (const { number } of segment.treeKeys.rows()) {
        const id = asTreeId(segment.entry.trees[0] + number);
        if (this.isTreeWhole(id, verdicts)) marked.trees.add(id);
        else {
          this.brokenCount++;
          report(`tree ${id}`, 'it refers to something that is lost');
        }
      }
    }
  }

  private fileFault(id: FileId): string | null {
    try {
      const record = this.list.file(id);
      if (record.skipped !== null) return null;
      if (!record.docs.every((doc: DocId) => this.presentDocs.has(doc))) return 'it refers to chunks that are lost';
      const content = Buffer.concat(record.docs.map((doc: DocId) => this.list.chunkBytes(doc)));
      const format = record.oid.length === 64 ? 'sha256' : 'sha1';
      return hashBlob(content, format) === record.oid
        ? null
        : 'its chunks, joined, are not the blob they were cut from';
    } catch (error) {
      return messageOf(error);
    }
  }

  private isTreeWhole(id: TreeId, verdicts: Map<TreeId, boolean>): boolean {
    const known = verdicts.get(id);
    if (known !== undefined) return known;
    verdicts.set(id, false); // a tree that contains itself cannot be
    let node: TreeNode;
    try {
      node = this.list.tree(id);
    } catch {
      return false;
    }
    const whole = node.entries.every(({ tree, file }) =>
      tree !== undefined ? this.isTreeWhole(tree, verdicts) : file === undefined || this.marked.file(file),
    );
    verdicts.set(id, whole);
    return whole;
  }
}

const messageOf = (error: unknown): string =>
  error instanceof CoppiceError || error instanceof Error ? error.message : String(error);
