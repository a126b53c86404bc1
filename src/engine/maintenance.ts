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
    const roots = new Set<TreeId>();
    const addTree = (tree: Oid): void => {
      const root = snapshots.findRoot(rootKey(tree, session.fingerprint));
      if (root !== null) roots.add(root);
    };
    for (const fork of store.catalog.forks()) {
      const root = snapshots.findRoot(Buffer.from(fork.root, 'hex'));
      if (root !== null) roots.add(root);
    }
    for (const repository of store.catalog.repositories.values()) {
      throwIfAborted(options.signal);
      if (!existsSync(repository.path)) {
        session.note(`${repository.name} is no longer at ${repository.path}: only its forks are kept`);
        continue;
      }
      for (const tree of await reachableTrees(repository, options.signal)) addTree(tree);
    }
    for (const { kind, tree } of store.catalog.revs.values()) if (kind === 'worktree') addTree(tree);
    for (const rev of [...store.catalog.revs.values()]) {
      const root = snapshots.findRoot(rootKey(rev.tree, session.fingerprint));
      if (!dryRun && (root === null || !roots.has(root)))
        store.record({ t: 'forget-rev', repo: rev.repo, name: rev.name });
    }
    const before = store.sizeBytes();
    const result = await collectGarbage(snapshots, roots, {
      dryRun,
      signal: options.signal,
      onSegment: (done, total) =>
        options.onProgress?.({ phase: 'gc', done, total, unit: 'records', bytes: 0, what: 'segments' }),
    });
    const reclaimedBytes = dryRun ? result.reclaimedBytes : before - store.sizeBytes();
    return {
      dryRun,
      chunksBefore: result.chunksBefore,
      chunksAfter: result.chunksAfter,
      reclaimedBytes,
      tookMs: elapsedMs() - startMs,
    };
  });
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
  const result = repair ? await session.asWriter(options, run) : await run();
  return { ...result, tookMs: elapsedMs() - startMs };
}
