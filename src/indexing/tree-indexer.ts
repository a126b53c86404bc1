import { TimeSlices, contentHash } from '../base/index.js';
import type { Oid, TreeId } from '../model/index.js';
import type { TreeNodeEntry } from '../segment/index.js';
import { rootKey } from '../snapshot/index.js';
import { FileIndexer } from './file-indexer.js';
import type { FileIndexerOptions } from './file-indexer.js';
import { MissingNotes } from './missing-notes.js';
import type { ObjectSource } from './object-source.js';
import type { PlannedEntry, PlannedTree } from './planned.js';
import { rulesFingerprint } from './rules.js';
import type { SegmentSink } from './segment-sink.js';
import { TreePlanner } from './tree-planner.js';

/** A stored root tree and the key it is found under: not its usual one (see rootKey) while something below is missing or provisional. */
export interface StoredRoot {
  readonly id: TreeId;
  readonly key: Buffer;
  /** Files below fell back for a reason that is not in them: no answer to keep. */
  readonly provisional: boolean;
}

/**
 * Makes trees part of the store. Git's own tree sharing is what makes it a diff: a directory or blob that the store has,
 * from whichever commit, is not looked into.
 *
 * 1. Plan: walk the directories that are not stored; note the blobs that are not stored.
 * 2. Files: read those blobs, chunk and analyse them, store unseen chunks.
 * 3. Trees: store the planned directories, deepest first.
 *
 * What was published when a run is cut short is found again by the next.
 */
export class TreeIndexer {
  private readonly fingerprint: string;
  private readonly files: FileIndexer;
  private readonly planner: TreePlanner;
  private readonly missing: MissingNotes;

  constructor(private readonly options: Omit<FileIndexerOptions, 'missing'>) {
    const fingerprint = (this.fingerprint = rulesFingerprint(options.rules));
    const missing = (this.missing = new MissingNotes(options.onNote));
    this.files = new FileIndexer({ ...options, missing });
    this.planner = new TreePlanner({ ...options, files: this.files, fingerprint, missing });
  }

  /** Stores the root trees that are not stored; in the order given. Roots share their work. For `baseOids` see TreePlanner. */
  async ensure(roots: readonly Oid[], source: ObjectSource, baseOids: readonly Oid[] = []): Promise<StoredRoot[]> {
    const plans: (TreeId | PlannedTree)[] = [];
    for (const oid of roots) plans.push(await this.planner.planRoot(oid, source, baseOids));
    const { files, trees } = this.planner.take();
    await this.files.storeFiles(files, source);
    await storeTrees(trees, this.options.sink);
    const stored = plans.map((plan, i) => storeRoot(plan, roots[i]!, this.fingerprint, this.options.sink));
    this.planner.forgetStored();
    this.missing.finish();
    return stored;
  }
}

/** Stores planned directories whose files are stored, deepest first and in order of path: so they compress best. */
export async function storeTrees(trees: readonly PlannedTree[], sink: SegmentSink): Promise<void> {
  const slices = new TimeSlices();
  for (const tree of [...trees].sort(deepestFirst)) {
    if (slices.isOver) await slices.next();
    storeTree(tree, sink);
  }
}

const depthOf = (path: string): number => {
  let depth = path === '' ? 0 : 1;
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) depth++;
  return depth;
};

function deepestFirst(a: PlannedTree, b: PlannedTree): number {
  return depthOf(b.path) - depthOf(a.path) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}

function storeRoot(plan: TreeId | PlannedTree, oid: Oid, fingerprint: string, sink: SegmentSink): StoredRoot {
  const id = storeTree(plan, sink);
  return typeof plan === 'number'
    ? { id, key: rootKey(oid, fingerprint), provisional: false }
    : { id, key: plan.key, provisional: plan.provisional };
}

/** Stores a planned directory whose files are stored, after those below it: a list of what is open, as they can be nested deeper than calls. */
export function storeTree(plan: TreeId | PlannedTree, sink: SegmentSink): TreeId {
  if (typeof plan === 'number') return plan;
  const open = [plan];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const below = top.id !== null ? undefined : top.entries.find(isUnstored);
    if (below !== undefined) open.push(below.tree);
    else {
      if (top.id === null) storeOne(top, sink);
      open.pop();
    }
  }
  return plan.id!;
}

const isUnstored = (
  entry: PlannedEntry,
): entry is PlannedEntry & { readonly kind: 'tree'; readonly tree: PlannedTree } =>
  entry.kind === 'tree' && typeof entry.tree !== 'number' && entry.tree.id === null;

/** Stores a planned directory of which everything below is stored. */
function storeOne(plan: PlannedTree, sink: SegmentSink): void {
  const missing: string[] = [];
  const entries = plan.entries.map((entry): TreeNodeEntry => {
    switch (entry.kind) {
      case 'tree': {
        const tree = typeof entry.tree === 'number' ? entry.tree : entry.tree.id!;
        if (typeof entry.tree !== 'number' && entry.tree.incomplete) {
          missing.push(entry.tree.key.toString('hex'));
          plan.provisional ||= entry.tree.provisional;
        }
        return { name: entry.name, kind: 'tree', tree };
      }
      case 'file':
      case 'executable':
        if (typeof entry.file === 'number') return { name: entry.name, kind: entry.kind, file: entry.file };
        if (entry.file.missing) missing.push(entry.file.oid);
        if (entry.file.provisional) {
          missing.push(`provisional ${entry.file.id}`);
          plan.provisional = true;
        }
        return { name: entry.name, kind: entry.kind, file: entry.file.id! };
      default:
        return { name: entry.name, kind: entry.kind, oid: entry.oid };
    }
  });
  if (missing.length > 0) {
    // Not under its own key, so that it is planned anew when it is next met: what is missing may have come.
    plan.incomplete = true;
    plan.key = contentHash('incomplete\0', plan.key, missing.join());
  }
  plan.id = sink.findTree(plan.key) ?? sink.addTree(plan.key, plan.oid, entries);
  plan.entries = [];
}
