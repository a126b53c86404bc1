import { CoppiceError, elapsedMs } from '../../base/index.js';
import { asOid } from '../../model/index.js';
import type { Oid } from '../../model/index.js';
import { PackSet, verifyPack } from '../../pack/index.js';
import type { Pack, PackDescription, Wanted } from '../../pack/index.js';
import { remoteInvalid } from '../../remote/index.js';
import type { PackRef, Publications } from '../../remote/index.js';
import { commitKey, rootKey } from '../../snapshot/index.js';
import type { SegmentList } from '../../segment/index.js';
import type { Session } from '../session/session.js';
import type { CallOptions } from '../types.js';
import { candidatesOf, checkOrigin } from './candidates.js';
import type { OpenPacks } from './open-packs.js';
import { findPublished } from './published-repository.js';
import type { PublishedRepository } from './published-repository.js';
import { readPack } from './read-pack.js';

/** What is to be taken of what is published. */
export interface TakeRequest {
  readonly commits: readonly Oid[];
  /** The records of the commits and of all before them as well, where they are published. */
  readonly history: boolean;
  /** Where packs are kept open, for who will be asked about other commits next. */
  readonly open?: OpenPacks;
}

/** What has been read of a remote and is not in the store yet. */
export interface FetchedPacks {
  readonly published: PublishedRepository;
  readonly request: TakeRequest;
  readonly packs: readonly { readonly pack: Pack; readonly sequence: number }[];
  /** What of them is taken, found out against a list of segments. */
  readonly found: ResolvedPacks;
  readonly bytes: number;
}

export interface Taken {
  readonly packs: number;
  readonly bytes: number;
  readonly chunks: number;
  readonly tookMs: number;
}

const nothingTaken: Taken = { packs: 0, bytes: 0, chunks: 0, tookMs: 0 };

/** Reads what is published of commits and the store lacks. Nothing changes here yet. */
export async function fetchPacks(
  session: Session,
  remote: Publications,
  published: PublishedRepository,
  request: TakeRequest,
  call: CallOptions & { readonly patienceMs?: number },
): Promise<FetchedPacks> {
  const opened = new Map<string, { pack: Pack; sequence: number }>();
  for (let tries = 1; ; tries++) {
    try {
      const found = await resolvePacks(session, remote, published, request, opened, call);
      const { packs } = found;
      const bytes = packs.reduce((sum, { pack }) => sum + pack.sizeBytes, 0);
      for (const { pack } of opened.values()) if (!packs.some((used) => used.pack === pack)) release(request, pack);
      return { published, request, packs, found, bytes };
    } catch (error) {
      // Packs were merged or cleaned up since the head was read.
      if (error instanceof PackGone && tries <= 3) {
        published = await findPublished(session, remote, call);
        continue;
      }
      for (const { pack } of opened.values()) release(request, pack);
      throw asInvalid(remote, error);
    }
  }
}

class PackGone extends Error {}

/** A pack is needed no more. */
function release({ open }: TakeRequest, pack: Pack): void {
  if (open === undefined) pack.close();
  else open.give(pack);
}

interface ResolvedPacks {
  readonly packs: readonly { readonly pack: Pack; readonly sequence: number }[];
  readonly set: PackSet;
  readonly list: SegmentList;
}

async function resolvePacks(
  session: Session,
  remote: Publications,
  published: PublishedRepository,
  request: TakeRequest,
  opened: Map<string, { pack: Pack; sequence: number }>,
  call: CallOptions & { readonly patienceMs?: number },
): Promise<ResolvedPacks> {
  const list = session.snapshots.segments().retain();
  try {
    const { set, add } = await startSet(session, published, request, list, call.signal);
    const used: { pack: Pack; sequence: number }[] = [];
    const candidates = candidatesOf(session, published, request.commits);
    let done = 0;
    let bytes = 0;
    let ahead = 1;
    for (const [i, ref] of candidates.entries()) {
      if (set.isWhole) break;
      if (!opened.has(ref.name)) {
        const next = candidates.slice(i, i + ahead).filter(({ name }) => !opened.has(name));
        await openPacks(session, remote, published, request, readAtOnce(next), opened, call);
        ahead = Math.min(2 * ahead, readAtOnceMax);
      }
      const entry = opened.get(ref.name)!;
      bytes += ref.bytes;
      const total = candidates.length;
      call.onProgress?.({ phase: 'pull', done: ++done, total, unit: 'records', bytes, what: `${remote.url}: packs` });
      await add(entry);
      used.push(entry);
    }
    if (!set.isWhole) {
      const [first] = set.missing;
      throw remoteInvalid(remote.url, `its packs lack ${set.missing.length} ${first!.kind} that they refer to`);
    }
    return { packs: used.sort((a, b) => a.sequence - b.sequence), set, list };
  } finally {
    list.release();
  }
}

/** Who has needed so many packs is likely to need as many more: those are asked for at once, up to so many. */
const readAtOnceMax = 16;
/** And up to so many bytes, if it is more than one: on a slow line they share what each alone has time for. */
const bytesAtOnceMax = 2 * 1024 * 1024;

/** The first of some packs, as many as are read at once. */
export function readAtOnce(packs: readonly PackRef[]): readonly PackRef[] {
  let bytes = 0;
  const end = packs.findIndex((pack) => (bytes += pack.bytes) > bytesAtOnceMax);
  return end < 0 ? packs : packs.slice(0, Math.max(1, end));
}

async function openPacks(
  session: Session,
  remote: Publications,
  published: PublishedRepository,
  { open }: TakeRequest,
  refs: readonly PackRef[],
  opened: Map<string, { pack: Pack; sequence: number }>,
  call: CallOptions & { readonly patienceMs?: number },
): Promise<void> {
  const reading = refs.map(async (ref) => {
    const read = (): Promise<Pack | null> => readPack(remote, ref, session.store, call);
    const pack = await (open === undefined ? read() : open.take(ref.name, read, call.signal));
    if (pack === null) throw new PackGone();
    opened.set(ref.name, { pack, sequence: ref.from });
    checkOrigin(remote, pack, published, session.fingerprint);
  });
  for (const read of await Promise.allSettled(reading)) if (read.status === 'rejected') throw read.reason;
}

async function startSet(
  session: Session,
  { id, commits }: PublishedRepository,
  { commits: wantedCommits, history }: TakeRequest,
  list: ReturnType<Session['snapshots']['segments']>,
  signal: AbortSignal | undefined,
): Promise<{ set: PackSet; add: (entry: { pack: Pack; sequence: number }) => Promise<void> }> {
  const { fingerprint } = session;
  const set = new PackSet(list, signal);
  const wanted: Wanted[] = [];
  for (const commit of wantedCommits) {
    const row = commits.get(commit);
    if (row === undefined) continue;
    const oid = asOid(row.tree);
    wanted.push({ kind: 'trees', key: rootKey(oid, fingerprint), oid });
    if (history && row.recorded) wanted.push({ kind: 'commits', key: commitKey(commit, id, fingerprint) });
  }
  await set.want(wanted);
  return { set, add: ({ pack, sequence }) => set.add(pack, sequence) };
}

/**
 * Takes into the store what was fetched: checked against git, under numbers of the store's own, published at once. The store is as it
 * was when anything is wrong.
 */
export async function takePacks(
  session: Session,
  remote: Publications,
  fetched: FetchedPacks,
  call: CallOptions,
): Promise<Taken> {
  const startMs = elapsedMs();
  if (fetched.packs.length === 0) return nothingTaken;
  const held = new Set(fetched.packs.map(({ pack }) => pack));
  const { repository, shared, snapshots, store } = session;
  const take = async (): Promise<Taken> => {
    const list = snapshots.segments().retain();
    try {
      let { found } = fetched;
      if (found.list !== list) {
        // Others have written meanwhile: what is lacking is found out anew, mostly from what was read.
        const again = new Map(fetched.packs.map((entry) => [entry.pack.name, entry]));
        try {
          found = await resolvePacks(session, remote, fetched.published, fetched.request, again, call);
        } finally {
          for (const { pack } of again.values()) held.add(pack);
        }
      }
      const { set } = found;
      set.dropUnused();
      const git = session.isPublished
        ? null
        : {
            readTree: (oid: Oid) => repository.readTree(oid),
            readBlob: (oid: Oid) => repository.readBlob(oid),
          };
      const said = set.descriptions();
      const {
        entries,
        next,
        packs: used,
      } = await set.write(
        store,
        (pack) => verifyPack(set, pack, remote.url, git, call.signal),
        call.signal,
        (done, total) =>
          call.onProgress?.({ phase: 'pull', done, total, unit: 'records', bytes: 0, what: 'packs taken in' }),
      );
      if (entries.length === 0) return nothingTaken;
      keepDescriptions(store, said);
      store.publish({ add: entries, remove: [], next });
      snapshots.segments();
      const chunks = entries.reduce((sum, { docs }) => sum + docs[1] - docs[0], 0);
      return { packs: used, bytes: fetched.bytes, chunks, tookMs: elapsedMs() - startMs };
    } finally {
      list.release();
    }
  };
  try {
    await session.repositoryId(); // the store has to know whose this is, or it would be garbage
    return await shared.asWriter(call, take);
  } catch (error) {
    throw asInvalid(remote, error);
  } finally {
    for (const pack of held) release(fetched.request, pack);
  }
}

/** For the holder of the writer lock. What is said of chunks already stays as it is. */
export function keepDescriptions(store: Session['store'], said: readonly PackDescription[]): void {
  for (const describer of new Set(said.map(([by]) => by))) {
    const log = store.descriptions(describer);
    log.refresh();
    const fresh = said.filter(([by, key]) => by === describer && log.textOf(key) === undefined);
    log.append(fresh.map(([, key, text]) => ({ key, text })));
  }
}

/** What goes wrong in the middle of a pack whose hash is right: whoever made it made it so. */
const asInvalid = ({ url }: Publications, error: unknown): unknown => {
  if (error instanceof PackGone) return remoteInvalid(url, 'a pack that its head names is not there');
  return error instanceof CoppiceError && error.code !== 'INTERNAL'
    ? error
    : remoteInvalid(url, 'a pack does not hold what it says', {}, error);
};

/** For what was fetched and is not taken after all. */
export function letGo({ packs, request }: FetchedPacks): void {
  for (const { pack } of packs) release(request, pack);
}
