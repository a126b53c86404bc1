import { collectGarbage } from '../../indexing/index.js';
import { asTreeId } from '../../model/index.js';
import type { SharedStore } from '../shared/shared-store.js';

/** How many of the roots that were used last stay, the first share that makes room enough. */
const shares = [0.75, 0.5, 0.25, 0.1, 0];
/** When room is made, so much of it that it lasts for a while. */
const leftShare = 0.8;

/** See `shrinkStore`. Forks and leases stay. */
export async function evict(shared: SharedStore, bytesMax: number): Promise<void> {
  const { store, snapshots, usedRoots } = shared;
  store.remoteObjects.clear();
  store.snapshots.clear();
  if (store.sizeBytes() <= bytesMax) return;
  store.blocks.shrink(Math.max(0, bytesMax * leftShare - (store.sizeBytes() - store.blocks.sizeBytes())));
  if (store.sizeBytes() <= bytesMax) return;
  const latest = [...usedRoots].sort(([, a], [, b]) => b - a).map(([root]) => root);
  for (const share of shares) {
    const kept = latest.slice(0, Math.floor(latest.length * share));
    await shared.asCollector({}, async () => {
      store.refresh();
      const forks = store.catalog
        .forks()
        .flatMap(({ root }) => snapshots.findRoot(Buffer.from(root, 'base64url')) ?? []);
      const roots = [...kept.map(asTreeId), ...forks].filter((root) => snapshots.segments().has('trees', root));
      const { forkChanges } = store.catalog;
      await collectGarbage(snapshots, { roots, commits: [] }, { dryRun: false, forkChanges });
    });
    for (const root of latest) if (!kept.includes(root)) usedRoots.delete(root);
    if (store.sizeBytes() <= bytesMax * leftShare) return;
  }
}
