import { existsSync } from 'node:fs';

import { elapsedMs, throwIfAborted } from '../base/index.js';
import { openRepository } from '../git/index.js';
import { collectGarbage, examineStore } from '../indexing/index.js';
import type { Oid, TreeId } from '../model/index.js';
import { rootKey } from '../snapshot/index.js';
import type { RepositoryEntry } from '../store/index.js';
import type { Session } from './session.js';
import type { CallOptions, DoctorResult, GcResult } from './types.js';

/**
 * Gives back what nothing reaches. Roots are: every commit that a repository's refs, reflogs or HEADs reach, the last
 * state of its work trees that was indexed, every fork. Of a repository that is no longer where it was seen only forks count.
 */
export async function collect(session: Session, options: CallOptions & { dryRun?: boolean }): Promise<GcResult> {
  const startMs = elapsedMs();
  const dryRun = options.dryRun ?? false;
  return session.asWriter(options, async () => {
    const { store, snapshots } = session;
    const trees = await keptTrees(session, options.signal);
    const before = store.sizeBytes();
    for (;;) {
      store.refresh();
      const { forkChanges } = store.catalog;
      const roots = rootsOf(session, trees);
      const result = await collectGarbage(snapshots, roots, {
        dryRun,
        forkChanges,
        signal: options.signal,
        onSegment: (done, total) =>
          options.onProgress?.({ phase: 'gc', done, total, unit: 'records', bytes: 0, what: 'segments' }),
      });
      if (result === null) continue; // a fork was made meanwhile
      if (!dryRun) forgetRevs(session);
      const { chunksBefore, chunksAfter } = result;
      const reclaimedBytes = dryRun ? result.reclaimedBytes : before - store.sizeBytes();
      return { dryRun, chunksBefore, chunksAfter, reclaimedBytes, tookMs: elapsedMs() - startMs };
    }
  });
}

/** Root trees that repositories and work trees keep alive, stored or not. */
async function keptTrees(session: Session, signal: AbortSignal | undefined): Promise<Set<Oid>> {
  const { catalog } = session.store;
  const trees = new Set<Oid>();
  for (const repository of catalog.repositories.values()) {
    throwIfAborted(signal);
    if (!existsSync(repository.path)) {
      session.note(`${repository.name} is no longer at ${repository.path}: only its forks are kept`);
      continue;
    }
    for (const tree of await reachableTrees(repository, signal)) trees.add(tree);
  }
  for (const { kind, tree } of catalog.revs.values()) if (kind === 'worktree') trees.add(tree);
  return trees;
}

/** Those of the trees that are stored, and what forks stand at. */
function rootsOf({ store, snapshots, fingerprint }: Session, trees: ReadonlySet<Oid>): Set<TreeId> {
  const keys = [
    ...[...trees].map((tree) => rootKey(tree, fingerprint)),
    ...[...trees]
      .flatMap((tree) => store.catalog.incompleteRoots.get(tree) ?? [])
      .map((key) => Buffer.from(key, 'base64url')),
    ...[...store.catalog.forks()].map(({ root }) => Buffer.from(root, 'base64url')),
  ];
  return new Set(keys.map((key) => snapshots.findRoot(key)).filter((root) => root !== null));
}

/** Forgets the names of what is no longer stored. */
function forgetRevs({ store, snapshots, fingerprint }: Session): void {
  for (const { repo, name, tree } of [...store.catalog.revs.values()]) {
    if (snapshots.findRoot(rootKey(tree, fingerprint)) === null) store.record({ t: 'forget-rev', repo, name });
  }
}

/** Trees of all commits that a repository still reaches. */
async function reachableTrees({ path }: RepositoryEntry, signal: AbortSignal | undefined): Promise<Oid[]> {
  const repository = await openRepository(path);
  try {
    return await repository.reachableTrees(signal);
  } finally {
    repository.close();
  }
}

/** Verifies the store; with `repair`, makes it whole. */
export async function examine(session: Session, options: CallOptions & { repair?: boolean }): Promise<DoctorResult> {
  const startMs = elapsedMs();
  const repair = options.repair ?? false;
  const run = (): ReturnType<typeof examineStore> =>
    examineStore(session.snapshots, {
      repair,
      signal: options.signal,
      onSegment: (done, total, what) =>
        options.onProgress?.({ phase: 'verify', done, total, unit: 'records', bytes: 0, what }),
    });
  const result = repair ? await session.asRepairer(options, run) : await run();
  return { ...result, tookMs: elapsedMs() - startMs };
}
