import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { crc32 } from '../../base/index.js';
import { isTooDeep } from '../../model/index.js';
import { isForeignFolder, isInside, isLeftOut } from '../file-rule.js';
import type { PackageFile } from '../types.js';
import { filesMax, unreadable } from './folder-files.js';

/** Bounds of an archive, against those that unpack to more than any package has. */
const archiveBytesMax = 1024 * 1024 * 1024;
const unpackedBytesMax = 1024 * 1024 * 1024;
const entryBytesMax = 64 * 1024 * 1024;
/** No text is packed closer than this; what says so is made to burst. Small files are let be. */
const ratioMax = 1100;
const ratioFromBytes = 1024 * 1024;

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const localHeaderBytes = 30;

interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly offset: number;
  readonly mode: number;
}

/**
 * The files under a folder of a zip archive (`''`: all), by its directory at the end. Nothing is unpacked but into memory, one file at a time, and no more than
 * its entry says. An archive that names paths outside of itself, lays entries over one another, or would unpack to more than it may, is PACKAGE_UNREADABLE.
 */
export function* zipFiles(archive: string, folder: string): Generator<PackageFile> {
  const prefix = folder === '' ? '' : `${folder}/`;
  const { entries, stamp, changedMs } = readDirectory(archive);
  for (const entry of entries) {
    const { name, sizeBytes, mode } = entry;
    if (!name.startsWith(prefix) || name.endsWith('/')) continue;
    const path = name.slice(prefix.length);
    const parts = path.split('/');
    if (isTooDeep(path) || isLeftOut(parts.at(-1)!) || parts.slice(0, -1).some(isForeignFolder)) continue;
    const kind = mode & 0o170000;
    if (kind !== 0 && kind !== 0o100000) continue; // a link, or what is no file
    if (sizeBytes > entryBytesMax)
      throw unreadable(archive, null, `${name} unpacks to more than ${entryBytesMax} bytes`);
    yield {
      path,
      sizeBytes,
      executable: (mode & 0o100) !== 0,
      stamp: `${stamp}:${entry.crc}:${sizeBytes}`,
      changedMs,
      read: () => readEntry(archive, entry),
    };
  }
}

function readDirectory(archive: string): { entries: ZipEntry[]; stamp: string; changedMs: number } {
  return withFile(archive, (fd) => {
    const { size, mtimeMs, ino } = fstatSync(fd);
    if (size > archiveBytesMax) throw unreadable(archive, null, 'it is too large for a package');
    const tail = readAt(fd, Math.max(0, size - 65_557), Math.min(size, 65_557));
    let at = tail.length - 22;
    while (at >= 0 && tail.readUInt32LE(at) !== endSignature) at--;
    if (at < 0) throw unreadable(archive, null, 'it is no zip archive');
    const count = tail.readUInt16LE(at + 10);
    const bytes = tail.readUInt32LE(at + 12);
    const start = tail.readUInt32LE(at + 16);
    if (count === 0xffff || start === 0xffffffff)
      throw unreadable(archive, null, 'archives of more than 65,534 files are not read');
    if (start + bytes > size) throw unreadable(archive, null, 'its directory is cut off');
    return {
      entries: parseDirectory(archive, readAt(fd, start, bytes), count, start),
      stamp: `${size}:${mtimeMs}:${ino}`,
      changedMs: mtimeMs,
    };
  });
}

function parseDirectory(archive: string, bytes: Buffer, count: number, end: number): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  let unpacked = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== entrySignature)
      throw unreadable(archive, null, 'its directory is damaged');
    const nameLength = bytes.readUInt16LE(at + 28);
    const next = at + 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (next > bytes.length) throw unreadable(archive, null, 'its directory is damaged');
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    if (!isInside(name.endsWith('/') ? name.slice(0, -1) : name))
      throw unreadable(archive, null, `it names ${JSON.stringify(name)}, which is outside of it`);
    if ((bytes.readUInt16LE(at + 8) & 1) !== 0) throw unreadable(archive, null, 'it is encrypted');
    const entry: ZipEntry = {
      name,
      method: bytes.readUInt16LE(at + 10),
      crc: bytes.readUInt32LE(at + 16),
      packedBytes: bytes.readUInt32LE(at + 20),
      sizeBytes: bytes.readUInt32LE(at + 24),
      offset: bytes.readUInt32LE(at + 42),
      mode: bytes.readUInt32LE(at + 38) >>> 16,
    };
    unpacked += entry.sizeBytes;
    if (entry.sizeBytes > ratioFromBytes && entry.sizeBytes > entry.packedBytes * ratioMax)
      throw unreadable(
        archive,
        null,
        `${name} says that it unpacks to ${entry.sizeBytes} bytes from ${entry.packedBytes}`,
      );
    entries.push(entry);
    at = next;
  }
  if (entries.length > filesMax || unpacked > unpackedBytesMax)
    throw unreadable(archive, null, 'it unpacks to more than a package may hold');
  const byOffset = [...entries].sort((a, b) => a.offset - b.offset);
  byOffset.forEach(({ offset, packedBytes, name }, i) => {
    if (offset + localHeaderBytes + packedBytes > (byOffset[i + 1]?.offset ?? end))
      throw unreadable(archive, null, `${name} lies over what follows it`);
  });
  return entries;
}

function readEntry(archive: string, { name, method, crc, packedBytes, sizeBytes, offset }: ZipEntry): Buffer {
  return withFile(archive, (fd) => {
    const header = readAt(fd, offset, localHeaderBytes);
    if (header.readUInt32LE(0) !== localSignature)
      throw unreadable(archive, null, `${name} is not where its directory says`);
    const start = offset + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
    const packed = readAt(fd, start, packedBytes);
    let content: Buffer;
    try {
      if (method === 0) content = packed;
      else if (method === 8)
        content = sizeBytes === 0 ? Buffer.alloc(0) : inflateRawSync(packed, { maxOutputLength: sizeBytes });
      else throw new Error(`method ${method} is not known`);
    } catch (error) {
      throw unreadable(`${archive}/${name}`, error);
    }
    if (content.length !== sizeBytes || crc32(content) !== crc)
      throw unreadable(`${archive}/${name}`, null, 'it is damaged');
    return content;
  });
}

function withFile<T>(archive: string, action: (fd: number) => T): T {
  let fd: number;
  try {
    fd = openSync(archive, 'r');
  } catch (error) {
    throw unreadable(archive, error);
  }
  try {
    return action(fd);
  } catch (error) {
    if (error instanceof RangeError) throw unreadable(archive, error, 'it is cut off');
    throw error;
  } finally {
    closeSync(fd);
  }
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  while (at < length) {
    const read = readSync(fd, bytes, at, length - at, position + at);
    if (read === 0) throw new RangeError('end of file');
    at += read;
  }
  return bytes;
}
