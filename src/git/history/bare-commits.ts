import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

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
    const entry = Buffer.concat([entryHeader(bytes.length), deflateSync(bytes)]);
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
