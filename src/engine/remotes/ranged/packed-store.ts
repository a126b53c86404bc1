import { CoppiceError, HashIndex, elapsedMs, throwIfAborted } from '../../../base/index.js';
import { asOid, asTreeId, clusterIdMin } from '../../../model/index.js';
import type { Oid, TreeId } from '../../../model/index.js';
import { Pack, PackSet, idKinds, verifyTrees } from '../../../pack/index.js';
import type { Wanted } from '../../../pack/index.js';
import { inParallel, remoteInvalid } from '../../../remote/index.js';
import type { PackRef, Publications } from '../../../remote/index.js';
import { ForeignSegments, NotHere, SegmentList, noId, overlaySegment } from '../../../segment/index.js';
import type { IdKind } from '../../../segment/index.js';
import { rootKey } from '../../../snapshot/index.js';
import type { FarSegments } from '../../../snapshot/index.js';
import type { NextIds } from '../../../store/index.js';
import type { Session } from '../../session/session.js';
import type { SharedStore } from '../../shared/shared-store.js';
import type { CallOptions } from '../../types.js';
import { checkOrigin } from '../candidates.js';
import type { PublishedRepository } from '../published-repository.js';
import { readPack } from '../read-pack.js';
import { keepDescriptions } from '../take.js';
import { openRangedParts } from './ranged-parts.js';

type Call = CallOptions & { readonly patienceMs?: number | undefined };

const firstIds: NextIds = {
  doc: clusterIdMin,
  file: clusterIdMin,
  tree: clusterIdMin,
  commit: clusterIdMin,
  segment: 0,
};
/** Of a repository with a history there are as many segments as packs, and no more. */
const limits = { segmentsMax: Infinity, bytesMax: 512 * 1024 * 1024, quietMs: 10_000 };
/** What a chunk takes that is known by its key, and what lies in memory of a pack that is open. */
const keyBytes = 48;

const triesMax = 100;
/** The likeliest come first: who needs one of a large repository's needs most of them. */
const openAtOnce = 16;

interface Entry {
  readonly pack: Pack;
  /** Its chunks have numbers already. */
  hasDocs: boolean;
}

/**
 * What a process has opened of packs without taking it into its store: over each pack lies a segment in memory with its files and directories
 * under numbers of the process's own; texts, definitions, postings and vectors are read in the pack, where that is, as questions need them. Nothing
 * here is the only copy of anything.
 */
export class PackedStore implements FarSegments {
  private next = firstIds;
  private readonly met = new ForeignSegments(limits);
  private readonly roots = new Map<string, TreeId>();
  private readonly rootIds = new Set<TreeId>();
  private readonly packs = new Map<string, Entry>();
  private known = newKnown();
  private queue: Promise<unknown> = Promise.resolve();
  private openedMs = 0;
  /** A pack was merged or cleaned up at the remote: what lies over it cannot be read any more. */
  private hasGone = false;

  constructor(private readonly shared: SharedStore) {}

  /** What is in memory of them. */
  get bytes(): number {
    return this.met.bytes;
  }

  has(tree: TreeId): boolean {
    return this.rootIds.has(tree);
  }

  segments(): SegmentList {
    return this.met.all();
  }

  backendOf(): null {
    return null;
  }

  /** The root of a key that is open; null while more is in memory than should be, or what lies over it has gone. */
  rootOf(key: Buffer): TreeId | null {
    const beginsAnew = this.hasGone || this.met.isFull(elapsedMs() - this.openedMs);
    return beginsAnew ? null : (this.roots.get(key.toString('hex')) ?? null);
  }

  /** The root of a published commit, opened with all below it. REMOTE_INVALID. */
  open(
    session: Session,
    remote: Publications,
    published: PublishedRepository,
    commit: Oid,
    refs: readonly PackRef[],
    call: Call,
  ): Promise<TreeId> {
    const oid = asOid(published.commits.get(commit)!.tree);
    const wanted = { kind: 'trees', key: rootKey(oid, session.fingerprint), oid } as const;
    const isFull = this.met.isFull(elapsedMs() - this.openedMs);
    this.openedMs = elapsedMs();
    return this.inTurn(async () => {
      if (this.hasGone || (isFull && this.met.isFull(Infinity))) this.clear();
      try {
        return await this.addUntilHere(session, remote, published, wanted, refs, call);
      } catch (error) {
        if (error instanceof CoppiceError && error.code !== 'INTERNAL') throw error;
        throw remoteInvalid(remote.url, 'a pack does not hold what it says', {}, error);
      }
    });
  }

  trim(): void {
    for (const { pack } of this.packs.values()) pack.rest();
  }

  close(): void {
    this.clear();
  }

  /** One after the other: each takes the numbers that follow those of the one before. */
  private inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.queue.then(action);
    this.queue = done.catch(() => undefined);
    return done;
  }

  /** What was brought to open it may be let go meanwhile, where the cache is full. */
  private async addUntilHere(...what: Parameters<PackedStore['add']>): Promise<TreeId> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.add(...what);
      } catch (error) {
        if (!(error instanceof NotHere) || tries === triesMax) throw error;
        await error.bring(what[5].signal);
      }
    }
  }

  private async add(
    session: Session,
    remote: Publications,
    published: PublishedRepository,
    wanted: Wanted & { readonly oid: Oid },
    refs: readonly PackRef[],
    call: Call,
  ): Promise<TreeId> {
    const { key } = wanted;
    const name = key.toString('hex');
    const known = this.roots.get(name);
    if (known !== undefined) return known;
    const base = this.segments().retain();
    try {
      const set = new PackSet(base, call.signal);
      await set.want([wanted]);
      for (let from = 0; from < refs.length && !set.isWhole; from += openAtOnce) {
        const some = refs.slice(from, from + openAtOnce);
        await this.openAll(session, remote, published, some, call);
        for (const { name, from: sequence } of some) await set.add(this.packs.get(name)!.pack, sequence);
      }
      if (!set.isWhole)
        throw remoteInvalid(
          remote.url,
          `its packs lack ${set.missing.length} ${set.missing[0]!.kind} that they refer to`,
        );
      set.dropUnused();
      for (const pack of set.takenPacks) await verifyTrees(set, pack, remote.url, null, call.signal);
      const said = set.descriptions();
      if (said.length > 0)
        await this.shared.asWriter(call, () => Promise.resolve(keepDescriptions(this.shared.store, said)));
      throwIfAborted(call.signal);
      try {
        for (const pack of set.takenPacks) await this.lay(set, pack);
      } catch (error) {
        this.clear(); // some of it has numbers, and refers to what has none
        throw error;
      }
    } finally {
      base.release();
    }
    const root = asTreeId(this.known.trees.find(key));
    // One that was here before may have come as another's directory, of which nobody said whose name its key is made of.
    const { oid } = this.segments().tree(root);
    if (oid !== wanted.oid) throw remoteInvalid(remote.url, `what it gives for tree ${wanted.oid} is tree ${oid}`);
    this.roots.set(name, root);
    this.rootIds.add(root);
    return root;
  }

  /** Opens packs with what a snapshot is opened with, all at once. */
  private async openAll(
    session: Session,
    remote: Publications,
    published: PublishedRepository,
    refs: readonly PackRef[],
    call: Call,
  ): Promise<void> {
    await inParallel(refs, async (ref) => {
      let pack = this.packs.get(ref.name)?.pack;
      if (pack === undefined) {
        pack = await this.openPack(remote, ref, call);
        checkOrigin(remote, pack, published, session.fingerprint);
        this.packs.set(ref.name, { pack, hasDocs: false });
        this.met.bytes += pack.segment.isHere ? pack.memoryBytes : keyBytes * pack.count('docs');
      }
      await pack.segment.bring(pack.segment.tableRanges, call.signal);
    });
  }

  private async openPack(remote: Publications, ref: PackRef, call: Call): Promise<Pack> {
    const { store, snapshots } = this.shared;
    const ranged = await openRangedParts(remote, ref, store, () => (this.hasGone = true), call);
    if (ranged === null) {
      const pack = await readPack(remote, ref, store, call);
      if (pack === null) throw remoteInvalid(remote.url, 'a pack that its head names is not there: ask again');
      return pack;
    }
    const { header, parts } = ranged;
    await parts.bring(Pack.rootsOf(ref.name, header, remote.url), call.signal);
    return Pack.openParts(ref.name, header, parts, remote.url, snapshots.segmentCaches);
  }

  /** Lays what a set takes of a pack over it, as a segment of its own. */
  private async lay(set: PackSet, pack: Pack): Promise<void> {
    const entry = this.packs.get(pack.name)!;
    const { known, next: first } = this;
    const { segment, place } = pack;
    const hasDocs = !entry.hasDocs;
    // Of a chunk, a file or a directory that two packs have, the first counts.
    const note = (kind: IdKind, base: number, isTaken: (number: number) => boolean): void => {
      for (let number = 0; number < pack.count(kind); number++) {
        const key = pack.keyOf(kind, number);
        if (isTaken(number) && known[kind].find(key) === noId) known[kind].add(key, base + number);
      }
    };
    const taken = (kind: 'files' | 'trees', number: number): boolean => set.isTaken(pack, kind, number);
    if (hasDocs) note('docs', first.doc, () => true);
    note('files', first.file, (number) => taken('files', number));
    note('trees', first.tree, (number) => taken('trees', number));
    const input = {
      segment,
      hasDocs,
      isTaken: taken,
      refer: (kind: IdKind, id: number) => known[kind].find(pack.keyOf(kind, id)),
    };
    const made = await overlaySegment(place, input, first, `${segment.entry.id}-${first.segment}`);
    this.next = made.next;
    entry.hasDocs = true;
    this.met.add(SegmentList.openInMemory(place, made.entry, this.shared.snapshots.segmentCaches), made.ownBytes);
  }

  /** Numbers are never used twice: open snapshots still have theirs. */
  private clear(): void {
    this.met.clear();
    this.roots.clear();
    this.rootIds.clear();
    // Small ones are in memory or in a file that goes with the last who has it open.
    this.packs.clear();
    this.known = newKnown();
    this.hasGone = false;
  }
}

const newKnown = (): Record<IdKind, HashIndex> =>
  Object.fromEntries(idKinds.map((kind) => [kind, new HashIndex()])) as Record<IdKind, HashIndex>;
