import { existsSync } from 'node:fs';

import { CoppiceError, elapsedMs, nowMs, throwIfAborted, uniqueSuffix } from '../../base/index.js';
import { bundledSpace } from '../../embedding/index.js';
import { openRepository } from '../../git/index.js';
import { collectGarbage, examineStore, salvageTree } from '../../indexing/index.js';
import type { Rescue } from '../../indexing/index.js';
import { asCommitId } from '../../model/index.js';
import type { CommitId, EmbeddingSpace, Oid, RepositoryId, TreeId } from '../../model/index.js';
import { commitKey, rootKey } from '../../snapshot/index.js';
import { vectorSpaceId } from '../../segment/index.js';
import type { SegmentList } from '../../segment/index.js';
import type { ForkEntry } from '../../store/index.js';
import { incompleteRoots, provisionalFiles } from '../trees/incomplete-roots.js';
import { indexTrees } from '../trees/index-trees.js';
import type { SharedStore } from '../shared/shared-store.js';
import type { CallOptions, DoctorResult, GcResult, ProvisionalTree } from '../types.js';

/**
 * Gives back what nothing reaches. Roots are: every commit that a repository's refs, reflogs or HEADs reach, the last
 * state of its work trees that was indexed, every fork and lease. Of a repository that is no longer where it was seen only forks count.
 */
export async function collect(shared: SharedStore, options: CallOptions & { dryRun?: boolean }): Promise<GcResult> {
  const startMs = elapsedMs();
  const dryRun = options.dryRun ?? false;
  return shared.asCollector(options, async () => {
    const { store, snapshots } = shared;
    const kept = await keptVersions(shared, options.signal);
    const before = liveCounts(shared);
    let bytesLeft = before.bytes;
    const bundled = bundledSpace();
    const oldRevisions = bundled === null ? new Set<string>() : oldRevisionsOf(shared, bundled);
    for (;;) {
      store.refresh();
      const { forkChanges } = store.catalog;
      const result = await collectGarbage(snapshots, storedOf(shared, kept), {
        dryRun,
        forkChanges,
        isKeptSpace: (space) => !oldRevisions.has(space),
        signal: options.signal,
        onSegment: (done, total) =>
          options.onProgress?.({ phase: 'gc', done, total, unit: 'records', bytes: 0, what: 'segments' }),
      });
      if (result === null) continue; // a fork was made meanwhile; what was done counts
      if (!dryRun) {
        forgetGone(shared);
        store.looks.forgetBefore(nowMs() - looksMs);
        store.snapshots.clear(); // of what may be gone
        for (const segment of snapshots.segments().segments)
          for (const space of oldRevisions) if (segment.vectors(space) !== null) segment.removeVectors(space);
        store.shortenJournal();
      }
      const { chunksAfter, leftForWantOfRoom } = result;
      const chunksBefore = before.chunks;
      const reclaimedBytes = dryRun ? result.reclaimedBytes : before.bytes - liveCounts(shared).bytes;
      if (leftForWantOfRoom > 0 && !dryRun && bytesLeft > liveCounts(shared).bytes) {
        bytesLeft = liveCounts(shared).bytes;
        continue; // there is more room now
      }
      if (leftForWantOfRoom > 0) {
        if (reclaimedBytes === 0) throw noRoom(store.path);
        shared.note('there was no room to rewrite everything: free some space and run gc again to reclaim more');
      }
      return { dryRun, chunksBefore, chunksAfter, reclaimedBytes, tookMs: elapsedMs() - startMs };
    }
  });
}

/** What was seen on disk is of no use for longer: it is seen again. */
const looksMs = 30 * 24 * 60 * 60 * 1000;

/** Nobody asks for vectors of the bundled model's other revisions. Those of models that users named are theirs to keep. */
function oldRevisionsOf({ snapshots }: SharedStore, bundled: EmbeddingSpace): Set<string> {
  const current = vectorSpaceId(bundled);
  const old = new Set<string>();
  for (const segment of snapshots.segments().segments) {
    for (const id of segment.vectorSpaces)
      if (id !== current && segment.vectors(id)!.space.model === bundled.model) old.add(id);
  }
  return old;
}

/** Chunks, and bytes of segments and their vectors. */
function liveCounts({ snapshots, store }: SharedStore): { chunks: number; bytes: number } {
  const { segments } = snapshots.segments();
  return {
    chunks: segments.reduce((sum, { docKeys }) => sum + docKeys.count, 0),
    bytes: segments.reduce((sum, { entry }) => sum + store.segmentBytes(entry.id), 0),
  };
}

const noRoom = (path: string): CoppiceError =>
  new CoppiceError(
    'STORE_FULL',
    `there is garbage in the store, and no room to write what is kept beside it: ${path}`,
    {
      hint: 'free some space on that disk, or drop forks that nobody needs, and run gc again; or remove the store: everything but edited forks is indexed again from your repositories',
    },
  );

/** What repositories and work trees keep alive, stored or not. */
interface KeptVersions {
  /** Oids of root trees. */
  readonly trees: ReadonlySet<Oid>;
  /** Keys of commits (see snapshot's commitKey). */
  readonly commits: readonly Buffer[];
}

async function keptVersions(shared: SharedStore, signal: AbortSignal | undefined): Promise<KeptVersions> {
  const { catalog } = shared.store;
  const trees = new Set<Oid>();
  const commits: Buffer[] = [];
  const gone = new Set<RepositoryId>();
  for (const { id, name, path, kind } of catalog.repositories.values()) {
    throwIfAborted(signal);
    if (!existsSync(path)) {
      shared.note(`${name} is no longer at ${path}: only its forks are kept`);
      if (kind === 'folder') gone.add(id);
      continue;
    }
    if (kind === 'folder') continue; // all that it has is its last state
    const repository = await openRepository(path);
    try {
      for await (const { oid, tree } of repository.reachableCommits(signal)) {
        trees.add(tree);
        commits.push(commitKey(oid, id, shared.fingerprint));
      }
    } finally {
      repository.close();
    }
  }
  for (const { repo, kind, tree } of catalog.revs.values()) if (kind === 'worktree' && !gone.has(repo)) trees.add(tree);
  return { trees, commits };
}

/** Those of them that are stored, and what forks stand at. */
function storedOf(shared: SharedStore, { trees, commits }: KeptVersions): { roots: Set<TreeId>; commits: CommitId[] } {
  const { store, snapshots, fingerprint } = shared;
  const keys = [
    ...Array.from(trees, (tree) => rootKey(tree, fingerprint)),
    ...Array.from(store.catalog.forks(), ({ root }) => Buffer.from(root, 'base64url')),
    ...Array.from(store.catalog.forks(), ({ tree }) => rootKey(tree, fingerprint)),
  ];
  // Of a tree that is stored whole by now nobody asks for what it was before.
  const incomplete = incompleteRoots(shared).filter(({ oid }) => trees.has(oid));
  const roots = new Set([
    ...keys.map((key) => snapshots.findRoot(key)).filter((root) => root !== null),
    ...incomplete.map(({ id }) => id),
  ]);
  const segments = snapshots.segments();
  return {
    roots,
    commits: commits
      .map((key) => segments.findCommit(key))
      .filter((commit) => commit >= 0)
      .map(asCommitId),
  };
}

/** Forgets the names of what is no longer stored, or no longer held. */
function forgetGone({ store, snapshots, fingerprint }: SharedStore): void {
  for (const { repo, name, tree } of [...store.catalog.revs.values()]) {
    if (snapshots.findRoot(rootKey(tree, fingerprint)) === null) store.record({ t: 'forget-rev', repo, name });
  }
  const at = nowMs();
  for (const { repo, name } of store.catalog.expiredForks(at))
    store.tryRecord({ t: 'drop', n: uniqueSuffix(), repo, name, at });
}

/** Verifies the store; with `repair`, makes it whole. */
export async function examine(shared: SharedStore, options: CallOptions & { repair?: boolean }): Promise<DoctorResult> {
  const startMs = elapsedMs();
  const repair = options.repair ?? false;
  const run = (): ReturnType<typeof examineStore> =>
    examineStore(shared.snapshots, {
      repair,
      findRescue: (fork, root, left) => findRescue(shared, fork, root, left, options),
      signal: options.signal,
      onSegment: (done, total, what) =>
        options.onProgress?.({ phase: 'verify', done, total, unit: 'records', bytes: 0, what }),
    });
  if (repair) shared.store.snapshots.clear();
  const result = repair ? await shared.asRepairer(options, run) : await run();
  return { ...result, provisional: await provisionalTrees(shared), tookMs: elapsedMs() - startMs };
}

async function provisionalTrees(shared: SharedStore): Promise<ProvisionalTree[]> {
  const trees: ProvisionalTree[] = [];
  for (const { oid, id } of incompleteRoots(shared)) {
    const files = await provisionalFiles(shared, id).catch(() => []); // damaged, or collected meanwhile
    if (files.length > 0) trees.push({ tree: oid, files });
  }
  return trees;
}

/** Versions that a fork may have been made of are tried up to so many, the newest first. */
const basesMax = 100_000;

/**
 * How an edited fork of which a part is lost can be made again: with what its repository has where it is lost. Which version the
 * fork was made of is not recorded; the tree's hash tells whether it was the right one.
 */
async function findRescue(
  shared: SharedStore,
  fork: ForkEntry,
  root: TreeId,
  left: SegmentList,
  options: CallOptions,
): Promise<Rescue | null> {
  for (const { id, path, kind } of shared.store.catalog.repositories.values()) {
    if (id !== fork.repo || kind === 'folder' || !existsSync(path)) continue;
    const repository = await openRepository(path);
    let isKept = false;
    try {
      const tried = new Set<Oid>();
      for await (const { tree } of repository.reachableCommits(options.signal)) {
        if (tried.has(tree)) continue;
        if (tried.size === basesMax) break;
        tried.add(tree);
        const source = await salvageTree(left, root, repository, tree);
        if (source === null) continue;
        isKept = true;
        return async () => {
          try {
            const { roots } = await indexTrees(shared, [fork.tree], source, { ...options, what: `fork ${fork.name}` });
            return roots[0]!.key.equals(Buffer.from(fork.root, 'base64url'));
          } catch (error) {
            if (error instanceof CoppiceError && error.code === 'OBJECT_MISSING') return false;
            throw error;
          } finally {
            repository.close();
          }
        };
      }
    } finally {
      if (!isKept) repository.close();
    }
  }
  return null;
}
