import { createHash } from 'node:crypto';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

import { CoppiceError, LruCache, contentHashLength } from '../base/index.js';
import { MemoryFiles, inMemory, partOf } from '../store/index.js';
import type { ByteParts } from '../store/index.js';
import {
  Segment,
  createSegmentCaches,
  decodeCommitRecord,
  decodeFileRecord,
  decodeTreeNode,
  noId,
} from '../segment/index.js';
import type { CommitRecord, FileRecord, IdKind, KeyTable, SegmentCaches, TreeNode } from '../segment/index.js';
import {
  blocksStartLength,
  encodeInBlocks,
  headLengthOf,
  isBlock,
  isInBlocks,
  packBlockBytes,
  readBlocksHead,
} from './pack-blocks.js';

/**
 * A pack: what one index gives another, as one immutable object named by its SHA-256.
 *
 *     magic (4)         "CPK1"
 *     header length     u32
 *     header            JSON, see PackHeader
 *     parts             a segment (see segment-format.ts), a vector file for each embedding space, imports, lengths, descriptions
 *
 * Its numbers are its own: docs, files, trees and commits count from 0. What its records refer to and it does not hold has the numbers that
 * follow: the n-th import of a kind has the count of that kind plus n, and the imports part says by which key it is found, 16 bytes each, docs
 * first, then files, trees and commits. So a pack depends on no numbering but its own, and is taken in wherever what it imports is.
 * Without text the content of its chunks is empty, and `lengths` has u32 each: how many bytes they are of the blob.
 * `descriptions` is what models say of its chunks, as deflated JSON: see PackDescription.
 * A pack that is small enough to be read whole is stored as "CPZ1", its nonce (12 bytes) and all of the above deflated, which makes that of one commit a third smaller;
 * its name is of what is stored. A large one is stored as "CPK2", by blocks with a hash each: see pack-blocks.ts.
 * History of the format version:
 *   1: this. Descriptions came later; who does not know them passes them over.
 *   2: large packs are stored by blocks. Those of format 1 are read, whole; small packs still are of format 1.
 */
const wholeFormatVersion = 1;
const blocksFormatVersion = 2;
const magic = Buffer.from('CPK1');
const deflatedMagic = Buffer.from('CPZ1');
export const nonceBytes = 12;
const deflatedStart = deflatedMagic.length + nonceBytes;
/** Larger ones are stored as they are. */
const deflatedBytesMax = 1024 * 1024;
/** What is stored deflated is no larger, header and all: many may be open at once. */
const inflatedBytesMax = 4 * deflatedBytesMax;
const segmentId = 'pack';

export const idKinds: readonly IdKind[] = ['docs', 'files', 'trees', 'commits'];

/** One of each kind. */
export const ofKinds = <T>(make: (kind: IdKind) => T): Record<IdKind, T> => ({
  docs: make('docs'),
  files: make('files'),
  trees: make('trees'),
  commits: make('commits'),
});

interface PartLocation {
  /** From the end of the header. */
  readonly offset: number;
  readonly length: number;
}

export interface PackHeader {
  readonly formatVersion: number;
  /** Two packs are never the same object: what is being written is not what is being removed. */
  readonly nonce: string;
  /** Identity of the repository whose commits it is for. */
  readonly repository: string;
  /** Fingerprint of the indexing rules; part of every key. */
  readonly rules: string;
  readonly segment: PartLocation & { readonly rootOffset: number };
  readonly vectors: readonly (PartLocation & { readonly rootOffset: number; readonly space: string })[];
  readonly imports: PartLocation & { readonly counts: Readonly<Record<IdKind, number>> };
  /** Null: the text is in it. */
  readonly lengths: PartLocation | null;
  /** Absent: nothing is said of its chunks. */
  readonly descriptions?: PartLocation;
}

/** What a model says of a chunk: the model by its id, the chunk by the name of what it holds (see text's `contentNameOf`). */
export type PackDescription = readonly [describer: string, content: string, text: string];

const descriptionLengthMax = 8_000;
const descriptionsBytesMax = 256 * 1024 * 1024;

/** One line of text; null for what no store keeps. */
function soundDescription(value: unknown): PackDescription | null {
  if (!Array.isArray(value)) return null;
  const [describer, content, text] = value as unknown[];
  if (typeof describer !== 'string' || typeof content !== 'string' || typeof text !== 'string') return null;
  if (!/^[0-9a-f]{12}$/.test(describer) || !/^[\w-]{22}$/.test(content) || text.length > descriptionLengthMax)
    return null;
  return [describer, content, text.replace(/[\p{Cc}\p{Cs}]+/gu, ' ')];
}

/** Puts a pack together from a segment in memory. */
export function encodePack(
  files: MemoryFiles,
  about: Pick<PackHeader, 'nonce' | 'repository' | 'rules'>,
  imports: Readonly<Record<IdKind, readonly Buffer[]>>,
  lengths: Uint32Array | null,
  descriptions: readonly PackDescription[],
): { readonly bytes: Buffer; readonly name: string } {
  const parts: Buffer[] = [];
  let offset = 0;
  const add = (bytes: Buffer): PartLocation => {
    const part = { offset, length: bytes.length };
    parts.push(bytes);
    offset += bytes.length;
    return part;
  };
  const raw = files.rawSegment(segmentId);
  const segment = { ...add(raw.bytes), rootOffset: raw.rootOffset };
  const vectors = (files.vectorSpaces().get(segmentId) ?? []).map((space) => {
    const { bytes, rootOffset } = files.rawVectors(segmentId, space);
    return { ...add(bytes), rootOffset, space };
  });
  const counts = ofKinds((kind) => imports[kind].length);
  const imported = { ...add(Buffer.concat(idKinds.flatMap((kind) => imports[kind]))), counts };
  const lengthsPart =
    lengths === null ? null : add(Buffer.from(lengths.buffer, lengths.byteOffset, lengths.byteLength));
  const described =
    descriptions.length === 0 ? {} : { descriptions: add(deflateRawSync(JSON.stringify(descriptions))) };
  const isLarge = offset > deflatedBytesMax;
  const header: PackHeader = {
    formatVersion: isLarge ? blocksFormatVersion : wholeFormatVersion,
    ...about,
    segment,
    vectors,
    imports: imported,
    lengths: lengthsPart,
    ...described,
  };
  if (isLarge) return encodeInBlocks(Buffer.from(JSON.stringify(header)), parts);
  const encoded = Buffer.from(JSON.stringify({ ...header, nonce: '' }));
  const start = Buffer.alloc(8);
  magic.copy(start);
  start.writeUInt32LE(encoded.length, 4);
  const bytes = Buffer.concat([
    deflatedMagic,
    // Before what is deflated, whose length would tell of it.
    Buffer.from(about.nonce, 'hex'),
    deflateRawSync(Buffer.concat([start, encoded, ...parts]), { level: constants.Z_BEST_COMPRESSION }),
  ]);
  return { bytes, name: packName(bytes) };
}

/** Files, and entries of directories. */
const recordsMax = 20_000;

const packName = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const hashedBytes = 1024 * 1024;
/** What an open pack takes besides its bytes, about. */
const openBytes = 16 * 1024;

function nameOf(bytes: ByteParts): string {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += hashedBytes)
    hash.update(bytes.read(at, Math.min(hashedBytes, bytes.length - at)));
  return hash.digest('hex');
}

/** REMOTE_INVALID, with the pack's name. */
export const packInvalid = (name: string, message: string): CoppiceError =>
  new CoppiceError('REMOTE_INVALID', message, {
    hint: 'nothing was taken from it; publish anew to a fresh remote, or ask who may write to this one',
    data: { pack: name },
  });

const invalidAt =
  (name: string, where: string) =>
  (what: string): CoppiceError =>
    packInvalid(name, `${where}: pack ${name.slice(0, 16)} ${what}`);

/** REMOTE_INVALID, REMOTE_VERSION. */
function parseHeader(encoded: Buffer, name: string, where: string): PackHeader {
  let header: PackHeader;
  try {
    header = JSON.parse(encoded.toString('utf8')) as PackHeader;
  } catch {
    throw invalidAt(name, where)('has no header that can be read');
  }
  if (header.formatVersion !== wholeFormatVersion && header.formatVersion !== blocksFormatVersion)
    throw otherVersion(`${where}: pack ${name.slice(0, 16)}`, header.formatVersion);
  return header;
}

/** All of a pack in blocks, each of which was checked. */
function checkedBlocks(
  name: string,
  stored: ByteParts,
  start: Buffer,
  invalid: (what: string) => CoppiceError,
): { readonly header: Buffer; readonly parts: ByteParts } {
  const headLength = headLengthOf(start);
  const head = headLength <= stored.length ? readBlocksHead(name, stored.read(0, headLength)) : null;
  if (head === null || head.length + head.partsLength !== stored.length)
    throw invalid('is not what was written under that name');
  const parts = partOf(stored, head.length, head.partsLength);
  for (let block = 0, at = 0; at < parts.length; block++, at += packBlockBytes)
    if (!isBlock(head.hashes, block, parts.read(at, Math.min(packBlockBytes, parts.length - at))))
      throw invalid('is not what was written under that name');
  return { header: head.header, parts };
}

/** What a pack is that is stored deflated, or as it is. */
function inflated(stored: ByteParts, invalid: (what: string) => CoppiceError): ByteParts {
  if (stored.length < deflatedStart || !stored.read(0, 4).equals(deflatedMagic)) return stored;
  if (stored.length > 2 * deflatedBytesMax) throw invalid('is deflated, and too large for it');
  try {
    const rest = stored.read(deflatedStart, stored.length - deflatedStart);
    return inMemory(inflateRawSync(rest, { maxOutputLength: inflatedBytesMax }));
  } catch {
    throw invalid('cannot be inflated');
  }
}

const whole = (bytes: ByteParts): Buffer => bytes.read(0, bytes.length);

/** Where a pack that is being made is written. */
export const packSegmentId = segmentId;

/** An open pack. All that is read of it was checked against its name. */
export class Pack {
  private importKeys: Buffer;
  /** Of each kind one after another, by number. */
  private readonly ownKeys = new Map<IdKind, Buffer>();
  /** What is taken is looked at several times: to find what it refers to, and to check it. */
  private readonly files = new LruCache<number, FileRecord>(recordsMax);
  private readonly trees = new LruCache<number, TreeNode>(recordsMax);

  private constructor(
    readonly name: string,
    readonly header: PackHeader,
    readonly segment: Segment,
    /** Where the segment is, for who lays another over it. */
    readonly place: MemoryFiles,
    importKeys: Buffer,
    /** Bytes of each chunk, where the text is left out. */
    readonly lengths: Uint32Array | null,
    /** As they are stored. */
    private readonly bytes: ByteParts,
    /** As they are read, inflated if need be. */
    private readonly read: ByteParts,
    private readonly described: ByteParts | null,
    private readonly caches: SegmentCaches,
  ) {
    this.importKeys = importKeys;
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  /** What one that is not on disk takes, as it lies there and as it is read, when it rests. */
  get memoryBytes(): number {
    return openBytes + this.bytes.length + (this.read === this.bytes ? 0 : this.read.length);
  }

  /** REMOTE_INVALID, with the pack's name, for bytes that are not what the name says or no pack; REMOTE_VERSION for those of another version. */
  static open(name: string, given: Buffer | ByteParts, where: string, caches = packCaches()): Pack {
    const stored = Buffer.isBuffer(given) ? inMemory(given) : given;
    const invalid = invalidAt(name, where);
    const start = stored.read(0, Math.min(stored.length, blocksStartLength));
    if (isInBlocks(start)) {
      const { header, parts } = checkedBlocks(name, stored, start, invalid);
      return Pack.of(name, header, { stored, read: stored, parts }, where, caches);
    }
    if (nameOf(stored) !== name) throw invalid('is not what was written under that name');
    const bytes = inflated(stored, invalid);
    if (bytes.length < 8 || !bytes.read(0, 4).equals(magic)) throw invalid('is no pack');
    const headerEnd = 8 + bytes.read(4, 4).readUInt32LE(0);
    if (headerEnd > bytes.length) throw invalid('has no header that can be read');
    const header = bytes.read(8, headerEnd - 8);
    const parts = partOf(bytes, headerEnd, bytes.length - headerEnd);
    return Pack.of(name, header, { stored, read: bytes, parts }, where, caches);
  }

  /**
   * Opens a pack whose head was checked, and whose parts check what they read against its hashes. What `rootsOf` the header says has to be
   * there.
   */
  static openParts(name: string, header: Buffer, parts: ByteParts, where: string, caches: SegmentCaches): Pack {
    return Pack.of(name, header, { stored: parts, read: parts, parts }, where, caches);
  }

  /** What of a pack is read to open it, in its parts. */
  static rootsOf(name: string, header: Buffer, where: string): readonly PartLocation[] {
    const { segment, vectors, imports, descriptions } = parseHeader(header, name, where);
    const roots = [segment, ...vectors].map(({ offset, length, rootOffset }) => ({
      offset: offset + rootOffset,
      length: length - rootOffset,
    }));
    return [...roots, imports, ...(descriptions === undefined ? [] : [descriptions])];
  }

  private static of(
    name: string,
    encoded: Buffer,
    bytes: { readonly stored: ByteParts; readonly read: ByteParts; readonly parts: ByteParts },
    where: string,
    caches: SegmentCaches,
  ): Pack {
    const invalid = invalidAt(name, where);
    const header = parseHeader(encoded, name, where);
    try {
      const part = ({ offset, length }: PartLocation): ByteParts => {
        if (!(offset >= 0 && length >= 0 && offset + length <= bytes.parts.length)) throw invalid('ends too early');
        return partOf(bytes.parts, offset, length);
      };
      const files = new MemoryFiles();
      files.putSegment(segmentId, part(header.segment), header.segment.rootOffset);
      for (const vectors of header.vectors)
        files.putVectors(segmentId, vectors.space, part(vectors), vectors.rootOffset);
      const segment = Segment.open(files, segmentId, caches);
      for (const { space } of header.vectors) segment.openVectors(space);
      const lengths = header.lengths === null ? null : new Uint32Array(segment.docCount);
      if (lengths !== null) new Uint8Array(lengths.buffer).set(whole(part(header.lengths!)));
      const described = header.descriptions === undefined ? null : part(header.descriptions);
      const imports = whole(part(header.imports));
      const counts = idKinds.map((kind) => header.imports.counts[kind]);
      const isCount = (count: unknown): boolean => Number.isSafeInteger(count) && (count as number) >= 0;
      if (!counts.every(isCount) || counts.reduce((a, b) => a + b, 0) * contentHashLength !== imports.length)
        throw invalid('does not import what its header says');
      return new Pack(name, header, segment, files, imports, lengths, bytes.stored, bytes.read, described, caches);
    } catch (error) {
      if (error instanceof CoppiceError && error.code === 'REMOTE_INVALID') throw error;
      if (error instanceof CoppiceError && error.code === 'STORE_VERSION')
        throw otherVersion(`${where}: the segment of pack ${name.slice(0, 16)}`, null, error.message);
      throw invalid('does not hold what its header says');
    }
  }

  count(kind: IdKind): number {
    const [from, to] = this.segment.entry[kind];
    return to - from;
  }

  /** Key of what a number of its own or of an import stands for. REMOTE_INVALID for a number that is neither's. */
  keyOf(kind: IdKind, id: number): Buffer {
    const own = this.count(kind);
    if (id < own) return this.keysOf(kind).subarray(id * contentHashLength, (id + 1) * contentHashLength);
    let at = id - own;
    if (at >= this.header.imports.counts[kind])
      throw packInvalid(this.name, `pack ${this.name.slice(0, 16)} refers to what it does not import`);
    for (const before of idKinds) {
      if (before === kind) break;
      at += this.header.imports.counts[before];
    }
    return this.importKeys.subarray(at * contentHashLength, (at + 1) * contentHashLength);
  }

  /** Number of its own for a key, or `noId`. */
  find(kind: IdKind, key: Buffer): number {
    return this.tableOf(kind).find(key);
  }

  /** Lets go of what is only for speed. */
  rest(): void {
    this.bytes.rest();
    this.ownKeys.clear();
    this.files.clear();
    this.trees.clear();
    for (const cache of Object.values(this.caches) as SegmentCaches[keyof SegmentCaches][]) cache.clear();
  }

  /** Lets go of it: nothing of it can be read any more. */
  close(): void {
    this.bytes.close();
    this.rest();
  }

  private keysOf(kind: IdKind): Buffer {
    let keys = this.ownKeys.get(kind);
    if (keys === undefined) {
      keys = Buffer.alloc(this.count(kind) * contentHashLength);
      for (const { key, number } of this.tableOf(kind).rows()) keys.set(key, number * contentHashLength);
      this.ownKeys.set(kind, keys);
    }
    return keys;
  }

  file(number: number): FileRecord {
    let record = this.files.get(number);
    if (record === undefined) this.files.set(number, (record = decodeFileRecord(this.segment.fileRecords.get(number))));
    return record;
  }

  tree(number: number): TreeNode {
    let node = this.trees.get(number);
    if (node === undefined) {
      node = decodeTreeNode(this.segment.treeRecords.get(number));
      this.trees.set(number, node, 1 + node.entries.length);
    }
    return node;
  }

  commit(number: number): CommitRecord {
    return decodeCommitRecord(this.segment.commitRecords.get(number));
  }

  /** What is said of its chunks. Nobody can tell whether it is true: only that it is text of a chunk's, by a model's id. */
  descriptions(): PackDescription[] {
    if (this.described === null) return [];
    try {
      const text = inflateRawSync(whole(this.described), { maxOutputLength: descriptionsBytesMax }).toString('utf8');
      return (JSON.parse(text) as unknown[]).flatMap((value) => {
        const sound = soundDescription(value);
        return sound === null ? [] : [sound];
      });
    } catch {
      return []; // for speed and comfort alone
    }
  }

  /** Nothing taken yet, for each of its numbers. */
  blankNumbers(): Record<IdKind, Int32Array> {
    return ofKinds((kind) => new Int32Array(this.count(kind)).fill(noId));
  }

  private tableOf(kind: IdKind): KeyTable {
    const { docKeys, fileKeys, treeKeys, commitKeys } = this.segment;
    return { docs: docKeys, files: fileKeys, trees: treeKeys, commits: commitKeys }[kind];
  }
}

const otherVersion = (what: string, found: unknown, why?: string): CoppiceError =>
  new CoppiceError(
    'REMOTE_VERSION',
    why ?? `${what} has format ${JSON.stringify(found)}, and this Coppice reads format ${blocksFormatVersion}`,
    {
      hint: 'use the same version of Coppice everywhere, or publish to a remote of its own',
    },
  );

/** Packs are read through once: little is worth keeping. */
const packCaches = (): SegmentCaches => createSegmentCaches(8 * 1024 * 1024, 4 * 1024 * 1024);
