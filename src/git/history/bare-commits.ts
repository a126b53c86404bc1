import { createHash } from 'node:crypto';

import { crc32 } from '../../base/index.js';

/** A pack of git's and its index, of commit objects alone: what a repository without trees and blobs is made of. */
export function packCommits(commits: ReadonlyMap<string, Buffer>): { readonly pack: Buffer; readonly index: Buffer } {
  const parts: Buffer[] = [];
  const header = Buffer.alloc(12);
  header.write('PACK', 0, 'latin1');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(commits.size, 8);
  parts.push(header);
  let offset = header.length;
  const rows: { oid: Buffer; offset: number; crc: number }[] = [];
  for (const [oid, bytes] of commits) {
    const entry = Buffer.concat([entryHeader(bytes.length), storedAsZlib(bytes)]);
    rows.push({ oid: Buffer.from(oid, 'hex'), offset, crc: crc32(entry) });
    parts.push(entry);
    offset += entry.length;
  }
  const body = Buffer.concat(parts);
  const format = rows[0]?.oid.length === 32 ? 'sha256' : 'sha1';
  const sum = createHash(format).update(body).digest();
  rows.sort((a, b) => Buffer.compare(a.oid, b.oid));
  const fanout = Buffer.alloc(256 * 4);
  let at = 0;
  for (let first = 0; first < 256; first++) {
    while (at < rows.length && rows[at]!.oid[0]! <= first) at++;
    fanout.writeUInt32BE(at, first * 4);
  }
  const words = (value: (row: (typeof rows)[number]) => number): Buffer => {
    const bytes = Buffer.alloc(rows.length * 4);
    rows.forEach((row, i) => bytes.writeUInt32BE(value(row), i * 4));
    return bytes;
  };
  const index = Buffer.concat([
    Buffer.from([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2]),
    fanout,
    ...rows.map(({ oid }) => oid),
    words(({ crc }) => crc),
    words((row) => row.offset),
    sum,
  ]);
  return { pack: Buffer.concat([body, sum]), index: Buffer.concat([index, createHash(format).update(index).digest()]) };
}

/** Type (commit) and size, as git writes them. */
function entryHeader(size: number): Buffer {
  const bytes: number[] = [];
  let byte = (1 << 4) | (size & 15);
  for (let rest = Math.floor(size / 16); ; rest = Math.floor(rest / 128)) {
    if (rest === 0) {
      bytes.push(byte);
      return Buffer.from(bytes);
    }
    bytes.push(byte | 0x80);
    byte = rest & 0x7f;
  }
}

const storedBytesMax = 0xffff;

/** In the format of zlib, and not compressed: a compressor for each of thousands of small objects takes ten times as long as all else here. */
function storedAsZlib(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x78, 0x01])];
  for (let from = 0; from === 0 || from < bytes.length; from += storedBytesMax) {
    const part = bytes.subarray(from, from + storedBytesMax);
    const head = Buffer.alloc(5);
    head[0] = from + storedBytesMax >= bytes.length ? 1 : 0;
    head.writeUInt16LE(part.length, 1);
    head.writeUInt16LE(part.length ^ 0xffff, 3);
    parts.push(head, part);
  }
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt16BE(b, 0);
  sum.writeUInt16BE(a, 2);
  return Buffer.concat([...parts, sum]);
}
