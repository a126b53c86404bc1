import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { elapsedMs } from '../../base/index.js';
import type { Repository } from '../../git/index.js';
import { repositorySource } from '../../indexing/index.js';
import type { ObjectSource, SegmentSink, StoredRoot } from '../../indexing/index.js';
import { asCommitId, asRepositoryId } from '../../model/index.js';
import type { CommitId, Oid, RepositoryId, TreeId } from '../../model/index.js';
import type { SegmentList } from '../../segment/index.js';
import { isClusterAddress, remoteInvalid } from '../../remote/index.js';
import { commitKey, rootKey } from '../../snapshot/index.js';
import type { SnapshotStore } from '../../snapshot/index.js';
import type { RevEntry, Store } from '../../store/index.js';
import { nothingAdded } from '../trees/added.js';
import type { Added } from '../trees/added.js';
import { notPublished } from '../revs/not-published.js';
import { emptyRepositoryId, findIdentity } from '../revs/identity.js';
import { openRev, resolveTarget, worktreeRev } from '../revs/revs.js';
import { rootedPath, rootedPaths } from '../rooted-paths.js';
import { IncompleteRoots } from '../trees/incomplete-roots.js';
import { indexTrees } from '../trees/index-trees.js';
import { Overlays } from '../worktree/overlays.js';
import type { ProjectPackages } from '../packages/project-packages.js';
import { loadIndexing } from '../shared/load-indexing.js';
import type { SharedStore } from '../shared/shared-store.js';
import { SingleFlight } from '../shared/single-flight.js';
import type { CallOptions, FileFilter, ResolvedRev } from '../types.js';
import type { OpenedRev, Scope } from './scope.js';
import { VolatileTrees } from '../trees/volatile-trees.js';
import { WorktreeReader } from '../worktree/worktree.js';

/** In the git folder of a repository that is no clone, but the commits and refs that a remote has of one. */
export const publishedMarker = 'coppice-published';

/** What is known beforehand of a tree that is to be stored. */
export interface TreeOrigin {
  /** The commit that has it. */
  readonly commit: Oid | null;
  /** Trees that it has most in common with, the likeliest first. */
  readonly near: readonly Oid[];
}

/** A root tree that is stored now. */
export interface EnsuredRoot extends StoredRoot {
  /** By whoever asked for it, or at the same time. */
  readonly added: Added;
}

/** What all operations on one repository, or one of its work trees, share. It is closed when the last holder releases it. */
export class Session implements Scope {
  readonly store: Store;
  readonly snapshots: SnapshotStore;
  readonly fingerprint: string;
  /** The repository's objects. */
  readonly source: ObjectSource;
  readonly worktree = new WorktreeReader(this);
  readonly overlays = new Overlays(this);
  readonly volatile: VolatileTrees;
  private readonly indexing = new SingleFlight<string, EnsuredRoot>();
  readonly incomplete = new IncompleteRoots(this);
  private readonly place: string;
  private readonly published: { readonly name: string; readonly id: RepositoryId | null } | null;
  private identity: Promise<RepositoryId> | null = null;
  private dependencies: Promise<ProjectPackages> | null = null;
  private holders = 1;
  private lastRoot: { readonly oid: Oid; readonly key: Buffer } | null = null;

  constructor(
    readonly shared: SharedStore,
    readonly repository: Repository,
    private readonly onClose: () => void = () => undefined,
  ) {
    this.store = shared.store;
    this.snapshots = shared.snapshots;
    this.fingerprint = shared.fingerprint;
    this.source = repositorySource(repository);
    this.place = stampOf(repository);
    this.published = publishedOf(repository);
    this.volatile = new VolatileTrees(this);
    // Its own alone: another repository's commit is none of its revs, whoever knows the name.
    const { repositories, revs } = shared.store.catalog;
    const own = new Set<string>();
    for (const { id, path } of repositories.values()) if (path === repository.commonDir) own.add(id);
    for (const { repo, commit, tree } of revs.values())
      if (commit !== null && own.has(repo)) repository.rememberCommit(commit, tree);
  }

  /** It is no clone: commits without trees and blobs, whose trees are taken from a remote. */
  get isPublished(): boolean {
    return this.published !== null;
  }

  /** The repository is still there, and no other has taken its place. */
  get isInPlace(): boolean {
    return stampOf(this.repository) === this.place;
  }

  /** What is searched when nobody says: what one sees. */
  get defaultRev(): string {
    return this.repository.workTree === null ? 'HEAD' : worktreeRev;
  }

  get session(): this {
    return this;
  }

  get sessions(): readonly [this] {
    return [this];
  }

  get name(): string {
    return this.published?.name ?? this.repository.name;
  }

  async resolve(rev: string | undefined, call: CallOptions): Promise<ResolvedRev> {
    return (await resolveTarget(this, rev ?? this.defaultRev, call)).resolved;
  }

  open(rev: string | undefined, call: CallOptions): Promise<OpenedRev> {
    return openRev(this, rev ?? this.defaultRev, call);
  }

  rootedPath(path: string): string {
    return rootedPath(path, this.repository.workTree);
  }

  rooted<T extends FileFilter>(filter: T): T {
    return rootedPaths(filter, this.repository.workTree);
  }

  retain(): this {
    this.holders++;
    return this;
  }

  release(): void {
    if (--this.holders > 0) return;
    void this.dependencies?.then((packages) => packages.close());
    this.overlays.close();
    this.worktree.close();
    this.volatile.close();
    this.repository.close();
    this.onClose();
  }

  /** What the project depends on. */
  packages(): Promise<ProjectPackages> {
    return (this.dependencies ??= import('../packages/project-packages.js').then(
      ({ ProjectPackages }) => new ProjectPackages(this),
    ));
  }

  /** The repository's identity, found once and remembered by where it was seen. */
  async repositoryId(): Promise<RepositoryId> {
    // What is no clone begins with the first commits that are published, which tell nothing of whose they are.
    this.identity ??= findIdentity(this.store, this.repository, this.published?.id ?? null);
    try {
      const id = await this.identity;
      if (id === emptyRepositoryId) this.identity = null; // until its first commit
      return id;
    } catch (error) {
      this.identity = null;
      throw error;
    }
  }

  /**
   * The stored root tree of this oid, indexed from `source` first if need be, once for all who ask at the same time; then the
   * commit that has it is recorded, if its parents are.
   */
  async ensureTree(
    oid: Oid,
    source: ObjectSource,
    call: CallOptions & { what?: string },
    origin: TreeOrigin,
  ): Promise<EnsuredRoot> {
    const key = this.keyOf(oid);
    const id = this.snapshots.findRoot(key);
    if (id !== null) {
      if (this.isPublished) this.shared.usedRoots.set(id, elapsedMs());
      return { id, key, provisional: false, added: nothingAdded };
    }
    const far = await this.farTree(key, origin, call);
    if (far !== null) return { id: far, key, provisional: false, added: nothingAdded };
    const incomplete = await this.incomplete.find(oid, source, origin.commit);
    if (incomplete !== null) return { ...incomplete, added: nothingAdded };
    const { what } = call;
    return this.indexing.join(oid, call, (shared) =>
      this.takeOrIndexTree(oid, source, what === undefined ? shared : { ...shared, what }, origin),
    );
  }

  /** The key of a root, of which the last one is remembered: an answer asks for it some times, and a view for that of each member. */
  private keyOf(oid: Oid): Buffer {
    if (this.lastRoot?.oid !== oid) this.lastRoot = { oid, key: rootKey(oid, this.fingerprint) };
    return this.lastRoot.key;
  }

  /** The remote is a search cluster. */
  get hasCluster(): boolean {
    const { remote } = this.shared.settings;
    return remote !== null && isClusterAddress(remote);
  }

  /** The root of a key in the cluster that is the remote, or null. */
  async farRoot(key: Buffer, call: CallOptions): Promise<EnsuredRoot | null> {
    if (!this.hasCluster) return null;
    const { openFar } = await import('../remotes/far.js');
    const id = await openFar(this.shared, key, this.isPublished, call);
    return id === null ? null : { id, key, provisional: false, added: nothingAdded };
  }

  /** In the cluster that is the remote: searched where it is. Null when there is none, or it lacks the tree and that can be indexed. */
  private async farTree(key: Buffer, { commit }: TreeOrigin, call: CallOptions): Promise<TreeId | null> {
    if (!this.hasCluster) return this.isPublished ? this.packedTree(key, commit, call) : null;
    const found = (await this.farRoot(key, call))?.id ?? null;
    if (found !== null || !this.isPublished) return found;
    throw notPublished(commit);
  }

  /** In packs that are searched where they are. Null: they are small enough to be taken in, or it is no tree of a published commit. */
  private async packedTree(key: Buffer, commit: Oid | null, call: CallOptions): Promise<TreeId | null> {
    const { openPublished, openedBefore } = await import('../remotes/auto-take.js');
    return openedBefore(this.shared, key) ?? openPublished(this, key, commit, call);
  }

  /** From the remote, where there is one that is quicker than indexing. */
  private async takeOrIndexTree(
    oid: Oid,
    source: ObjectSource,
    call: CallOptions & { what?: string },
    origin: TreeOrigin,
  ): Promise<EnsuredRoot> {
    const { remote } = this.shared.settings;
    if (remote === null) return this.indexTree(oid, source, call, origin);
    if (isClusterAddress(remote)) {
      const { takeNearestFar } = await import('../remotes/take-nearest-far.js');
      await takeNearestFar(this, origin, await this.likelyBases(origin.commit, origin.near), call);
      return this.indexTree(oid, source, call, origin);
    }
    const { takeOrIndex, takePublished } = await import('../remotes/auto-take.js');
    const key = rootKey(oid, this.fingerprint);
    const stored = (): EnsuredRoot | null => {
      const id = this.snapshots.findRoot(key);
      return id === null ? null : { id, key, provisional: false, added: nothingAdded };
    };
    if (this.isPublished) {
      await takePublished(this, origin.commit, call);
      const root = stored();
      if (root === null) throw remoteInvalid(remote, `tree ${oid} is not what its packs hold`);
      this.shared.usedRoots.set(root.id, elapsedMs());
      return root;
    }
    const bases = await this.likelyBases(origin.commit, origin.near);
    const hasBase = bases.some((base) => this.snapshots.findRoot(rootKey(base, this.fingerprint)) !== null);
    const index = async (within: CallOptions & { what?: string }): Promise<EnsuredRoot> =>
      stored() ?? this.indexTree(oid, source, { ...call, ...within }, origin);
    return takeOrIndex(this, origin.commit, hasBase, call, index);
  }

  private async indexTree(
    oid: Oid,
    source: ObjectSource,
    call: CallOptions & { what?: string },
    { commit, near }: TreeOrigin,
  ): Promise<EnsuredRoot> {
    await this.repositoryId(); // the store has to know whose this is, or it would be garbage
    return this.shared.asWriter(call, async () => {
      const startMs = elapsedMs();
      const { roots, added } = await indexTrees(this.shared, [oid], source, call, {
        baseOids: await this.likelyBases(commit, near),
        beforePublish: async (sink, [root]) => {
          // A recorded commit is never looked at again.
          if (commit !== null && !root!.provisional) await this.recordNext(commit, root!.id, sink);
        },
      });
      const root = roots[0]!;
      if (!root.key.equals(rootKey(oid, this.fingerprint))) this.incomplete.remember(oid, root, startMs);
      return { ...root, added };
    });
  }

  /** Trees that a tree which is not stored may have most in common with, the likeliest first. */
  private async likelyBases(commit: Oid | null, near: readonly Oid[]): Promise<Oid[]> {
    const bases = [...near];
    const parents = commit === null ? [] : (await this.repository.readCommit(commit)).parents;
    for (const parent of parents.slice(0, 1)) {
      const tree = await this.repository.readCommit(parent).then(
        (read) => read.tree,
        () => null, // beyond the boundary of a shallow clone
      );
      if (tree !== null) bases.push(tree);
    }
    const repo = await this.repositoryId();
    const revs = [...this.store.catalog.revs.values()].filter((rev) => rev.repo === repo);
    const latest = revs.reduce<RevEntry | null>((best, rev) => (best === null || rev.at > best.at ? rev : best), null);
    if (latest !== null) bases.push(latest.tree);
    return bases;
  }

  /** Root tree of a recorded commit, or null. */
  async recordedTree(commit: Oid): Promise<TreeId | null> {
    const segments = this.snapshots.segments();
    if (segments.commitEnd === 0) return null;
    const id = this.recordedCommit(segments, await this.repositoryId(), commit);
    return id === null ? null : segments.commit(id).tree;
  }

  /** The number of a commit of a repository's recorded history, or null. */
  recordedCommit(segments: SegmentList, repo: RepositoryId, commit: Oid): CommitId | null {
    const found = segments.findCommit(commitKey(commit, repo, this.fingerprint));
    return found < 0 ? null : asCommitId(found);
  }

  /** Records a commit whose parents are recorded: a history that was indexed once goes on with every commit. */
  async recordNext(oid: Oid, tree: TreeId, sink: SegmentSink): Promise<void> {
    const { CommitRecorder } = await loadIndexing();
    const recorder = new CommitRecorder(sink, await this.repositoryId(), this.fingerprint);
    if (recorder.find(oid) !== null) return;
    const { parents, committerTime } = await this.repository.readCommit(oid);
    if (parents.length > 0 && parents.every((parent) => recorder.find(parent) !== null))
      recorder.record({ oid, parents, time: committerTime }, tree);
  }
}

/** What a repository that is no clone is called by; null for all others. */
function publishedOf({ gitDir, name }: Repository): { name: string; id: RepositoryId | null } | null {
  try {
    const told = readFileSync(join(gitDir, publishedMarker), 'utf8');
    const [, own = told, id = null] = /^(.*)\n([0-9a-z-]+)\n$/su.exec(told) ?? [];
    return { name: own || name, id: id === null ? null : asRepositoryId(id) };
  } catch {
    return null;
  }
}

/** Changes when a repository or its work tree is removed, made anew or replaced. */
function stampOf({ gitDir, workTree, placeStamp }: Repository): string {
  const of = (path: string | null): string => {
    if (path === null) return '';
    try {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats === undefined ? '' : `${stats.dev}:${stats.ino}:${stats.birthtimeMs}`;
    } catch {
      return ''; // it cannot be reached
    }
  };
  return `${of(gitDir)},${of(workTree)},${placeStamp}`;
}
