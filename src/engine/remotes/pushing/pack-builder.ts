import { TimeSlices } from '../../../base/index.js';
import { MarkedIds } from '../../../indexing/index.js';
import type { CommitId, FileId, TreeId } from '../../../model/index.js';
import { makePack } from '../../../pack/index.js';
import type { MadePack, PackAbout, PackDescription } from '../../../pack/index.js';
import type { SegmentList } from '../../../segment/index.js';
import { readFileRecord, readTreeNode } from '../../../snapshot/index.js';
import type { RecordCaches } from '../../../snapshot/index.js';
import type { DescriptionLog, NextIds } from '../../../store/index.js';
import { contentNameOf } from '../../../text/index.js';

/** A pack is finished when it has about so much text: it is held in memory, at both ends. */
const packTextBytesMax = 128 * 1024 * 1024;

export interface BuiltPack extends MadePack {
  readonly history: boolean;
}

/** Makes packs of what trees and commits reach, the things referred to before what refers to them, each thing once. */
export class PackBuilder {
  /** What the remote has. */
  private readonly published: MarkedIds;
  private pending: MarkedIds;
  private pendingCount = 0;
  private pendingBytes = 0;
  private history = false;
  private readonly slices: TimeSlices;

  constructor(
    private readonly list: SegmentList,
    private readonly caches: RecordCaches,
    private readonly next: NextIds,
    private readonly about: PackAbout,
    private readonly logs: readonly (readonly [describer: string, log: DescriptionLog])[],
    private readonly onPack: (pack: BuiltPack) => Promise<void>,
  ) {
    this.published = new MarkedIds(next);
    this.pending = new MarkedIds(next);
    this.slices = new TimeSlices(about.signal);
  }

  /** A tree is published, with all that it reaches. */
  async has(root: TreeId): Promise<void> {
    await this.walk(root, this.published, false);
  }

  /** From now on what is added is of commits that are no tip. */
  async beginHistory(): Promise<void> {
    await this.flush();
    this.history = true;
  }

  async addTree(root: TreeId): Promise<void> {
    await this.walk(root, this.pending, true);
  }

  /** A recorded commit. Its parents were added before it, or are published. */
  async addCommit(id: CommitId): Promise<void> {
    const { tree, changes } = this.list.commit(id);
    await this.addTree(tree);
    // What it replaced is in its parent's tree, unless that was published of a commit that is not recorded.
    for (const { before, after } of changes) {
      if (before !== null) this.markFile(before, this.pending);
      if (after !== null) this.markFile(after, this.pending);
    }
    if (this.published.commit(id) || this.pending.commit(id)) return;
    this.pending.commits.add(id);
    this.pendingCount++;
    if (this.pendingBytes > packTextBytesMax) await this.flush();
  }

  /** Makes a pack of what was added last. */
  async flush(): Promise<void> {
    if (this.pendingCount === 0) return;
    const { pending, published } = this;
    const pack = await makePack(this.list, pending, { ...this.about, descriptions: this.descriptionsOf(pending) });
    for (const kind of ['docs', 'files', 'trees', 'commits'] as const) published[kind].addAll(pending[kind]);
    this.pending = new MarkedIds(this.next);
    this.pendingCount = 0;
    this.pendingBytes = 0;
    await this.onPack({ ...pack, history: this.history });
  }

  /** What models say of the chunks that are sent. */
  private descriptionsOf(pending: MarkedIds): PackDescription[] {
    const descriptions: PackDescription[] = [];
    if (this.logs.length === 0) return descriptions;
    for (const { docKeys, docBase } of this.list.segments)
      for (const { key, number } of docKeys.rows()) {
        if (!pending.doc(docBase + number)) continue;
        const name = contentNameOf(key);
        for (const [describer, log] of this.logs) {
          const text = log.textOf(name);
          if (text !== undefined) descriptions.push([describer, name, text]);
        }
      }
    return descriptions;
  }

  /** Marks what is below a tree, then the tree: what comes later refers to what came before. */
  private async walk(root: TreeId, marks: MarkedIds, flushes: boolean): Promise<void> {
    const open: { tree: TreeId; isEntered: boolean }[] = [{ tree: root, isEntered: false }];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if (this.slices.isOver) await this.slices.next();
      if (this.published.tree(top.tree) || marks.tree(top.tree)) {
        open.pop();
        continue;
      }
      if (top.isEntered) {
        this.current(marks, flushes).trees.add(top.tree);
        if (flushes) this.pendingCount++;
        open.pop();
        continue;
      }
      top.isEntered = true;
      for (const { file, tree } of readTreeNode(this.list, top.tree, this.caches).entries) {
        if (tree !== undefined) open.push({ tree, isEntered: false });
        else if (file !== undefined) {
          this.markFile(file, this.current(marks, flushes));
          if (flushes && this.pendingBytes > packTextBytesMax) await this.flush();
        }
      }
      if (flushes) marks = this.pending;
    }
  }

  private current(marks: MarkedIds, flushes: boolean): MarkedIds {
    return flushes ? this.pending : marks;
  }

  private markFile(file: FileId, marks: MarkedIds): void {
    if (this.published.file(file) || marks.file(file)) return;
    marks.files.add(file);
    if (marks === this.pending) this.pendingCount++;
    for (const doc of readFileRecord(this.list, file, this.caches).docs) {
      if (this.published.doc(doc) || marks.doc(doc)) continue;
      marks.docs.add(doc);
      const { entry, docCount } = this.list.segmentOfDoc(doc);
      if (marks === this.pending) this.pendingBytes += entry.textBytes / Math.max(docCount, 1);
    }
  }
}
