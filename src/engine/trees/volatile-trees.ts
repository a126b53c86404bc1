import { clusterIdMin } from '../../model/index.js';
import type { Oid, TreeId } from '../../model/index.js';
import { rootKey } from '../../snapshot/index.js';
import type { Snapshot, VolatileSegments } from '../../snapshot/index.js';
import { indexTrees } from './index-trees.js';
import type { Target } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import { loadIndexing } from '../shared/load-indexing.js';
import { SingleFlight } from '../shared/single-flight.js';
import type { CallOptions } from '../types.js';

/** What differs more from HEAD is stored: it would have to be read and analysed again whenever memory runs short. */
const filesMax = 100;
const bytesMax = 1024 * 1024;
/** With more segments one on the other, the next begins anew with all that differs. */
const segmentsMax = 8;
const triesMax = 5;

/**
 * The trees of a work tree, and of overlays over it, in memory: what differs from HEAD is read again in milliseconds, so a save
 * writes nothing to the store. Only for a process that stays; others store it, so that the next need not analyse it again.
 */
export class VolatileTrees {
  private readonly segments: VolatileSegments;
  private readonly roots = new Map<Oid, TreeId>();
  /** Of `segments`, when `roots` was looked through. */
  private clears = 0;
  private readonly indexing = new SingleFlight<Oid, TreeId | null>();

  constructor(private readonly session: Session) {
    this.segments = session.shared.volatile.create();
  }

  /** The target's snapshot, to be released after use; null when its tree is stored, or has to be. */
  async open(target: Target, call: CallOptions): Promise<Snapshot | null> {
    for (let tries = 1; ; tries++) {
      const root = await this.ensure(target, call);
      if (root === null) return null;
      try {
        return await this.session.snapshots.open(root);
      } catch (error) {
        // It was let go meanwhile.
        if (this.segments.has(root) || tries === triesMax) throw error;
      }
    }
  }

  close(): void {
    this.session.shared.volatile.remove(this.segments);
  }

  /** The number of the target's root tree in memory; null when its tree is stored, or has to be. */
  async ensure(target: Target, call: CallOptions): Promise<TreeId | null> {
    const { shared, snapshots, fingerprint } = this.session;
    const { worktree, resolved, differs } = target;
    if (!shared.options.offThread || shared.embeddings.hasNamed) return null;
    if (worktree === null || worktree.headTree === null || differs === null) return null;
    if (differs.files > filesMax || differs.bytes > bytesMax) return null;
    const { tree } = resolved;
    if (snapshots.findRoot(rootKey(tree, fingerprint)) !== null) return null;
    shared.volatile.refresh(this.segments);
    this.forgetGone();
    const known = this.roots.get(tree);
    if (known !== undefined && this.segments.has(known)) return known;
    return this.indexing.join(tree, call, (joined) => this.index(target, worktree.headTree!, joined));
  }

  private forgetGone(): void {
    if (this.clears === this.segments.clears) return;
    this.clears = this.segments.clears;
    this.roots.clear();
  }

  private async index(target: Target, headTree: Oid, call: CallOptions): Promise<TreeId | null> {
    const { session, segments } = this;
    const { resolved, source, near, worktree } = target;
    const origin = { commit: worktree!.changes.head, near: [] };
    const head = await session.ensureTree(headTree, session.source, { ...call, what: 'HEAD' }, origin);
    if (head.id >= clusterIdMin) {
      // What lies over HEAD is found by what the store has of it.
      const { takeNearestFar } = await import('../remotes/take-nearest-far.js');
      await takeNearestFar(session, origin, [headTree], call);
      if (session.snapshots.findRoot(head.key) === null) return null;
    }
    // Of a tree that lacks objects only planning can tell whether they are there now.
    if (!head.key.equals(rootKey(headTree, session.fingerprint))) return null;
    const { SegmentSink } = await loadIndexing();
    const root = await session.shared.volatile.run(segments, call, async () => {
      if (segments.count >= segmentsMax || segments.isSpread) segments.clear();
      const before = segments.segments().retain();
      const sink = new SegmentSink(session.snapshots, { place: segments });
      try {
        const { roots } = await indexTrees(
          session.shared,
          [resolved.tree],
          source,
          { ...call, what: resolved.rev },
          { sink, baseOids: near },
        );
        return roots[0]!;
      } finally {
        before.release();
      }
    });
    if (!root.key.equals(rootKey(resolved.tree, session.fingerprint))) return null;
    this.forgetGone();
    this.roots.set(resolved.tree, root.id);
    return root.id;
  }
}
