import { BitSet, TimeSlices, sleep, throwIfAborted, uniqueSuffix, messageOf } from '../../base/index.js';
import { hashBlob } from '../../git/index.js';
import type { ForkEntry, NextIds, SegmentEntry, Store } from '../../store/index.js';
import { asCommitId, asFileId, asTreeId } from '../../model/index.js';
import type { CommitId, DocId, FileId, TreeId } from '../../model/index.js';
import { SegmentList } from '../../segment/index.js';
import type { SegmentCaches, Segment, TreeNode } from '../../segment/index.js';
import { VectorFile, createSegmentCaches } from '../../segment/index.js';
import type { SnapshotStore } from '../../snapshot/index.js';
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

/** Makes a tree again of which a part is lost; false when it could not. For the holder of the writer lock, when the damage is dropped. */
export type Rescue = () => Promise<boolean>;

export interface ExaminationOptions {
  readonly repair: boolean;
  /** How an edited fork's tree, of which a part is lost, can be made again from what is left and its repository; null when it cannot. */
  readonly findRescue: (fork: ForkEntry, root: TreeId, left: SegmentList) => Promise<Rescue | null>;
  readonly signal?: AbortSignal | undefined;
  readonly onSegment?: (done: number, total: number, name: string) => void;
}

type Report = (where: string, message: string, remedy: string) => void;

/**
 * Verifies the store, and with `repair` makes it whole again: damaged segments are dropped together with all that
 * refers to them; what a repository still has is indexed again when it is next asked for. With `repair` for the
 * holder of the writer lock only. Others write meanwhile: everything is looked at as of one moment.
 *
 * 1. Names: the format file, the journal's checksums.
 * 2. Segments: every page's checksum; every posting list, record and column can be decoded. Where names were lost,
 *    segments that no name is left of are taken back.
 * 3. References: trees to trees and files, files to chunks, commits to their parents, trees and files.
 * 4. Contents: the chunks of a file, joined, hash to the git oid of its blob.
 * 5. Forks: their trees are there, or can be indexed again.
 */
export async function examineStore(snapshots: SnapshotStore, options: ExaminationOptions): Promise<Examination> {
  const problems: Problem[] = [];
  const { repair } = options;
  const { store } = snapshots;
  const report: Report = (where, message, remedy) => problems.push({ where, message, remedy, repaired: repair });
  store.refreshRecords();
  await examineNames(snapshots, repair, report);

  const caches = createSegmentCaches(32 * 1024 * 1024, 8 * 1024 * 1024);
  const { lists, damaged, forks, nextIds } = openAll(store, caches);
  const spaces = store.vectorSpaces();
  let list: SegmentList | null = null;
  let left: SegmentList | null = null;
  try {
    const total = lists.length + damaged.size;
    const healthy: SegmentList[] = [];
    let bytesChecked = 0;
    for (const opened of lists) {
      throwIfAborted(options.signal);
      const segment = opened.segments[0]!;
      const faults: string[] = [];
      bytesChecked += await verifySegment(segment, faults);
      bytesChecked += examineVectors(store, segment, spaces.get(segment.entry.id) ?? [], { repair, report });
      if (faults.length === 0) healthy.push(opened);
      else damaged.set(segment.entry.id, faults);
      options.onSegment?.(healthy.length + damaged.size, total, segment.entry.id);
    }
    for (const [id, faults] of damaged) {
      for (const fault of faults) report(`segments/${id}.seg`, fault, 'drop this segment; index again what it held');
    }
    const adopted = repair ? await takeBack(store, healthy, caches) : [];
    lists.push(...adopted);
    list = SegmentList.join([...healthy, ...adopted]);
    if (damaged.size + adopted.length > 0 && repair) {
      const add = adopted.flatMap(({ segments }) => segments.map(({ entry }) => entry));
      store.publish({ add, remove: [...damaged.keys()], next: nextIdsAfter(store.catalog.nextIds, add) });
    }
    const whole = new WholeIds(
      list,
      nextIdsAfter(
        nextIds,
        list.segments.map(({ entry }) => entry),
      ),
    );
    await whole.examine(
      (where, message) => report(where, message, 'drop it; index it again when it is asked for'),
      options.signal,
    );
    left = SegmentList.join(lists);
    const lost = forks.filter(({ commit, root }) => commit === null && !whole.hasTree(Buffer.from(root, 'base64url')));
    const rescues = await findRescues(lost, left, options);
    if (repair && whole.brokenCount > 0) await keepOnly(snapshots, list.segments, whole.marked, { dryRun: false });
    for (const fork of lost) await examineLostFork(store, fork, rescues.get(fork) ?? null, { repair, report });
    if (repair) {
      store.removeSegmentFiles([...damaged.keys()]);
      store.removeOrphans();
      snapshots.forget();
    }
    return { problems, segmentsChecked: total, bytesChecked };
  } finally {
    list?.release();
    left?.release();
    for (const opened of lists) opened.release();
  }
}

/** The store at one moment: each segment as a list of its own (what cannot be opened is damaged), and what refers to them. */
interface Moment {
  readonly lists: SegmentList[];
  readonly damaged: Map<string, string[]>;
  readonly forks: readonly ForkEntry[];
  readonly nextIds: NextIds;
}

function openAll(store: Store, caches: SegmentCaches): Moment {
  for (;;) {
    const { segmentsVersion: version, nextIds } = store.catalog;
    const forks = store.catalog.forks();
    const lists: SegmentList[] = [];
    const damaged = new Map<string, string[]>();
    for (const entry of store.catalog.segments()) {
      try {
        lists.push(SegmentList.open(store, [entry], null, caches));
      } catch (error) {
        damaged.set(entry.id, [messageOf(error)]);
      }
    }
    store.refreshRecords();
    if (damaged.size === 0 || store.catalog.segmentsVersion === version) return { lists, damaged, forks, nextIds };
    // Another process merged some of them meanwhile.
    for (const list of lists) list.release();
  }
}

/** Checks the vectors of a segment's chunks, which are made again when they are missed. Returns the bytes checked. */
function examineVectors(
  store: Store,
  { entry: { id }, docCount }: Segment,
  spaces: readonly string[],
  { repair, report }: { readonly repair: boolean; readonly report: Report },
): number {
  let bytes = 0;
  for (const spaceId of spaces) {
    const faults: string[] = [];
    const vectors = openVectors(store, id, spaceId);
    if (vectors === 'gone') continue;
    if (vectors === null) faults.push('the file is damaged');
    else {
      vectors.verify((fault) => faults.push(fault));
      if (faults.length === 0 && vectors.docs().some((doc, i, docs) => doc >= docCount || doc <= (docs[i - 1] ?? -1)))
        faults.push('its vectors are of chunks that the segment does not have');
      bytes += vectors.sizeBytes;
      vectors.release();
    }
    for (const fault of faults)
      report(`segments/${id}.${spaceId}.vec`, fault, 'drop it: vectors are made again when they are asked for');
    if (faults.length > 0 && repair) store.removeVectorFile(id, spaceId);
  }
  return bytes;
}

/** Null when it is damaged. It may also be written anew or removed, by who merges or collects meanwhile. */
function openVectors(store: Store, segmentId: string, spaceId: string): VectorFile | 'gone' | null {
  for (let tries = 0; ; tries++) {
    const vectors = VectorFile.open(store, segmentId, spaceId, createSegmentCaches(0, 0).vectors);
    if (vectors !== null) return vectors;
    if (!store.hasVectorFile(segmentId, spaceId)) return 'gone';
    if (tries === 3) return null;
  }
}

/** Checks and decodes all of a segment. Returns the bytes checked. */
async function verifySegment(segment: Segment, faults: string[]): Promise<number> {
  const slices = new TimeSlices();
  try {
    const bytes = await segment.verify((message) => faults.push(message), slices);
    if (faults.length === 0) await decodeAll(segment, faults, slices);
    return bytes;
  } catch (error) {
    faults.push(messageOf(error));
    return 0;
  }
}

/**
 * Whole segment files that no name is left of and whose ids are nobody else's: the newest first, as a merge's result
 * supersedes what it was made from.
 */
async function takeBack(store: Store, healthy: readonly SegmentList[], caches: SegmentCaches): Promise<SegmentList[]> {
  const taken = healthy.flatMap(({ segments }) => segments.map(({ entry }) => entry));
  const names = store.orphans().flatMap((name) => /^s(\d+)\.seg$/.exec(name)?.[1] ?? []);
  const adopted: SegmentList[] = [];
  for (const sequence of names.map(Number).sort((a, b) => b - a)) {
    let list: SegmentList;
    try {
      list = SegmentList.openUnlisted(store, `s${sequence}`, caches);
    } catch {
      continue;
    }
    const segment = list.segments[0]!;
    const faults: string[] = [];
    await verifySegment(segment, faults);
    if (faults.length > 0 || taken.some((entry) => overlap(entry, segment.entry))) {
      list.release();
      continue;
    }
    taken.push(segment.entry);
    adopted.push(list);
  }
  return adopted;
}

const overlap = (a: SegmentEntry, b: SegmentEntry): boolean =>
  (['docs', 'files', 'trees', 'commits'] as const).some((kind) => a[kind][0] < b[kind][1] && b[kind][0] < a[kind][1]);

function nextIdsAfter(next: NextIds, added: readonly SegmentEntry[]): NextIds {
  let { doc, file, tree, commit, segment } = next;
  for (const { id, docs, files, trees, commits } of added) {
    doc = Math.max(doc, docs[1]);
    file = Math.max(file, files[1]);
    tree = Math.max(tree, trees[1]);
    commit = Math.max(commit, commits[1]);
    segment = Math.max(segment, Number(id.slice(1)) + 1);
  }
  return { doc, file, tree, commit, segment };
}

/** An edited fork is nowhere but in the store; others are indexed again from their commit. */
async function findRescues(
  lost: readonly ForkEntry[],
  left: SegmentList,
  { findRescue }: ExaminationOptions,
): Promise<Map<ForkEntry, Rescue>> {
  const rescues = new Map<ForkEntry, Rescue>();
  for (const fork of lost) {
    const root = findTreeLeft(left, Buffer.from(fork.root, 'base64url'));
    const rescue = root === null ? null : await findRescue(fork, root, left);
    if (rescue !== null) rescues.set(fork, rescue);
  }
  return rescues;
}

/** The table of keys of one segment may be damaged, and not that of another. */
function findTreeLeft({ segments }: SegmentList, key: Buffer): TreeId | null {
  for (const { treeKeys, entry } of [...segments].reverse()) {
    try {
      const number = treeKeys.find(key);
      if (number >= 0) return asTreeId(entry.trees[0] + number);
    } catch {
      // It may be in another.
    }
  }
  return null;
}

async function examineLostFork(
  store: Store,
  { repo, name }: ForkEntry,
  rescue: Rescue | null,
  { repair, report }: { readonly repair: boolean; readonly report: Report },
): Promise<void> {
  const message = 'a part of its tree is lost';
  if (rescue !== null && (!repair || (await rescue()))) {
    report(`fork ${name}`, `${message}; its edits are whole`, 'index again from the repository what it was made of');
    return;
  }
  report(`fork ${name}`, `${message}, and it was edited: no repository has it`, 'drop the fork');
  if (repair) store.record({ t: 'drop', n: uniqueSuffix(), repo, name });
}

/** A record is unfinished also while another process appends it: what ends is told from what goes on by waiting. */
async function settledTornBytes(store: Store): Promise<number> {
  let last = '';
  for (let looks = 0; looks < 5; looks++) {
    store.refreshRecords();
    const { journalTornBytes, journalSizeBytes } = store;
    if (journalTornBytes === 0) return 0;
    const now = `${journalTornBytes} ${journalSizeBytes}`;
    if (now !== last) looks = 0;
    last = now;
    await sleep(100);
  }
  return store.journalTornBytes;
}

async function examineNames({ store }: SnapshotStore, repair: boolean, report: Report): Promise<void> {
  if (store.formatDamaged) {
    report('format', 'the file that names the format version is damaged', 'write it again');
    if (repair) store.repairFormat();
  }
  for (const { file, offset, length } of store.journalDamage) {
    const what = length === 0 ? 'the file was missing' : `${length} bytes at byte ${offset} fail their checksum`;
    report(
      file,
      `${what}: names or segments recorded there are lost`,
      'keep all other records; take back segments that no record names',
    );
  }
  const tornBytes = await settledTornBytes(store);
  if (tornBytes > 0) {
    report(
      'journal',
      `it ends in the middle of a record (${tornBytes} bytes): the file was cut, or the last write never finished`,
      'drop the unfinished record',
    );
  }
  if (repair && (store.journalDamage.length > 0 || tornBytes > 0)) store.compactJournal();
}

/** Reads everything a segment holds, once. */
async function decodeAll(segment: Segment, faults: string[], slices: TimeSlices): Promise<void> {
  try {
    for (const table of [segment.grams, segment.terms]) {
      for (const { docCount } of table.lists()) {
        if (slices.isOver) await slices.next();
        if (docCount > segment.docCount) faults.push('a posting list names more chunks than there are');
      }
    }
    for (const { docCount } of segment.changes.lists()) {
      if (slices.isOver) await slices.next();
      if (docCount > segment.commitKeys.count) faults.push('a list of changes names more commits than there are');
    }
    const { content, symbols, fileRecords, treeRecords, commitRecords } = segment;
    for (const records of [content, symbols, fileRecords, treeRecords, commitRecords]) {
      for (let number = 0; number < records.count; number += records.blockOf(number).recordCount) {
        if (slices.isOver) await slices.next();
        records.get(number);
      }
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
    next: NextIds,
  ) {
    this.marked = new MarkedIds(next);
    this.presentDocs = new BitSet(next.doc);
  }

  async examine(report: (where: string, message: string) => void, signal: AbortSignal | undefined): Promise<void> {
    const { marked } = this;
    const slices = new TimeSlices();
    const turn = async (): Promise<void> => {
      throwIfAborted(signal);
      await slices.next();
    };
    for (const segment of this.list.segments) {
      for (const { number } of segment.docKeys.rows()) {
        if (slices.isOver) await turn();
        this.presentDocs.add(segment.docBase + number);
        // Chunks that no file refers to are kept: they may be a run's that was cut short.
        marked.docs.add(segment.docBase + number);
      }
    }
    for (const segment of this.list.segments) {
      for (const { number } of segment.fileKeys.rows()) {
        if (slices.isOver) await turn();
        const id = asFileId(segment.entry.files[0] + number);
        const fault = this.fileFault(id);
        if (fault === null) marked.files.add(id);
        else {
          this.brokenCount++;
          report(`file ${id}`, fault);
        }
      }
    }
    // A tree may refer to one with a higher number (in the same run), so whether it is whole is found depth first.
    const verdicts = new Map<TreeId, boolean>();
    for (const segment of this.list.segments) {
      for (const { number } of segment.treeKeys.rows()) {
        const id = asTreeId(segment.entry.trees[0] + number);
        if (await this.isTreeWhole(id, verdicts, slices)) marked.trees.add(id);
        else {
          this.brokenCount++;
          report(`tree ${id}`, 'it refers to something that is lost');
        }
      }
    }
    for (const segment of this.list.segments) {
      const [first] = segment.entry.commits;
      const numbers = Array.from(segment.commitKeys.rows(), ({ number }) => number);
      // Parents first: a commit is whole if they are.
      for (const id of numbers.sort((a, b) => a - b).map((number) => asCommitId(first + number))) {
        if (slices.isOver) await turn();
        if (this.isCommitWhole(id)) marked.commits.add(id);
        else {
          this.brokenCount++;
          report(`commit ${id}`, 'it refers to something that is lost');
        }
      }
    }
  }

  hasTree(key: Buffer): boolean {
    const id = this.list.findTree(key);
    return id >= 0 && this.marked.tree(id);
  }

  private fileFault(id: FileId): string | null {
    try {
      const record = this.list.file(id);
      if (record.skipped !== null && record.docs.length === 0) return null;
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

  private isCommitWhole(id: CommitId): boolean {
    const { marked } = this;
    try {
      const { tree, parents, changes } = this.list.commit(id);
      return (
        marked.tree(tree) &&
        parents.every((parent) => parent === null || marked.commit(parent)) &&
        changes.every(({ before, after }) => [before, after].every((file) => file === null || marked.file(file)))
      );
    } catch {
      return false;
    }
  }

  private async isTreeWhole(root: TreeId, verdicts: Map<TreeId, boolean>, slices: TimeSlices): Promise<boolean> {
    // What waits for the verdicts on its children comes again after them: folders can be nested deeper than calls.
    const open: { id: TreeId; node: TreeNode | null }[] = [{ id: root, node: null }];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if (slices.isOver) await slices.next();
      if (top.node !== null) {
        verdicts.set(
          top.id,
          top.node.entries.every(({ tree }) => tree === undefined || verdicts.get(tree) === true),
        );
        open.pop();
        continue;
      }
      if (verdicts.has(top.id)) {
        open.pop();
        continue;
      }
      verdicts.set(top.id, false); // a tree that contains itself cannot be
      try {
        top.node = this.list.tree(top.id);
      } catch {
        open.pop();
        continue;
      }
      if (top.node.entries.some(({ file }) => file !== undefined && !this.marked.file(file))) open.pop();
      else for (const { tree } of top.node.entries) if (tree !== undefined) open.push({ id: tree, node: null });
    }
    return verdicts.get(root) === true;
  }
}
