import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { LruCache, assert, uniqueSuffix } from '../../base/index.js';
import { privateFileMode } from './permissions.js';
import { asStoreError } from '../store-errors.js';

export interface PartRange {
  readonly offset: number;
  readonly length: number;
}

/** Bytes that are read in parts, wherever they are. */
export interface ByteParts {
  readonly length: number;
  /** Not to be written to: it may be a view. */
  read(offset: number, length: number): Buffer;
  /** Of what lies elsewhere: brings here what is about to be read, so that it is one request. */
  readonly bring?: ((ranges: readonly PartRange[], signal: AbortSignal | undefined) => Promise<void>) | undefined;
  /** Lets go of what is only for speed. */
  rest(): void;
  close(): void;
}

export const inMemory = (bytes: Buffer): ByteParts => ({
  length: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
  rest: () => undefined,
  close: () => undefined,
});

/** A part, which ends with the whole. */
export const partOf = (whole: ByteParts, start: number, length: number): ByteParts => ({
  length,
  read: (offset, count) => whole.read(start + offset, count),
  bring:
    whole.bring &&
    ((ranges, signal) =>
      whole.bring!(
        ranges.map((range) => ({ offset: start + range.offset, length: range.length })),
        signal,
      )),
  rest: () => undefined,
  close: () => undefined,
});

const pageSize = 64 * 1024;
const cachedBytes = 4 * 1024 * 1024;
/** Closes those that nobody has any more and nobody closed. */
const dropped = new FinalizationRegistry<number>((fd) => closeSync(fd));

/** Bytes in a file that nobody else sees and that is gone when it is closed: what is too large to be held, for a while. */
export class Spool implements ByteParts {
  length = 0;
  private readonly pages = new LruCache<number, Buffer>(cachedBytes);
  private isOpen = true;

  private constructor(
    private readonly fd: number,
    private readonly path: string,
  ) {
    dropped.register(this, fd, this);
  }

  /** Below an existing folder. */
  static create(folder: string): Spool {
    const path = join(folder, `spool.tmp-${uniqueSuffix()}`);
    try {
      const fd = openSync(path, 'wx+', privateFileMode);
      // Windows keeps names as long as files are open.
      if (process.platform !== 'win32') rmSync(path);
      return new Spool(fd, path);
    } catch (error) {
      throw asStoreError(error, path);
    }
  }

  rest(): void {
    this.pages.clear();
  }

  write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;) {
        const written = writeSync(this.fd, bytes, at, bytes.length - at, this.length);
        at += written;
        this.length += written;
      }
    } catch (error) {
      throw asStoreError(error, this.path);
    }
  }

  read(offset: number, length: number): Buffer {
    assert(this.isOpen && offset >= 0 && offset + length <= this.length, 'read outside of what was written');
    if (length > pageSize) return this.readNow(offset, length);
    const page = Math.floor(offset / pageSize);
    const start = offset - page * pageSize;
    if (start + length <= pageSize) return this.page(page).subarray(start, start + length);
    return Buffer.concat([this.page(page), this.page(page + 1)]).subarray(start, start + length);
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    dropped.unregister(this);
    closeSync(this.fd);
    if (process.platform === 'win32') rmSync(this.path, { force: true });
    this.pages.clear();
  }

  private page(page: number): Buffer {
    let bytes = this.pages.get(page);
    if (bytes === undefined) {
      bytes = this.readNow(page * pageSize, Math.min(pageSize, this.length - page * pageSize));
      this.pages.set(page, bytes, bytes.length);
    }
    return bytes;
  }

  private readNow(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    try {
      for (let at = 0; at < length;) {
        const count = readSync(this.fd, bytes, at, length - at, offset + at);
        assert(count > 0, 'what was written is there');
        at += count;
      }
    } catch (error) {
      throw asStoreError(error, this.path);
    }
    return bytes;
  }
}
