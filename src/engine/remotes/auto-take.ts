import { CoppiceError, elapsedMs, sleep, throwIfAborted, messageOf } from '../../base/index.js';
import { asOid } from '../../model/index.js';
import type { Oid, TreeId } from '../../model/index.js';
import { isClusterAddress } from '../../remote/index.js';
import type { Publications } from '../../remote/index.js';
import { rootKey } from '../../snapshot/index.js';
import type { Session } from '../session/session.js';
import type { SharedStore } from '../shared/shared-store.js';
import type { CallOptions } from '../types.js';
import { notPublished } from '../revs/not-published.js';
import { candidatesOf } from './candidates.js';
import { OpenPacks } from './open-packs.js';
import { openRemote } from './open-remote.js';
import { findPublished } from './published-repository.js';
import type { PublishedRepository } from './published-repository.js';
import { isHere, nearestPublished } from './pull.js';
import { PackedStore } from './ranged/packed-store.js';
import { fetchPacks, letGo, takePacks } from './take.js';
import type { FetchedPacks } from './take.js';

/** A remote that failed is left alone for so long. */
const restMs = 30_000;
/** What was read of a head is taken for true so long. */
const headMsMax = 1_000;
/** A remote that does not answer is not waited for. */
const patienceMs = 5_000;
/** The remote has so long to tell what it has before indexing begins beside it: little where a base is here already, as indexing a diff is quick. */
const aheadMsNear = 100;
const aheadMsFar = 300;
/** Who has told has as long as indexing as much takes at the very least, within a bound: so long, and more for each byte of its packs. */
const aheadMsMin = 250;
const aheadMsMax = 2_000;
const aheadBytesPerMs = 2_000;
/** Packs of tips that are larger together are searched where they are, by who has no clone: taking them in takes longer than anyone waits. */
const takenBytesMaxDefault = 64 * 1024 * 1024;

/** The remote of a process, which is asked before anything is indexed. */
class RemoteSource {
  /** Of one that is asked about whatever is published. */
  readonly openPacks = new OpenPacks();
  /** What of such a one is searched where it is. */
  packed: PackedStore | null = null;
  private restsUntilMs = 0;
  private opened: Publications | null = null;
  private readonly heads = new Map<string, { readonly atMs: number; readonly found: Promise<PublishedRepository> }>();

  constructor(
    private readonly shared: SharedStore,
    private readonly address: string,
    opened: Publications | null,
  ) {
    this.opened = opened;
  }

  /** As any remote that fails: REMOTE_REFUSED where there are no credentials for it. */
  get publications(): Publications {
    return (this.opened ??= openRemote(this.shared, this.address));
  }

  get isResting(): boolean {
    return elapsedMs() < this.restsUntilMs;
  }

  /** Shared by who asks within a second, so none of them ends it. */
  published(session: Session): Promise<PublishedRepository> {
    const key = session.repository.commonDir;
    const known = this.heads.get(key);
    if (known !== undefined && elapsedMs() - known.atMs < headMsMax) return known.found;
    const found = (async () => findPublished(session, this.publications, { patienceMs }))();
    found.catch(() => this.heads.delete(key));
    this.heads.set(key, { atMs: elapsedMs(), found });
    return found;
  }

  wasOvertaken(): void {
    this.shared.note(`${this.opened?.url ?? 'the remote'} has not answered yet; what was missing is indexed here`);
  }

  failed(error: unknown): void {
    if (error instanceof CoppiceError && error.code === 'ABORTED') return;
    this.restsUntilMs = elapsedMs() + restMs;
    this.shared.note(
      `${this.opened?.url ?? 'the remote'} is not used: ${messageOf(error)}; what is missing is indexed here`,
    );
  }
}

const sources = new WeakMap<SharedStore, RemoteSource>();

function sourceOf(shared: SharedStore): RemoteSource | null {
  const { remote } = shared.settings;
  if (remote === null || isClusterAddress(remote)) return null;
  let source = sources.get(shared);
  if (source === undefined)
    sources.set(shared, (source = new RemoteSource(shared, remote, openedOrRefused(shared, remote))));
  return source;
}

/** Null: there are no credentials, so that it is as any remote that fails. REMOTE_INVALID for what can never be one. */
function openedOrRefused(shared: SharedStore, address: string): Publications | null {
  try {
    return openRemote(shared, address);
  } catch (error) {
    if (error instanceof CoppiceError && error.code === 'REMOTE_REFUSED') return null;
    throw error;
  }
}

/** What is indexed from now on is looked for there, through an object that its owner reads from as well: what one has read both know. */
export function takeFrom(shared: SharedStore, remote: Publications, address: string): void {
  shared.useRemote(address);
  sources.set(shared, new RemoteSource(shared, address, remote));
}

/**
 * Has a commit's tree, or that of the nearest commit before it, come from the remote while `index` makes it here, whichever is
 * first: a remote that is slow or gone costs no more than indexing does. `index` is called with a signal that ends it when the packs are
 * here, and again for what they lack.
 */
export async function takeOrIndex<T>(
  session: Session,
  commit: Oid | null,
  hasBase: boolean,
  call: CallOptions,
  index: (call: CallOptions) => Promise<T>,
): Promise<T> {
  const source = sourceOf(session.shared);
  if (source === null || source.isResting) return index(call);
  const stop = new AbortController();
  const signal = call.signal === undefined ? stop.signal : AbortSignal.any([call.signal, stop.signal]);
  let tellBytes: (bytes: number) => void = () => undefined;
  let hasTold = false;
  const told = new Promise<number>((resolve) => {
    tellBytes = (bytes) => {
      hasTold = true;
      resolve(bytes);
    };
  });
  const fetching = fetchNear(session, source, commit, { ...call, signal }, tellBytes).catch((error: unknown) => {
    if (!stop.signal.aborted) source.failed(error);
    return null;
  });
  let hasEnded = false;
  void fetching.then(() => (hasEnded = true));
  const late = async (): Promise<'late'> => {
    const bytes = await Promise.race([told, sleep(hasBase ? aheadMsNear : aheadMsFar, signal)]);
    if (typeof bytes === 'number' && !hasBase)
      await sleep(Math.min(aheadMsMin + bytes / aheadBytesPerMs, aheadMsMax), signal);
    return 'late';
  };
  const ahead = await Promise.race([fetching, late()]);
  throwIfAborted(call.signal);
  if (ahead !== 'late') {
    stop.abort();
    if (ahead !== null) await takeOrTell(session, source, ahead, call);
    return index(call);
  }
  const yieldTo = new AbortController();
  void fetching.then((fetched) => fetched !== null && fetched.packs.length > 0 && yieldTo.abort());
  try {
    const within = call.signal === undefined ? yieldTo.signal : AbortSignal.any([call.signal, yieldTo.signal]);
    return await index({ ...call, signal: within });
  } catch (error) {
    if (!yieldTo.signal.aborted || call.signal?.aborted === true) throw error;
  } finally {
    if (!yieldTo.signal.aborted) {
      if (!hasTold && !hasBase && !hasEnded) source.wasOvertaken();
      stop.abort();
      void fetching.then((fetched) => fetched !== null && letGo(fetched));
    }
  }
  const fetched = await fetching;
  if (fetched !== null) await takeOrTell(session, source, fetched, call);
  return index(call);
}

/** As `takeOrIndex`, where nothing can be indexed: REMOTE_NOT_FOUND, and whatever is wrong with the remote. */
export async function takePublished(session: Session, commit: Oid | null, call: CallOptions): Promise<void> {
  const source = sourceOf(session.shared);
  if (source === null || commit === null) throw notPublished(commit);
  const remote = source.publications;
  const published = await source.published(session);
  throwIfAborted(call.signal);
  if (!published.commits.has(commit)) throw notPublished(commit);
  const request = { commits: [commit], history: false, open: source.openPacks };
  const fetched = await fetchPacks(session, remote, published, request, { ...call, patienceMs: 30_000 });
  await takePacks(session, remote, fetched, call);
}

/**
 * The root of a key, which is a published commit's, searched where it lies: null for what is small enough to be taken in, which is quicker to search,
 * and where the remote says another tree of that commit. REMOTE_NOT_FOUND, and whatever is wrong with the remote.
 */
export async function openPublished(
  session: Session,
  key: Buffer,
  commit: Oid | null,
  call: CallOptions,
): Promise<TreeId | null> {
  const { shared } = session;
  const source = sourceOf(shared);
  if (source === null || commit === null) return null;
  const published = await source.published(session);
  throwIfAborted(call.signal);
  const row = published.commits.get(commit);
  if (row === undefined) throw notPublished(commit);
  if (!rootKey(asOid(row.tree), session.fingerprint).equals(key)) return null;
  const refs = candidatesOf(session, published, [commit]);
  const bytes = refs.reduce((sum, ref) => (ref.history || !ref.text ? sum : sum + ref.bytes), 0);
  if (bytes <= (shared.options.takenBytesMax ?? takenBytesMaxDefault)) return null;
  if (source.packed === null) shared.snapshots.far = source.packed = new PackedStore(shared);
  return source.packed.open(session, source.publications, published, commit, refs, { ...call, patienceMs: 30_000 });
}

/** The root of a key that was opened so before. */
export const openedBefore = (shared: SharedStore, key: Buffer): TreeId | null =>
  sources.get(shared)?.packed?.rootOf(key) ?? null;

async function fetchNear(
  session: Session,
  source: RemoteSource,
  commit: Oid | null,
  call: CallOptions & { readonly signal: AbortSignal },
  tellBytes: (bytes: number) => void,
): Promise<FetchedPacks | null> {
  const wanted = commit ?? (await session.repository.head()).commit;
  const published = await source.published(session);
  throwIfAborted(call.signal);
  const near = await nearestPublished(session, published, wanted, call.signal);
  if (near === null || isHere(session, published.commits.get(near)!.tree)) return null;
  tellBytes(published.head.body.packs.reduce((sum, { bytes }) => sum + bytes, 0));
  return fetchPacks(
    session,
    source.publications,
    published,
    { commits: [near], history: false },
    { ...call, patienceMs },
  );
}

/** A pack that is refused is told; what it should have held is indexed. */
async function takeOrTell(
  session: Session,
  source: RemoteSource,
  fetched: FetchedPacks,
  call: CallOptions,
): Promise<void> {
  try {
    await takePacks(session, source.publications, fetched, call);
  } catch (error) {
    throwIfAborted(call.signal);
    source.failed(error);
  }
}

/** The records of commits and their history, where the remote has them: `log` need not make them. */
export async function takeHistory(session: Session, commits: readonly Oid[], call: CallOptions): Promise<void> {
  const source = sourceOf(session.shared);
  if (source === null || (source.isResting && !session.isPublished) || commits.length === 0) return;
  try {
    const signal = call.signal ?? new AbortController().signal;
    const published = await source.published(session);
    throwIfAborted(call.signal);
    if (published.id !== (await session.repositoryId())) return;
    const recorded = new Set([...published.commits].flatMap(([oid, row]) => (row.recorded ? [oid as Oid] : [])));
    const near: Oid[] = [];
    for (const commit of commits) {
      const found = await session.repository.nearest(commit, recorded, 1000, signal);
      if (found !== null && (await session.recordedTree(found)) === null) near.push(found);
    }
    if (near.length === 0) return;
    const request = { commits: near, history: true, ...(session.isPublished && { open: source.openPacks }) };
    const fetched = await fetchPacks(session, source.publications, published, request, { ...call, patienceMs });
    await takePacks(session, source.publications, fetched, call);
  } catch (error) {
    throwIfAborted(call.signal);
    source.failed(error);
  }
}
