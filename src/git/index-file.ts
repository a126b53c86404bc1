import { readFileSync, statSync, type BigIntStats, type Stats } from 'node:fs';
import { join } from 'node:path';
import { decodeBytes, encodeBytes } from '../base/index.js';
import { asOid, type Oid } from '../model/index.js';
import type { Location } from './locate.js';
import { oidBytes } from './object-hash.js';

/** A file that the index tracks. */
export interface IndexEntry {
  readonly mode: number;
  readonly oid: Oid;
}

const gitlinkMode = 0o160000;
const headerLength = 12;
/** Of an entry, before its oid: two times, dev, ino, mode, uid, gid, size. */
const statLength = 40;
const flags = { assumeValid: 0x8000, extended: 0x4000, stage: 0x3000, nameLength: 0xfff };

/**
 * Git's index as it is on disk. Read only where each entry means what it says: null for an index that is split, sparse or
 * compressed, that has conflicts, or entries which git was told not to compare.
 */
export class GitIndex {
  /** Paths of submodules, sorted. */
  readonly gitlinks: readonly string[];

  private constructor(
    private readonly bytes: Buffer,
    private readonly oidLength: number,
    /** Where entries begin, in order of path. */
    private readonly offsets: Uint32Array,
    /** Changes when the file does. */
    readonly stamp: string,
    private readonly changedSeconds: number,
  ) {
    const gitlinks: string[] = [];
    for (const at of offsets)
      if (bytes.readUInt32BE(at + 24) === gitlinkMode) gitlinks.push(decodeBytes(this.nameAt(at)));
    this.gitlinks = gitlinks;
  }

  /** The index as it is now: `known`, when it has not changed since. */
  static read(location: Location, known: GitIndex | null): GitIndex | null {
    const file = join(location.gitDir, 'index');
    try {
      const stats = statSync(file, { bigint: true });
      const stamp = stampOf(stats);
      if (known?.stamp === stamp) return known;
      const bytes = readFileSync(file);
      // Git never writes into it, but puts another in its place.
      if (stampOf(statSync(file, { bigint: true })) !== stamp) return null;
      const oidLength = oidBytes(location.objectFormat);
      const offsets = findEntries(bytes, oidLength);
      return offsets === null
        ? null
        : new GitIndex(bytes, oidLength, offsets, stamp, Number(stats.mtimeNs / 1_000_000_000n));
    } catch {
      return null; // there is none before the first `git add`
    }
  }

  find(path: string): IndexEntry | null {
    const at = this.offsetOf(path);
    if (at === null) return null;
    const { bytes, oidLength } = this;
    const oid = asOid(bytes.toString('hex', at + statLength, at + statLength + oidLength));
    return { mode: bytes.readUInt32BE(at + 24), oid };
  }

  /** Whether a file is certainly still what the index tracks under that path. Stricter than git itself is. */
  isUntouched(path: string, stats: Stats): boolean {
    const at = this.offsetOf(path);
    if (at === null) return false;
    const { bytes } = this;
    const mtimeSeconds = bytes.readUInt32BE(at + 8);
    if (mtimeSeconds >= this.changedSeconds) return false; // it may have changed once more right after
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
      const name = this.nameAt(this.offsets[i]!);
      if (!name.subarray(0, prefix.length).equals(prefix)) return;
      yield decodeBytes(name);
    }
  }

  /** Every tracked path. */
  *paths(): Generator<string, void, undefined> {
    for (const at of this.offsets) yield decodeBytes(this.nameAt(at));
  }

  /** Paths that only one of two has, or that they track differently. */
  *differences(other: GitIndex): Generator<string, void, undefined> {
    let [i, j] = [0, 0];
    while (i < this.offsets.length || j < other.offsets.length) {
      const [at, otherAt] = [this.offsets[i], other.offsets[j]];
      const [name, otherName] = [
        at === undefined ? null : this.nameAt(at),
        otherAt === undefined ? null : other.nameAt(otherAt),
      ];
      const order = name === null ? 1 : otherName === null ? -1 : name.compare(otherName);
      if (order === 0 && !this.contentAt(at!).equals(other.contentAt(otherAt!))) yield decodeBytes(name!);
      if (order < 0) yield decodeBytes(name!);
      if (order > 0) yield decodeBytes(otherName!);
      if (order <= 0) i++;
      if (order >= 0) j++;
    }
  }

  private nameAt(at: number): Buffer {
    return nameAt(this.bytes, at, this.oidLength);
  }

  /** Mode and oid, next to each other but for owner and size. */
  private contentAt(at: number): Buffer {
    const { bytes, oidLength } = this;
    return Buffer.concat([
      bytes.subarray(at + 24, at + 28),
      bytes.subarray(at + statLength, at + statLength + oidLength),
    ]);
  }

  private offsetOf(path: string): number | null {
    const name = encodeBytes(path);
    const at = this.offsets[this.firstFrom(name)];
    return at !== undefined && this.nameAt(at).equals(name) ? at : null;
  }

  /** Position of the first entry whose path is not before a name. */
  private firstFrom(name: Buffer): number {
    let low = 0;
    let high = this.offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.nameAt(this.offsets[middle]!).compare(name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Where the entries of an index begin; null for one that does not say all. */
function findEntries(bytes: Buffer, oidLength: number): Uint32Array | null {
  if (bytes.toString('latin1', 0, 4) !== 'DIRC' || ![2, 3].includes(bytes.readUInt32BE(4))) return null;
  const offsets = new Uint32Array(bytes.readUInt32BE(8));
  let at = headerLength;
  for (let i = 0; i < offsets.length; i++) {
    const own = bytes.readUInt16BE(at + statLength + oidLength);
    // Extended flags are those of sparse checkouts and of files that are only meant to be added.
    if ((own & (flags.assumeValid | flags.extended | flags.stage)) !== 0) return null;
    offsets[i] = at;
    const length = statLength + oidLength + 2 + nameAt(bytes, at, oidLength).length;
    at += (length + 8) & ~7; // at least one NUL
  }
  // Extensions in small letters change what the entries mean.
  for (const end = bytes.length - oidLength; at < end; at += 8 + bytes.readUInt32BE(at + 4)) {
    if (/^[a-z]/.test(bytes.toString('latin1', at, at + 1))) return null;
  }
  return offsets;
}

function nameAt(bytes: Buffer, at: number, oidLength: number): Buffer {
  const from = at + statLength + oidLength + 2;
  const length = bytes.readUInt16BE(from - 2) & flags.nameLength;
  return bytes.subarray(from, length < flags.nameLength ? from + length : bytes.indexOf(0, from));
}

/** Milliseconds have no room for all of a nanosecond: git may have written none. */
function isTime(bytes: Buffer, at: number, ms: number): boolean {
  const known = bytes.readUInt32BE(at) * 1000 + bytes.readUInt32BE(at + 4) / 1e6;
  return Math.abs(known - ms) < 0.001;
}

const stampOf = ({ mtimeNs, ctimeNs, size, ino }: BigIntStats): string => [mtimeNs, ctimeNs, size, ino].join(':');
