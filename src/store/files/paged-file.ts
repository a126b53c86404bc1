import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';

import {
  ByteWriter,
  CoppiceError,
  LruCache,
  assert,
  crc32,
  systemErrorCode,
  uniqueSuffix,
  messageOf,
} from '../../base/index.js';
import { privateFileMode } from './permissions.js';
import { asStoreError } from '../store-errors.js';

/**
 * An immutable file whose every byte is covered by a checksum.
 *
 *     data            any length; its last part is the root section, which says what the rest is
 *     checksums       CRC-32 of each 16 KiB page of data, u32 each
 *     footer (32)     data length u48, root offset u48, root length u32, page size u32,
 *                     CRC-32 of the checksums u32, CRC-32 of the footer before it u32, magic u32
 *
 * A page is checked when it is first read, so a damaged byte is found by whoever needs it and by `verify`.
 */
const pageSize = 16 * 1024;
const footerLength = 32;
const magic = 0x31465043; // "CPF1"
/** The end of a file that is read at once on opening: covers small files whole. */
const tailLength = 32 * 1024;

/** Writes a paged file under a temporary name; `finish` makes it durable and gives it its name. */
export class PagedFileWriter {
  private readonly temporaryPath: string;
  private readonly fd: number;
  private readonly checksums = new ByteWriter(4096);
  private readonly pending = Buffer.allocUnsafe(16 * pageSize);
  private pendingLength = 0;
  private closed = false;
  /** Bytes of data written so far: the offset of the next byte. */
  length = 0;

  constructor(readonly path: string) {
    this.temporaryPath = `${path}.tmp-${uniqueSuffix()}`;
    try {
      this.fd = openSync(this.temporaryPath, 'wx', privateFileMode);
    } catch (error) {
      throw asStoreError(error, path);
    }
  }

  write(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const count = Math.min(bytes.length - at, this.pending.length - this.pendingLength);
      this.pending.set(bytes.subarray(at, at + count), this.pendingLength);
      this.pendingLength += count;
      at += count;
      if (this.pendingLength === this.pending.length) this.flush();
    }
    this.length += bytes.length;
  }

  /**
   * Writes the root section, the checksums and the footer, and publishes the file. Returns its size in bytes. One that is not
   * `durable` may be lost or damaged when power fails, which its checksums tell.
   */
  finish(root: Uint8Array, { durable = true }: { readonly durable?: boolean } = {}): number {
    const rootOffset = this.length;
    this.write(root);
    this.flush();
    const checksums = this.checksums.view();
    const footer = Buffer.alloc(footerLength);
    footer.writeUIntLE(this.length, 0, 6);
    footer.writeUIntLE(rootOffset, 6, 6);
    footer.writeUInt32LE(root.length, 12);
    footer.writeUInt32LE(pageSize, 16);
    footer.writeUInt32LE(crc32(checksums), 20);
    footer.writeUInt32LE(crc32(footer.subarray(0, 24)), 24);
    footer.writeUInt32LE(magic, 28);
    try {
      writeFully(this.fd, checksums);
      writeFully(this.fd, footer);
      if (durable) fsyncSync(this.fd);
      closeSync(this.fd);
      this.closed = true;
      renameSync(this.temporaryPath, this.path);
      if (durable) syncFolder(dirname(this.path));
    } catch (error) {
      this.abandon();
      throw asStoreError(error, this.path);
    }
    return this.length + checksums.length + footerLength;
  }

  /** Removes the unfinished file. */
  abandon(): void {
    if (!this.closed) closeSync(this.fd);
    this.closed = true;
    try {
      unlinkSync(this.temporaryPath);
    } catch {
      // Already renamed or gone: nothing is left behind either way.
    }
  }

  private flush(): void {
    for (let at = 0; at < this.pendingLength; at += pageSize) {
      this.checksums.u32(crc32(this.pending.subarray(at, Math.min(at + pageSize, this.pendingLength))));
    }
    try {
      writeFully(this.fd, this.pending.subarray(0, this.pendingLength));
    } catch (error) {
      this.abandon();
      throw asStoreError(error, this.path);
    }
    this.pendingLength = 0;
  }
}

/** Makes names made or removed in a folder durable. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return; // folders cannot be opened there; NTFS journals names itself
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function writeFully(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at);
}

/** Pages of all open files of one store, bounded in bytes. */
export type PageCache = LruCache<number, Buffer>;

/** Makes a cache for pages that holds `bytesMax` bytes. */
export const createPageCache = (bytesMax: number): PageCache => new LruCache<number, Buffer>(bytesMax);

let nextSerial = 0;
/** More than a file can have. */
const pagesMax = 2 ** 28;

/** Reads a paged file. Every read is checked; STORE_CORRUPT names the file and the page. */
export class PagedFile {
  readonly name: string;
  /** Tells the pages of open files apart in their cache. */
  private readonly serial = nextSerial++;
  private constructor(
    private readonly fd: number,
    readonly path: string,
    readonly sizeBytes: number,
    readonly dataLength: number,
    private readonly rootOffset: number,
    private readonly rootLength: number,
    private readonly checksums: Buffer,
    private readonly cache: PageCache,
  ) {
    this.name = basename(path);
  }

  static open(path: string, cache: PageCache): PagedFile {
    let fd: number;
    try {
      fd = openSync(path, 'r');
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') throw damaged(basename(path), 'the file is missing');
      throw asStoreError(error, path);
    }
    try {
      const size = fstatSync(fd).size;
      const name = basename(path);
      if (size < footerLength) throw damaged(name, 'the file is shorter than its footer');
      const tail = Buffer.allocUnsafe(Math.min(size, tailLength));
      const tailStart = size - tail.length;
      if (readSync(fd, tail, 0, tail.length, tailStart) !== tail.length) throw damaged(name, 'its end cannot be read');
      const footer = tail.subarray(tail.length - footerLength);
      if (footer.readUInt32LE(28) !== magic || crc32(footer.subarray(0, 24)) !== footer.readUInt32LE(24)) {
        throw damaged(name, 'its footer is damaged or cut off');
      }
      const dataLength = footer.readUIntLE(0, 6);
      const checksumsLength = Math.ceil(dataLength / pageSize) * 4;
      if (footer.readUInt32LE(16) !== pageSize || dataLength + checksumsLength + footerLength !== size) {
        throw damaged(name, 'its length does not agree with its footer');
      }
      let checksums: Buffer;
      if (dataLength >= tailStart) {
        // Copied, or all of the tail would be kept as long as the file is open.
        checksums = Buffer.from(tail.subarray(dataLength - tailStart, dataLength - tailStart + checksumsLength));
      } else {
        checksums = Buffer.allocUnsafe(checksumsLength);
        readSync(fd, checksums, 0, checksumsLength, dataLength);
      }
      if (crc32(checksums) !== footer.readUInt32LE(20)) throw damaged(name, 'its checksum table is damaged');
      const file = new PagedFile(
        fd,
        path,
        size,
        dataLength,
        footer.readUIntLE(6, 6),
        footer.readUInt32LE(12),
        checksums,
        cache,
      );
      return file;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** The root section. */
  readRoot(): Buffer {
    return this.read(this.rootOffset, this.rootLength);
  }

  /** `length` bytes from `offset`; a view of cached pages where possible, so do not write to it. */
  read(offset: number, length: number): Buffer {
    assert(offset >= 0 && offset + length <= this.dataLength, `read outside ${this.name}`);
    if (length === 0) return Buffer.alloc(0);
    const first = Math.floor(offset / pageSize);
    const last = Math.floor((offset + length - 1) / pageSize);
    if (first === last) {
      const start = offset - first * pageSize;
      return this.page(first).subarray(start, start + length);
    }
    if (last - first < 4) {
      const pages: Buffer[] = [];
      for (let page = first; page <= last; page++) pages.push(this.page(page));
      const start = offset - first * pageSize;
      return Buffer.concat(pages).subarray(start, start + length);
    }
    const bytes = this.readPages(first, last);
    const start = offset - first * pageSize;
    return bytes.subarray(start, start + length);
  }

  /** As `read`, into memory of the caller's, which is kept in no cache. */
  readInto(offset: number, into: Uint8Array): void {
    assert(offset >= 0 && offset + into.length <= this.dataLength, `read outside ${this.name}`);
    // Whole pages go where they are wanted; what is of the last or of a page in the middle goes by `read`.
    const whole = offset % pageSize === 0 ? Math.floor(into.length / pageSize) * pageSize : 0;
    if (whole > 0) this.fill(into.subarray(0, whole), offset / pageSize);
    if (whole < into.length) into.set(this.read(offset + whole, into.length - whole), whole);
  }

  /** Checks every page; calls `onDamage` for each that fails. Returns the bytes checked. */
  verify(onDamage: (message: string) => void): number {
    const pages = this.checksums.length / 4;
    for (let page = 0; page < pages; page += 64) {
      const last = Math.min(page + 63, pages - 1);
      try {
        this.readPages(page, last);
      } catch (error) {
        onDamage(messageOf(error));
      }
    }
    return this.sizeBytes;
  }

  /** No other has taken its place under its name, which is still there. */
  get isLatest(): boolean {
    const now = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    // While it is open its number is nobody else's.
    return now !== undefined && now.ino === fstatSync(this.fd, { bigint: true }).ino;
  }

  close(): void {
    closeSync(this.fd);
  }

  private page(page: number): Buffer {
    const key = this.serial * pagesMax + page;
    const cached = this.cache.get(key);
    if (cached !== undefined) return cached;
    const bytes = this.readPages(page, page);
    this.cache.set(key, bytes, bytes.length + 64);
    return bytes;
  }

  private readPages(first: number, last: number): Buffer {
    const start = first * pageSize;
    const end = Math.min((last + 1) * pageSize, this.dataLength);
    const bytes = Buffer.allocUnsafe(end - start);
    this.fill(bytes, first);
    return bytes;
  }

  /** Reads from the beginning of a page on, to the end of one or of the data. */
  private fill(bytes: Uint8Array, firstPage: number): void {
    const start = firstPage * pageSize;
    let read = 0;
    while (read < bytes.length) {
      const count = readSync(this.fd, bytes, read, bytes.length - read, start + read);
      if (count === 0) throw damaged(this.name, 'it ends too early');
      read += count;
    }
    for (let from = 0, page = firstPage; from < bytes.length; from += pageSize, page++) {
      const sum = crc32(bytes.subarray(from, Math.min(from + pageSize, bytes.length)));
      if (sum !== this.checksums.readUInt32LE(page * 4)) {
        throw damaged(this.name, `page ${page} (byte ${page * pageSize}) fails its checksum`);
      }
    }
  }
}

function damaged(name: string, what: string): CoppiceError {
  return new CoppiceError('STORE_CORRUPT', `the store's file ${name} is damaged: ${what}`, {
    hint: 'run `coppice doctor --repair`: what is lost is indexed again from the repository',
    data: { file: name },
  });
}
