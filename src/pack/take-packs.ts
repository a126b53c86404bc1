import { HashIndex, TimeSlices, throwIfAborted } from '../base/index.js';
import type { Oid } from '../model/index.js';
import { noId, renumberSegments } from '../segment/index.js';
import type { CommitRecord, FileRecord, IdKind, RenumberInput, SegmentList, TreeNode } from '../segment/index.js';
import type { NextIds, SegmentEntry, Store } from '../store/index.js';
import { keyOfContentName } from '../text/index.js';
import { idKinds, ofKinds } from './pack-format.js';
import type { Pack, PackDescription } from './pack-format.js';

/** Something by its key. */
export interface Wanted {
  readonly kind: IdKind;
  readonly key: Buffer;
  /** Of a tree: git's name of it, which the key alone does not prove. */
  readonly oid?: Oid;
}

/** Packs of more are each a segment of their own, whose sections are copied as they are; smaller ones together are one, up to so much. */
const smallBytesMax = 1024 * 1024;
const togetherBytesMax = 8 * 1024 * 1024;

/** Packs that are to come into a store, the oldest first, and what of them is taken. */
export class PackSet {
  private readonly taken = new Map<Pack, Record<IdKind, Int32Array>>();
  private readonly packs: Pack[] = [];
  private readonly sequences = new Map<Pack, number>();
  /** What is missing, and before which sequence it was published. */
  private readonly unresolved = ofKinds(() => new Map<string, number>());
  private readonly referred = new Map<Pack, Record<IdKind, Map<number, number>>>();
  private readonly added = ofKinds(() => new HashIndex());
  /** Git's names of trees that are wanted, by their keys. */
  private readonly oids = new Map<string, Oid>();
  private readonly slices: TimeSlices;

  constructor(
    private readonly stored: SegmentList,
    signal?: AbortSignal,
  ) {
    this.slices = new TimeSlices(signal);
  }

  /** What is wanted, or referred to by what is, and is neither in the store nor in a pack so far. */
  get isWhole(): boolean {
    return idKinds.every((kind) => this.unresolved[kind].size === 0);
  }

  get missing(): Wanted[] {
    return idKinds.flatMap((kind) =>
      Array.from(this.unresolved[kind].keys(), (key) => ({ kind, key: Buffer.from(key, 'latin1') })),
    );
  }

  /** Packs in the order of their publishing; those of which nothing is taken are not among them. */
  get takenPacks(): readonly Pack[] {
    return this.packs;
  }

  async want(wanted: readonly Wanted[]): Promise<void> {
    for (const { kind, key, oid } of wanted) {
      if (oid !== undefined) this.oids.set(key.toString('latin1'), oid);
      await this.resolve(kind, key, Infinity);
    }
  }

  /** Which tree of git's is wanted by a key; undefined when that was not said. */
  oidOf(key: Buffer): Oid | undefined {
    return this.oids.get(key.toString('latin1'));
  }

  /**
   * Adds a pack that was published as the given one. What a pack imports is looked for in those alone that were published before it.
   */
  async add(pack: Pack, sequence: number): Promise<void> {
    this.sequences.set(pack, sequence);
    this.packs.push(pack);
    this.packs.sort((a, b) => this.sequences.get(a)! - this.sequences.get(b)!);
    this.taken.set(pack, pack.blankNumbers());
    for (const kind of idKinds) {
      for (const [name, before] of [...this.unresolved[kind]]) {
        const number = sequence < before ? pack.find(kind, Buffer.from(name, 'latin1')) : noId;
        if (number === noId) continue;
        this.unresolved[kind].delete(name);
        await this.mark(pack, kind, number);
      }
    }
  }

  /** Forgets packs of which nothing is taken. */
  dropUnused(): void {
    const used = this.packs.filter((pack) =>
      idKinds.some((kind) => this.taken.get(pack)![kind].some((n) => n !== noId)),
    );
    this.packs.splice(0, this.packs.length, ...used);
  }

  /** How much of a pack is taken: 0, 1 or between. */
  shareTaken(pack: Pack): number {
    let taken = 0;
    let all = 0;
    for (const kind of idKinds)
      for (const number of this.taken.get(pack)![kind]) {
        all++;
        if (number !== noId) taken++;
      }
    return all === 0 ? 0 : taken / all;
  }

  /** What is said of the chunks that are taken. */
  descriptions(): PackDescription[] {
    return this.packs.flatMap((pack) =>
      pack.descriptions().filter(([, content]) => {
        const number = pack.find('docs', keyOfContentName(content));
        return number !== noId && this.isTaken(pack, 'docs', number);
      }),
    );
  }

  isTaken(pack: Pack, kind: IdKind, number: number): boolean {
    return this.taken.get(pack)![kind][number] !== noId;
  }

  /** The record that a number of a pack's, its own or an import, stands for, wherever it is. */
  file(pack: Pack, id: number): FileRecord {
    const place = this.placeOf(pack, 'files', id);
    return place.pack === null ? this.stored.file(place.id) : place.pack.file(place.id);
  }

  tree(pack: Pack, id: number): TreeNode {
    const place = this.placeOf(pack, 'trees', id);
    return place.pack === null ? this.stored.tree(place.id) : place.pack.tree(place.id);
  }

  /** Bytes of a chunk that a file refers to. Null where its text is left out. */
  chunk(pack: Pack, doc: number): Buffer | null {
    const place = this.placeOf(pack, 'docs', doc);
    if (place.pack === null) return this.stored.chunkBytes(place.id);
    return place.pack.lengths === null ? place.pack.segment.content.get(place.id) : null;
  }

  /** How long a chunk is whose text is left out. */
  lengthOf(pack: Pack, doc: number): number {
    const place = this.placeOf(pack, 'docs', doc);
    return place.pack === null ? this.stored.chunkBytes(place.id).length : (place.pack.lengths?.[place.id] ?? 0);
  }

  /**
   * Writes what is taken into the store, with numbers of the store's own; nothing of it is visible before it is published. For the
   * holder of the writer lock, and a set that is whole. `check` is called with each pack before it is written, and returns where its text is.
   * A large pack becomes a segment, small ones that follow one another become one: what was published commit by commit need not be merged here.
   */
  async write(
    store: Store,
    check: (pack: Pack) => Promise<((doc: number) => Uint8Array) | undefined>,
    signal: AbortSignal | undefined,
    onPack?: (done: number, total: number) => void,
  ): Promise<{ entries: SegmentEntry[]; next: NextIds; packs: number }> {
    let next = store.newIds;
    const entries: SegmentEntry[] = [];
    let waiting: RenumberInput[] = [];
    let waitingBytes = 0;
    let first = next;
    let packs = 0;
    const flush = async (): Promise<void> => {
      if (waiting.length === 0) return;
      const made = await renumberSegments(store, waiting, first, { signal });
      entries.push(made.entry);
      first = next = made.next;
      waiting = [];
      waitingBytes = 0;
    };
    try {
      let done = 0;
      for (const pack of this.packs) {
        throwIfAborted(signal);
        const isLarge = pack.sizeBytes > smallBytesMax;
        if (isLarge || waitingBytes + pack.sizeBytes > togetherBytesMax) await flush();
        const content = await check(pack);
        const { numbers, next: after } = this.number(pack, next);
        if (idKinds.some((kind) => numbers[kind].some((number) => number !== noId))) {
          const refer = (kind: IdKind, id: number): number => this.numberOf(pack, kind, id);
          const { segment } = pack;
          waiting.push({ segment, numbers, refer, ...(content === undefined ? {} : { content }) });
          waitingBytes += pack.sizeBytes;
          packs++;
          next = after;
        }
        if (isLarge) await flush();
        onPack?.(++done, this.packs.length);
      }
      await flush();
      return { entries, next, packs };
    } catch (error) {
      store.removeSegmentFiles(entries.map(({ id }) => id));
      throw error;
    }
  }

  /** Gives what is taken its numbers. What an older pack has brought already is not taken twice. */
  private number(pack: Pack, first: NextIds): { numbers: Record<IdKind, Int32Array>; next: NextIds } {
    const numbers = this.taken.get(pack)!;
    const next = { docs: first.doc, files: first.file, trees: first.tree, commits: first.commit };
    for (const kind of idKinds) {
      const own = numbers[kind];
      const index = this.added[kind];
      for (let at = 0; at < own.length; at++) {
        if (own[at] === noId) continue;
        const known = this.packs.length > 1 ? index.find(pack.keyOf(kind, at)) : noId;
        if (known !== noId) own[at] = noId;
        else {
          own[at] = next[kind]++;
          if (this.packs.length > 1) index.add(pack.keyOf(kind, at), own[at]!);
        }
      }
    }
    const { docs: doc, files: file, trees: tree, commits: commit } = next;
    return { numbers, next: { doc, file, tree, commit, segment: first.segment } };
  }

  /** The store's number of what a number of a pack's stands for, once packs that are older have theirs. */
  private numberOf(pack: Pack, kind: IdKind, id: number): number {
    const own = this.taken.get(pack)![kind][id];
    if (own !== undefined && own !== noId) return own;
    const memo = this.memoOf(pack)[kind];
    let number = memo.get(id);
    if (number === undefined) {
      const key = pack.keyOf(kind, id);
      const added = this.packs.length > 1 ? this.added[kind].find(key) : noId;
      number = added !== noId ? added : this.findStored(kind, key);
      memo.set(id, number);
    }
    return number;
  }

  private memoOf(pack: Pack): Record<IdKind, Map<number, number>> {
    let memo = this.referred.get(pack);
    if (memo === undefined) {
      memo = ofKinds(() => new Map<number, number>());
      this.referred.set(pack, memo);
    }
    return memo;
  }

  private placeOf(pack: Pack, kind: IdKind, id: number): { readonly pack: Pack | null; readonly id: number } {
    if (id < pack.count(kind)) return { pack, id };
    const key = pack.keyOf(kind, id);
    for (const other of this.packs) {
      const number = other.find(kind, key);
      if (number !== noId) return { pack: other, id: number };
    }
    return { pack: null, id: this.findStored(kind, key) };
  }

  private findStored(kind: IdKind, key: Buffer): number {
    const { stored } = this;
    switch (kind) {
      case 'docs':
        return stored.findDoc(key);
      case 'files':
        return stored.findFile(key);
      case 'trees':
        return stored.findTree(key);
      case 'commits':
        return stored.findCommit(key);
    }
  }

  private async resolve(kind: IdKind, key: Buffer, before: number): Promise<void> {
    if (this.isStored(kind, key)) return;
    for (const pack of this.packs) {
      const number = this.sequences.get(pack)! < before ? pack.find(kind, key) : noId;
      if (number !== noId) return this.mark(pack, kind, number);
    }
    this.miss(kind, key, before);
  }

  private isStored(kind: IdKind, key: Buffer): boolean {
    return this.stored.segments.length > 0 && this.findStored(kind, key) !== noId;
  }

  private miss(kind: IdKind, key: Buffer, before: number): void {
    const name = key.toString('latin1');
    this.unresolved[kind].set(name, Math.min(before, this.unresolved[kind].get(name) ?? Infinity));
  }

  /** Takes something with all that it refers to. */
  private async mark(pack: Pack, kind: IdKind, number: number): Promise<void> {
    const open: { pack: Pack; kind: IdKind; number: number }[] = [{ pack, kind, number }];
    const follow = (from: Pack, to: IdKind, id: number): void => {
      if (id < from.count(to)) {
        open.push({ pack: from, kind: to, number: id });
        return;
      }
      const key = from.keyOf(to, id);
      if (this.isStored(to, key)) return;
      const before = this.sequences.get(from)!;
      for (const other of this.packs) {
        const found = this.sequences.get(other)! < before ? other.find(to, key) : noId;
        if (found === noId) continue;
        open.push({ pack: other, kind: to, number: found });
        return;
      }
      this.miss(to, key, before);
    };
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const marks = this.taken.get(at.pack)![at.kind];
      if (marks[at.number] !== noId) continue;
      if (this.slices.isOver) await this.slices.next();
      if (this.isStored(at.kind, at.pack.keyOf(at.kind, at.number))) continue;
      marks[at.number] = 0;
      const from = at.pack;
      switch (at.kind) {
        case 'docs':
          break;
        case 'files':
          for (const doc of from.file(at.number).docs) follow(from, 'docs', doc);
          break;
        case 'trees':
          for (const { file, tree } of from.tree(at.number).entries)
            if (file !== undefined) follow(from, 'files', file);
            else if (tree !== undefined) follow(from, 'trees', tree);
          break;
        case 'commits':
          for (const [to, id] of referencesOf(from.commit(at.number))) follow(from, to, id);
          break;
      }
    }
  }
}

function* referencesOf({ tree, parents, changes }: CommitRecord): Generator<[IdKind, number]> {
  yield ['trees', tree];
  for (const parent of parents) if (parent !== null) yield ['commits', parent];
  for (const { before, after } of changes) {
    if (before !== null) yield ['files', before];
    if (after !== null) yield ['files', after];
  }
}
