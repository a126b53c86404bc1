import { closeSync, openSync, readFileSync, readSync, statSync, type BigIntStats, type Stats } from 'node:fs';
import { join } from 'node:path';
import { assertNotExhausted, decodeBytes, encodeBytes, systemErrorCode } from '../../base/index.js';
import { asOid, type Oid } from '../../model/index.js';
import { parseCacheTree, type CachedTree } from './cache-tree.js';
import type { Location } from '../locate.js';
import { oidBytes } from '../objects/object-hash.js';

/** A file that the index tracks. */
export interface IndexEntry {
  readonly mode: number;
  readonly oid: Oid;
}

const gitlinkMode = 0o160000;
const folderMode = 0o040000;
const headerLength = 12;
/** Of an entry, before its oid: two times, dev, ino, mode, uid, gid, size. */
const statLength = 40;
const flags = { assumeValid: 0x8000, extended: 0x4000, stage: 0x3000, nameLength: 0xfff };
const intentToAdd = 0x2000; // of the extended flags, as
const skipWorktree = 0x4000;

/**
 * Git's index as it is on disk. What git was told not to compare (assume-unchanged, skip-worktree) is tracked like any other
 * file. A path in conflict is in it once for each stage.
 */
export class GitIndex {
  /** Paths of submodules, sorted. */
  readonly gitlinks: readonly string[];
  private readTree: CachedTree | null = null;

  private constructor(
    private readonly bytes: Buffer,
    private readonly oidLength: number,
    /** Where entries begin, in order of path. */
    private readonly offsets: Uint32Array,
    /** Changes when the file does; empty when it cannot be told. */
    readonly stamp: string,
    /** When it was written, in seconds and nanoseconds. */
    private readonly written: readonly [seconds: number, nanoseconds: number],
    /** Its extension `TREE`, where it has that. */
    private readonly treeBytes: Buffer | null,
  ) {
    const gitlinks: string[] = [];
    for (const at of offsets)
      if (bytes.readUInt32BE(at + 24) === gitlinkMode) gitlinks.push(decodeBytes(this.nameAt(at)));
    this.gitlinks = gitlinks;
  }

  /** Trees that the entries of some folders are known to make. Read when asked for: a search of files does without. */
  get cachedTree(): CachedTree | null {
    return (this.readTree ??= this.treeBytes === null ? null : parseCacheTree(this.treeBytes, this.oidLength));
  }

  /**
   * The index as it is now: `known`, when it has not changed since. Empty before the first `git add`. Null for one that does
   * not say all by itself: split, sparse, or of a later version; see `fromListing`.
   */
  static read(location: Location, known: GitIndex | null): GitIndex | null {
    const file = join(location.gitDir, 'index');
    const oidLength = oidBytes(location.objectFormat);
    try {
      const stats = statSync(file, { bigint: true });
      const stamp = stampOf(stats);
      if (known?.stamp === stamp) return known;
      const bytes = readFileSync(file);
      // Git never writes into it, but puts another in its place.
      if (stampOf(statSync(file, { bigint: true })) !== stamp) return null;
      const parsed = parse(bytes, oidLength);
      const written = [Number(stats.mtimeNs / 1_000_000_000n), Number(stats.mtimeNs % 1_000_000_000n)] as const;
      if (parsed === null) return null;
      return new GitIndex(parsed.bytes, oidLength, parsed.offsets, stamp, written, parsed.treeBytes);
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') return null;
      if (known?.stamp === 'none') return known;
      return new GitIndex(Buffer.alloc(0), oidLength, new Uint32Array(0), 'none', [0, 0], null);
    }
  }

  /** How many entries the file has, as its head tells; 0 where there is none. */
  static countIn(location: Location): number {
    try {
      const fd = openSync(join(location.gitDir, 'index'), 'r');
      try {
        const head = Buffer.alloc(12);
        return readSync(fd, head) === head.length ? head.readUInt32BE(8) : 0;
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      assertNotExhausted(error, location.gitDir);
      return 0; // before the first `git add`
    }
  }

  /** Of what `ls-files --stage -z` prints. Nothing in it counts as untouched. */
  static fromListing(listing: Buffer, location: Location): GitIndex {
    const oidLength = oidBytes(location.objectFormat);
    const entries: Buffer[] = [];
    for (let at = 0; at < listing.length;) {
      const tab = listing.indexOf(9, at);
      const end = listing.indexOf(0, tab);
      const [mode, oid, stage] = listing.toString('latin1', at, tab).split(' ') as [string, string, string];
      const stats = Buffer.alloc(statLength);
      stats.writeUInt32BE(Number.parseInt(mode, 8), 24);
      entries.push(entryOf(stats, Buffer.from(oid, 'hex'), Number(stage) << 12, 0, listing.subarray(tab + 1, end)));
      at = end + 1;
    }
    const offsets = new Uint32Array(entries.length);
    for (let i = 0, at = 0; i < entries.length; at += entries[i++]!.length) offsets[i] = at;
    return new GitIndex(Buffer.concat(entries), oidLength, offsets, '', [0, 0], null);
  }

  /** Git was told of a file not to look whether it has changed: it may take the index for what lies on disk. */
  get hasUnwatched(): boolean {
    const { bytes, oidLength } = this;
    return this.offsets.some((offset) => {
      const at = offset + statLength + oidLength;
      const own = bytes.readUInt16BE(at);
      return (
        (own & flags.assumeValid) !== 0 ||
        ((own & flags.extended) !== 0 && (bytes.readUInt16BE(at + 2) & skipWorktree) !== 0)
      );
    });
  }

  get count(): number {
    return this.offsets.length;
  }

  /** Bytes of a path by its entry's number; a view. */
  name(number: number): Buffer {
    return this.nameAt(this.offsets[number]!);
  }

  entry(number: number): IndexEntry {
    const { bytes, oidLength } = this;
    const at = this.offsets[number]!;
    const oid = asOid(bytes.toString('hex', at + statLength, at + statLength + oidLength));
    return { mode: bytes.readUInt32BE(at + 24), oid };
  }

  /** In conflict, or only meant to be added: what it says of content is not that of the file. */
  isUnsettled(number: number): boolean {
    const { bytes, oidLength } = this;
    const at = this.offsets[number]! + statLength + oidLength;
    const own = bytes.readUInt16BE(at);
    if ((own & flags.stage) !== 0) return true;
    return (own & flags.extended) !== 0 && (bytes.readUInt16BE(at + 2) & intentToAdd) !== 0;
  }

  /** The entry's number, of the first where there are several; -1 for a path that is not tracked. */
  numberOf(path: string): number {
    const name = encodeBytes(path);
    const number = this.firstFrom(name);
    return number < this.offsets.length && this.name(number).equals(name) ? number : -1;
  }

  find(path: string): IndexEntry | null {
    const number = this.numberOf(path);
    return number < 0 ? null : this.entry(number);
  }

  /** Whether a file is certainly still what it was when it was compared with its entry. Stricter than git itself is. */
  isUntouched(number: number, stats: Stats): boolean {
    const { bytes } = this;
    const at = this.offsets[number]!;
    if (this.isUnsettled(number)) return false;
    const [seconds, nanoseconds] = [bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12)];
    // It may have changed once more right after.
    if (seconds > this.written[0] || (seconds === this.written[0] && nanoseconds >= this.written[1])) return false;
    return (
      bytes.readUInt32BE(at + 36) === (stats.size & 0xffffffff) >>> 0 &&
      bytes.readUInt32BE(at + 20) === Number(BigInt(stats.ino) & 0xffffffffn) &&
      isTime(bytes, at, stats.ctimeMs) &&
      isTime(bytes, at + 8, stats.mtimeMs)
    );
  }

  /** Tracked paths below a folder. */
  *below(folder: string): Generator<string, void, undefined> {
    const prefix = encodeBytes(`${folder}/`);
    for (let i = this.firstFrom(prefix); i < this.offsets.length; i++) {
      const name = this.name(i);
      if (!name.subarray(0, prefix.length).equals(prefix)) return;
      yield decodeBytes(name);
    }
  }

  /** Every tracked path. */
  *paths(): Generator<string, void, undefined> {
    for (const at of this.offsets) yield decodeBytes(this.nameAt(at));
  }

  /** Paths that only one of two has, or that they track differently. */
  differences(other: GitIndex): Generator<string, void, undefined> {
    return this.pathsOtherwise(other, (at, index) => index.contentAt(at));
  }

  /** Those, and others that git has looked at or written since. */
  rewritten(other: GitIndex): Generator<string, void, undefined> {
    return this.pathsOtherwise(other, (at, { bytes, oidLength }) =>
      bytes.subarray(at, at + statLength + oidLength + 2),
    );
  }

  private *pathsOtherwise(
    other: GitIndex,
    whatCounts: (at: number, index: GitIndex) => Buffer,
  ): Generator<string, void, undefined> {
    let [i, j] = [0, 0];
    while (i < this.offsets.length || j < other.offsets.length) {
      const [at, otherAt] = [this.offsets[i], other.offsets[j]];
      const [name, otherName] = [
        at === undefined ? null : this.nameAt(at),
        otherAt === undefined ? null : other.nameAt(otherAt),
      ];
      const order = name === null ? 1 : otherName === null ? -1 : name.compare(otherName);
      if (order === 0 && !whatCounts(at!, this).equals(whatCounts(otherAt!, other))) yield decodeBytes(name!);
      if (order < 0) yield decodeBytes(name!);
      if (order > 0) yield decodeBytes(otherName!);
      if (order <= 0) i++;
      if (order >= 0) j++;
    }
  }

  private nameAt(at: number): Buffer {
    return nameAt(this.bytes, at, this.oidLength);
  }

  /** Mode and oid, next to each other but for owner and size; and whether that is all there is to say. */
  private contentAt(at: number): Buffer {
    const { bytes, oidLength } = this;
    return Buffer.concat([
      bytes.subarray(at + 24, at + 28),
      bytes.subarray(at + statLength, at + statLength + oidLength),
      Buffer.of((bytes.readUInt16BE(at + statLength + oidLength) & flags.stage) >>> 12),
    ]);
  }

  /** Position of the first entry whose path is not before a name. */
  private firstFrom(name: Buffer): number {
    let low = 0;
    let high = this.offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.name(middle).compare(name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface ParsedIndex {
  /** Entries as version 3 has them. */
  readonly bytes: Buffer;
  readonly offsets: Uint32Array;
  readonly treeBytes: Buffer | null;
}

/** Null for an index that does not say all. */
function parse(bytes: Buffer, oidLength: number): ParsedIndex | null {
  const version = bytes.readUInt32BE(4);
  if (bytes.toString('latin1', 0, 4) !== 'DIRC' || version < 2 || version > 4) return null;
  const offsets = new Uint32Array(bytes.readUInt32BE(8));
  const expanded: Buffer[] = [];
  let expandedLength = 0;
  let name = Buffer.alloc(0);
  let at = headerLength;
  for (let i = 0; i < offsets.length; i++) {
    if (bytes.readUInt32BE(at + 24) === folderMode) return null; // all of a folder that is not checked out
    const own = bytes.readUInt16BE(at + statLength + oidLength);
    const flagsLength = (own & flags.extended) === 0 ? 2 : 4;
    if (version < 4) {
      offsets[i] = at;
      at += (statLength + oidLength + flagsLength + nameAt(bytes, at, oidLength).length + 8) & ~7; // at least one NUL
      continue;
    }
    // Of a name only what differs from the one before.
    const fixedEnd = at + statLength + oidLength + flagsLength;
    const [kept, from] = readOffset(bytes, fixedEnd);
    const end = bytes.indexOf(0, from);
    name = Buffer.concat([name.subarray(0, name.length - kept), bytes.subarray(from, end)]);
    const more = flagsLength === 4 ? bytes.readUInt16BE(fixedEnd - 2) : 0;
    const oid = bytes.subarray(at + statLength, at + statLength + oidLength);
    const entry = entryOf(bytes.subarray(at, at + statLength), oid, own, more, name);
    offsets[i] = expandedLength;
    expanded.push(entry);
    expandedLength += entry.length;
    at = end + 1;
  }
  // Extensions in small letters change what the entries mean.
  let treeBytes: Buffer | null = null;
  for (const end = bytes.length - oidLength; at < end; at += 8 + bytes.readUInt32BE(at + 4)) {
    const extension = bytes.toString('latin1', at, at + 4);
    if (/^[a-z]/.test(extension)) return null;
    if (extension === 'TREE') treeBytes = bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at + 4));
  }
  return { bytes: version < 4 ? bytes : Buffer.concat(expanded), offsets, treeBytes };
}

/** An entry as version 3 has it, without what fills it up. */
function entryOf(stats: Buffer, oid: Buffer, own: number, extended: number, name: Buffer): Buffer {
  const length = Math.min(name.length, flags.nameLength);
  const bits = Buffer.alloc((own & flags.extended) === 0 ? 2 : 4);
  bits.writeUInt16BE((own & ~flags.nameLength) | length);
  if (bits.length === 4) bits.writeUInt16BE(extended, 2);
  return Buffer.concat([stats, oid, bits, name, Buffer.of(0)]);
}

function nameAt(bytes: Buffer, at: number, oidLength: number): Buffer {
  const own = bytes.readUInt16BE(at + statLength + oidLength);
  const from = at + statLength + oidLength + ((own & flags.extended) === 0 ? 2 : 4);
  const length = own & flags.nameLength;
  return bytes.subarray(from, length < flags.nameLength ? from + length : bytes.indexOf(0, from));
}

/** Git's number of variable length for offsets: each further byte also counts the shorter numbers. */
function readOffset(bytes: Buffer, at: number): [value: number, end: number] {
  let byte = bytes[at++]!;
  let value = byte & 127;
  while ((byte & 128) !== 0) {
    byte = bytes[at++]!;
    value = (value + 1) * 128 + (byte & 127);
  }
  return [value, at];
}

/** Milliseconds have no room for all of a nanosecond: git may have written none. */
function isTime(bytes: Buffer, at: number, ms: number): boolean {
  const known = bytes.readUInt32BE(at) * 1000 + bytes.readUInt32BE(at + 4) / 1e6;
  return Math.abs(known - ms) < 0.001;
}

const stampOf = ({ mtimeNs, ctimeNs, size, ino }: BigIntStats): string => [mtimeNs, ctimeNs, size, ino].join(':');
