import { CoppiceError, elapsedMs } from '../base/index.js';
import { openRepository } from '../git/index.js';
import type { Repository } from '../git/index.js';
import type * as indexing from '../indexing/index.js';
import { readRules, repositorySource, rulesFingerprint } from '../indexing/index.js';
import type { AnalysisPool, IndexingRules, ObjectSource, SegmentSink, StoredRoot } from '../indexing/index.js';
import { asCommitId, asRepositoryId } from '../model/index.js';
import type { CommitId, Oid, RepositoryId, TreeId } from '../model/index.js';
import type { SegmentList } from '../segment/index.js';
import { SnapshotStore, commitKey, rootKey } from '../snapshot/index.js';
import { Store } from '../store/index.js';
import type { RevEntry } from '../store/index.js';
import type { CallOptions } from './types.js';

export interface SessionOptions {
  readonly repo: string;
  readonly storePath: string;
  readonly workers: number;
  readonly workerUrl: URL;
  readonly lockTimeoutMs: number;
  readonly onNote: ((note: string) => void) | undefined;
}

/** A repository that has no commit yet has no identity of its own either. */
const emptyRepositoryId = asRepositoryId('empty');

/** A search of what is indexed needs none of it, and starts sooner without. */
const loadIndexing = (): Promise<typeof indexing> => import('../indexing/index.js');

/** Missing objects are looked for again once so many times as long has passed as looking took. */
const askedAgainFactor = 20;

/** What all operations of one engine share: store, snapshots, repository, workers. */
export class Session {
  readonly store: Store;
  readonly snapshots: SnapshotStore;
  readonly rules: IndexingRules;
  readonly fingerprint: string;
  private pool: AnalysisPool | null = null;
  private openedRepository: Promise<Repository> | null = null;
  private identity: Promise<RepositoryId> | null = null;
  private merging: Promise<unknown> = Promise.resolve();
  private readonly incompleteRoots = { version: -1, found: new Map<Oid, StoredRoot>() };
  /** Until when a tree's missing objects are taken to be missing still. */
  private readonly missingUntilMs = new Map<Oid, number>();

  constructor(readonly options: SessionOptions) {
    this.store = Store.open(options.storePath);
    this.rules = readRules(options.storePath);
    this.fingerprint = rulesFingerprint(this.rules);
    this.snapshots = new SnapshotStore(this.store);
  }

  /** The repository, opened when first needed. NOT_A_REPOSITORY, UNSAFE_REPOSITORY. */
  repository(): Promise<Repository> {
    this.openedRepository ??= openRepository(this.options.repo).then((repository) => {
      for (const { commit, tree } of this.store.catalog.revs.values()) {
        if (commit !== null) repository.rememberCommit(commit, tree);
      }
      return repository;
    });
    return this.openedRepository;
  }

  /** The repository's identity, found once and remembered by where it was seen. */
  repositoryId(): Promise<RepositoryId> {
    this.identity ??= this.findIdentity();
    return this.identity;
  }

  /**
   * The stored root tree of this oid, indexed from `source` first if need be; then the commit that has it is recorded, if
   * its parents are. `near`: a tree that has most of it.
   */
  async ensureTree(
    oid: Oid,
    source: ObjectSource,
    call: CallOptions & { what?: string },
    { commit, near }: { readonly commit: Oid | null; readonly near: Oid | null },
  ): Promise<StoredRoot> {
    const key = rootKey(oid, this.fingerprint);
    const id = this.snapshots.findRoot(key);
    if (id !== null) return { id, key };
    const incomplete = await this.knownIncomplete(oid, source, commit);
    if (incomplete !== null) return incomplete;
    await this.repositoryId(); // the store has to know whose this is, or it would be garbage
    return this.asWriter(call, async () => {
      const { roots } = await this.indexTrees([oid], source, call, {
        baseOids: await this.likelyBases(commit, near),
        beforePublish: async (sink, [root]) => {
          if (commit !== null) await this.recordNext(commit, root!.id, sink);
        },
      });
      const root = roots[0]!;
      if (!root.key.equals(key)) this.rememberIncomplete(oid, root);
      return root;
    });
  }

  /** Trees that a tree which is not stored may have most in common with, the likeliest first. */
  private async likelyBases(commit: Oid | null, near: Oid | null): Promise<Oid[]> {
    const bases = near === null ? [] : [near];
    const repository = await this.repository();
    const parents = commit === null ? [] : (await repository.readCommit(commit)).parents;
    for (const parent of parents.slice(0, 1)) {
      const tree = await repository.readCommit(parent).then(
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

  /**
   * The tree as it was stored while objects were missing, if all of those still are. The repository is not asked each
   * time: in a partial clone that question comes with every search, and can be long.
   */
  private async knownIncomplete(oid: Oid, source: ObjectSource, commit: Oid | null): Promise<StoredRoot | null> {
    const root = await this.incompleteRoot(oid, commit);
    if (root === null) return null;
    const { id } = root;
    const startMs = elapsedMs();
    if (startMs >= (this.missingUntilMs.get(oid) ?? 0)) {
      const snapshot = this.snapshots.open(id);
      const missing = snapshot.files
        .filter(({ record }) => record.skipped === 'missing')
        .map(({ record }) => record.oid);
      snapshot.release();
      if (missing.length === 0) return null; // a directory is missing: only planning can tell
      for await (const { size } of source.readBlobs(missing, { maxBytes: 0 })) if (size >= 0) return null;
      const endMs = elapsedMs();
      this.missingUntilMs.set(oid, endMs + askedAgainFactor * (endMs - startMs));
    }
    return root;
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

  /** As it was remembered, or as the commit was recorded. Known until the segments change. */
  private async incompleteRoot(oid: Oid, commit: Oid | null): Promise<StoredRoot | null> {
    this.snapshots.segments();
    const { segmentsVersion } = this.store.catalog;
    if (this.incompleteRoots.version !== segmentsVersion) {
      this.incompleteRoots.found.clear();
      this.incompleteRoots.version = segmentsVersion;
    }
    const known = this.incompleteRoots.found.get(oid);
    if (known !== undefined) return known;
    const found = await this.findIncompleteRoot(oid, commit);
    if (found !== null) this.incompleteRoots.found.set(oid, found);
    return found;
  }

  private async findIncompleteRoot(oid: Oid, commit: Oid | null): Promise<StoredRoot | null> {
    const encoded = this.store.catalog.incompleteRoots.get(oid);
    if (encoded !== undefined) {
      const key = Buffer.from(encoded, 'base64url');
      const id = this.snapshots.findRoot(key);
      return id === null ? null : { id, key };
    }
    const id = commit === null ? null : await this.recordedTree(commit);
    if (id === null) return null;
    const key = this.snapshots.segments().treeKey(id);
    return key === null ? null : { id, key };
  }

  private rememberIncomplete(oid: Oid, { key }: StoredRoot): void {
    const root = key.toString('base64url');
    if (this.store.catalog.incompleteRoots.get(oid) !== root) this.store.record({ t: 'incomplete', tree: oid, root });
  }

  /**
   * Indexes trees and publishes them; what was done is kept when it is cancelled. For the holder of the writer lock.
   */
  async indexTrees(
    oids: readonly Oid[],
    source: ObjectSource,
    call: CallOptions & { what?: string },
    options: {
      readonly sink?: SegmentSink;
      readonly baseOids?: readonly Oid[];
      readonly beforePublish?: (sink: SegmentSink, roots: readonly StoredRoot[]) => Promise<void>;
    } = {},
  ): Promise<{ roots: StoredRoot[]; sink: SegmentSink }> {
    const { SegmentSink, TreeIndexer } = await loadIndexing();
    const sink = options.sink ?? new SegmentSink(this.snapshots);
    let bytes = 0;
    const indexer = new TreeIndexer({
      sink,
      pool: await this.analysisPool(),
      rules: this.rules,
      signal: call.signal,
      onNote: this.options.onNote,
      onFile: (done, total, size, path) => {
        bytes += size;
        call.onProgress?.({ phase: 'index', done, total, unit: 'files', bytes, what: call.what ?? path });
      },
    });
    return publishing(sink, async () => {
      const roots = await indexer.ensure(oids, source, options.baseOids);
      await options.beforePublish?.(sink, roots);
      return { roots, sink };
    });
  }

  /** Records a commit whose parents are recorded: a history that was indexed once goes on with every commit. */
  async recordNext(oid: Oid, tree: TreeId, sink: SegmentSink): Promise<void> {
    const { CommitRecorder } = await loadIndexing();
    const recorder = new CommitRecorder(sink, await this.repositoryId(), this.fingerprint);
    if (recorder.find(oid) !== null) return;
    const repository = await this.repository();
    const { parents, committerTime } = await repository.readCommit(oid);
    if (parents.length > 0 && parents.every((parent) => recorder.find(parent) !== null))
      recorder.record({ oid, parents, time: committerTime }, tree);
  }

  async analysisPool(): Promise<AnalysisPool> {
    const { AnalysisPool } = await loadIndexing();
    return (this.pool ??= new AnalysisPool(this.options.workers, this.options.workerUrl));
  }

  /** Runs an action as the store's only writer, then merges in the background. */
  async asWriter<T>(call: CallOptions, action: () => Promise<T>): Promise<T> {
    await this.merging;
    const result = await this.store.asWriter(this.options.lockTimeoutMs, call.signal, action);
    this.merging = this.mergeInBackground();
    return result;
  }

  /** Runs an action on a store that may be damaged, as its only writer. */
  async asRepairer<T>(call: CallOptions, action: () => Promise<T>): Promise<T> {
    await this.merging;
    return this.store.asRepairer(this.options.lockTimeoutMs, call.signal, action);
  }

  get source(): Promise<ObjectSource> {
    return this.repository().then(repositorySource);
  }

  note(text: string): void {
    this.options.onNote?.(text);
  }

  async close(): Promise<void> {
    await this.merging;
    await this.pool?.close();
    await this.openedRepository?.then(
      (repository) => repository.close(),
      () => undefined,
    );
    this.snapshots.close();
    this.store.close();
  }

  /** Merging that cannot be done now is left to the next writer: nothing depends on it but speed. */
  private async mergeInBackground(): Promise<void> {
    try {
      const { mergeWhereDue } = await loadIndexing();
      await this.store.asWriter(0, undefined, () => mergeWhereDue(this.snapshots));
    } catch (error) {
      const code = error instanceof CoppiceError ? error.code : 'INTERNAL';
      if (code !== 'STORE_LOCKED')
        this.note(`merging was put off: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private async findIdentity(): Promise<RepositoryId> {
    const repository = await this.repository();
    const path = repository.commonDir;
    for (const entry of this.store.catalog.repositories.values()) {
      // Another repository may have taken that place since.
      if (entry.path === path && entry.id !== emptyRepositoryId && (await repository.find(entry.id)) !== null)
        return entry.id;
    }
    const root = await repository.rootCommit();
    const id = root === null ? emptyRepositoryId : asRepositoryId(root);
    const known = [...this.store.catalog.repositories.values()].some((entry) => entry.id === id && entry.path === path);
    if (id !== emptyRepositoryId && !known) {
      try {
        this.store.record({ t: 'repository', id, path, name: repository.name });
      } catch (error) {
        // A store that cannot be written is searched all the same.
        const code = error instanceof CoppiceError ? error.code : 'INTERNAL';
        if (code !== 'STORE_READ_ONLY' && code !== 'STORE_FULL') throw error;
      }
    }
    return id;
  }
}

/** Runs an action that adds to a sink, and publishes what it added; what was done is kept when it is cancelled. */
export async function publishing<T>(sink: SegmentSink, action: () => Promise<T>): Promise<T> {
  try {
    const result = await action();
    sink.publish();
    return result;
  } catch (error) {
    if (error instanceof CoppiceError && error.code === 'ABORTED') sink.publish();
    else sink.abandon();
    throw error;
  }
}
