import { createHash } from 'node:crypto';

/**
 * A large pack is checked by blocks, so that it can be read by range: its name is the SHA-256 of what it begins with, which has that of each block.
 *
 *     magic (4)         "CPK2"
 *     header length     u32
 *     length of parts   u48, and two bytes of 0
 *     header            JSON, see PackHeader
 *     hashes            SHA-256 of each 64 KiB of the parts
 *     parts
 */
const blocksMagic = Buffer.from('CPK2');
export const packBlockBytes = 64 * 1024;
/** By so much it can be told whether a pack is one, and how long its head is. */
export const blocksStartLength = 16;
const hashLength = 32;

/** What such a pack begins with, checked against its name. */
export interface BlocksHead {
  readonly header: Buffer;
  /** Of all blocks, one after the other. */
  readonly hashes: Buffer;
  /** Where the parts begin. */
  readonly length: number;
  readonly partsLength: number;
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const blockCount = (partsLength: number): number => Math.ceil(partsLength / packBlockBytes);

export const isInBlocks = (start: Buffer): boolean =>
  start.length >= blocksStartLength && start.subarray(0, blocksMagic.length).equals(blocksMagic);

/** How long the head is of a pack that begins so. */
export const headLengthOf = (start: Buffer): number =>
  blocksStartLength + start.readUInt32LE(4) + hashLength * blockCount(start.readUIntLE(8, 6));

/** A pack's bytes and its name. */
export function encodeInBlocks(
  header: Buffer,
  parts: readonly Buffer[],
): { readonly bytes: Buffer; readonly name: string } {
  const all = Buffer.concat(parts);
  const fixed = Buffer.alloc(blocksStartLength);
  blocksMagic.copy(fixed);
  fixed.writeUInt32LE(header.length, 4);
  fixed.writeUIntLE(all.length, 8, 6);
  const hashes: Buffer[] = [];
  for (let at = 0; at < all.length; at += packBlockBytes) hashes.push(sha256(all.subarray(at, at + packBlockBytes)));
  const head = Buffer.concat([fixed, header, ...hashes]);
  return { bytes: Buffer.concat([head, all]), name: sha256(head).toString('hex') };
}

/** The head, as long as `headLengthOf` says; null when it is not what the name says. */
export function readBlocksHead(name: string, head: Buffer): BlocksHead | null {
  if (sha256(head).toString('hex') !== name) return null;
  const partsLength = head.readUIntLE(8, 6);
  const headerEnd = blocksStartLength + head.readUInt32LE(4);
  return {
    header: head.subarray(blocksStartLength, headerEnd),
    hashes: Buffer.from(head.subarray(headerEnd)),
    length: head.length,
    partsLength,
  };
}

/** Whether a block is the one that was written. */
export const isBlock = (hashes: Buffer, block: number, bytes: Uint8Array): boolean =>
  sha256(bytes).equals(hashes.subarray(block * hashLength, (block + 1) * hashLength));
