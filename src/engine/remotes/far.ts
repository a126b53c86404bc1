import { CoppiceError, elapsedMs, throwIfAborted } from '../../base/index.js';
import { FarStore } from '../../cluster/index.js';
import type { TreeId } from '../../model/index.js';
import { ClusterStorage, readClusterAddress } from '../../remote/index.js';
import type { SharedStore } from '../shared/shared-store.js';
import type { CallOptions, Progress } from '../types.js';

/** A cluster that failed is left alone for so long by who can do without. */
const restMs = 30_000;
/** One that does not answer is not waited for by them. */
const patienceMs = 5_000;
/** What becomes of a tree that is not read from there. */
export const indexedHere = 'what is missing is indexed here';

export interface Far {
  readonly storage: ClusterStorage;
  readonly store: FarStore;
  readonly address: string;
  restsUntilMs: number;
}

/** Tells as progress that one waits for the turns of others. */
export const waitTold =
  (url: string, phase: Progress['phase'], onProgress: CallOptions['onProgress']) =>
  (why: string): void =>
    onProgress?.({ phase, done: 0, total: 0, unit: 'records', bytes: 0, what: `${url}: waits, as ${why}` });

const known = new WeakMap<SharedStore, Far>();

/** The cluster that is this process's remote. */
export function farOf(shared: SharedStore): Far {
  const address = shared.settings.remote!;
  let far = known.get(shared);
  if (far?.address !== address) {
    shared.snapshots.far?.close();
    const storage = new ClusterStorage(readClusterAddress(address));
    const store = new FarStore(storage.cluster, shared.snapshots.segmentCaches);
    far = { storage, store, address, restsUntilMs: 0 };
    known.set(shared, far);
    shared.snapshots.far = store;
  }
  return far;
}

/**
 * What `action` makes of the cluster, for who can do without: null when it fails, and for a while after. That is told, with what becomes of it
 * `instead`. Patience with a cluster that does not answer is short. ABORTED.
 */
export async function orWithout<T>(
  shared: SharedStore,
  instead: string,
  call: CallOptions,
  action: (far: Far, call: CallOptions & { readonly patienceMs: number }) => Promise<T>,
): Promise<T | null> {
  const far = farOf(shared);
  if (elapsedMs() < far.restsUntilMs) return null;
  try {
    return await action(far, { ...call, patienceMs });
  } catch (error) {
    throwIfAborted(call.signal);
    far.restsUntilMs = elapsedMs() + restMs;
    shared.note(`${error instanceof CoppiceError ? error.message : String(error)}; ${instead}`);
    return null;
  }
}

/**
 * A root tree by its key, where the cluster that is this process's remote has it; else null. Who can index it instead does so when the cluster
 * fails, which is told.
 */
export async function openFar(
  shared: SharedStore,
  key: Buffer,
  mustBeThere: boolean,
  call: CallOptions,
): Promise<TreeId | null> {
  const rootKey = key.toString('hex');
  if (mustBeThere) return farOf(shared).store.open(rootKey, call);
  return orWithout(shared, indexedHere, call, ({ store }, patient) => store.open(rootKey, patient));
}
