import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { LruCache, elapsedMs, nowMs } from '../../base/index.js';
import { asStoreError } from '../store-errors.js';
import { privateFileMode, privateFolderMode } from './permissions.js';

/** What lies elsewhere, and is brought here by blocks. */
export interface BlockedWhole {
  readonly name: string;
  readonly length: number;
  readonly blockBytes: number;
  /** Whether these bytes are the block of that number: what a file holds is not believed. */
  isBlock(number: number, bytes: Uint8Array): boolean;
}

const cachedBytes = 32 * 1024 * 1024;
/** How often it is noted that a file is in use. */
const touchMs = 60_000;
const blocksMax = 2 ** 24;
const enum Known {
  Nothing,
  Here,
  Missing,
}

/** Files of blocks in a folder of the store, sparse: which blocks are in them tells their content alone. For speed alone. */
export class BlockFiles {
  readonly blocks = new LruCache<number, Buffer>(cachedBytes);
  private readonly open = new Map<string, BlockFile>();
  private serials = 0;

  constructor(private readonly folder: string) {}

  /** The file of what has a name, made when something of it is put there. One for all who ask. */
  of(whole: BlockedWhole): BlockFile {
    let file = this.open.get(whole.name);
    if (file === undefined) {
      file = new BlockFile(join(this.folder, whole.name), whole, this.blocks, this.serials++ * blocksMax);
      this.open.set(whole.name, file);
    }
    return file;
  }

  /** Bytes that they take on disk. */
  sizeBytes(): number {
    return this.list().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Lets go of those that were not used for longest, until they take so much at most. What is needed of them is brought again. */
  shrink(bytesMax: number): void {
    let left = bytesMax;
    for (const { name, bytes } of this.list().sort((a, b) => b.usedMs - a.usedMs)) {
      if ((left -= bytes) >= 0) continue;
      this.open.get(name)?.clear();
      rmSync(join(this.folder, name), { force: true });
    }
  }

  /** Lets go of what is in memory. */
  trim(): void {
    this.blocks.clear();
  }

  close(): void {
    this.trim();
    this.open.clear();
  }

  private list(): { readonly name: string; readonly bytes: number; readonly usedMs: number }[] {
    let names: string[];
    try {
      names = readdirSync(this.folder);
    } catch {
      return []; // nothing was brought yet
    }
    return names.flatMap((name) => {
      const stats = statSync(join(this.folder, name), { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ name, bytes: 512 * stats.blocks, usedMs: stats.mtimeMs }];
    });
  }
}

/**
 * The blocks of one whole that are here. Its file is opened for each block, which costs a small part of checking it: there may be thousands of
 * wholes, and another process may have removed the file, which what is written to it then would keep on the disk unseen.
 */
export class BlockFile {
  private readonly known: Uint8Array;
  private touchedMs = -Infinity;

  constructor(
    private readonly path: string,
    readonly whole: BlockedWhole,
    private readonly cache: LruCache<number, Buffer>,
    /** Tells its blocks apart in the cache. */
    private readonly firstKey: number,
  ) {
    this.known = new Uint8Array(Math.ceil(whole.length / whole.blockBytes));
  }

  get blockCount(): number {
    return this.known.length;
  }

  lengthOf(block: number): number {
    return Math.min(this.whole.blockBytes, this.whole.length - block * this.whole.blockBytes);
  }

  has(block: number): boolean {
    return this.known[block] === Known.Here || (this.known[block] === Known.Nothing && this.block(block) !== null);
  }

  /** A block, checked whenever it is read from the file; null when it is not here. */
  block(block: number): Buffer | null {
    const cached = this.cache.get(this.firstKey + block);
    if (cached !== undefined) return cached;
    if (this.known[block] === Known.Missing) return null;
    const bytes = this.readBlock(block);
    this.known[block] = bytes === null ? Known.Missing : Known.Here;
    if (bytes !== null) this.cache.set(this.firstKey + block, bytes, bytes.length);
    return bytes;
  }

  /** Takes in a block that was checked. */
  put(block: number, bytes: Uint8Array): void {
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: privateFolderMode });
      // Not with `a`, with which all writes would go to its end.
      const fd = openSync(this.path, constants.O_RDWR | constants.O_CREAT, privateFileMode);
      try {
        const start = block * this.whole.blockBytes;
        for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, start + at);
      } finally {
        closeSync(fd);
      }
      this.known[block] = Known.Here;
    } catch (error) {
      throw asStoreError(error, this.path);
    }
  }

  /** Nothing of it is here any more. */
  clear(): void {
    this.known.fill(Known.Missing);
    for (let block = 0; block < this.known.length; block++) this.cache.delete(this.firstKey + block);
  }

  private readBlock(block: number): Buffer | null {
    const bytes = Buffer.allocUnsafeSlow(this.lengthOf(block));
    try {
      const fd = openSync(this.path, 'r');
      try {
        const start = block * this.whole.blockBytes;
        if (fstatSync(fd).size < start + bytes.length) return null;
        for (let at = 0; at < bytes.length;) {
          const count = readSync(fd, bytes, at, bytes.length - at, start + at);
          if (count === 0) return null;
          at += count;
        }
      } finally {
        closeSync(fd);
      }
    } catch {
      return null; // there is none, or none that can be read: it is brought again
    }
    this.touch();
    return this.whole.isBlock(block, bytes) ? bytes : null;
  }

  private touch(): void {
    if (elapsedMs() - this.touchedMs < touchMs) return;
    this.touchedMs = elapsedMs();
    try {
      const now = nowMs() / 1000;
      utimesSync(this.path, now, now);
    } catch {
      // it is only read
    }
  }
}
