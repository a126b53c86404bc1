import { crc32, decodeBytes, encodeBytes } from '../base/index.js';
import { asDocId, asFileId, asOid, skipReasons } from '../model/index.js';
import type { DocId, EntryKind, FileDiagnostic, FileId, Oid, SkipReason } from '../model/index.js';
import type { FileRecord, SegmentList, TreeNode } from '../segment/index.js';
import { readFileRecord } from './record-caches.js';
import type { RecordCaches } from './record-caches.js';
import { linkOccurrences } from './snapshot-contents.js';
import type { SeenByRoot, TreeContents } from './snapshot-contents.js';
import type { SnapshotFile } from './snapshot.js';

/**
 * What a root sees, in one piece: columns over its files and occurrences as they lie in memory, so that opening it is reading it. A
 * root's number stands for the same for ever; what else it could be, of a store that was made anew in the same place, is found out.
 *
 *     magic, CRC-32 of all that follows, length of the header, header as JSON, columns (each at a multiple of eight bytes)
 */
const magic = 0x31534643;
/** Of the order of bytes in memory: a file of another machine is none. */
const byteOrder = new Uint16Array(new Uint8Array([1, 0]).buffer)[0]!;
const formatVersion = 1;
const crcAt = 4;
const lengthAt = 8;
const headerAt = 12;
const alignment = 8;

interface Header {
  readonly version: number;
  readonly byteOrder: number;
  readonly oid: Oid;
  readonly fileCount: number;
  readonly chunkCount: number;
  readonly files: number;
  readonly occurrences: number;
  readonly oidBytes: number;
  readonly pathBytes: number;
  readonly unfollowed: TreeContents['unfollowed'];
}

const enum Flag {
  Executable = 1,
  Generated = 2,
  ExactOnly = 4,
  /** It has diagnostics, or chunks that are never searched: its record tells. */
  More = 8,
  /** Above: why it is skipped, one more than the position of the reason. */
  SkippedShift = 4,
}

type Root = Pick<TreeNode, 'oid' | 'fileCount' | 'chunkCount'>;

interface Columns {
  readonly sizes: Float64Array;
  readonly ids: Uint32Array;
  /** Occurrences of each file. */
  readonly counts: Uint32Array;
  readonly docs: Uint32Array;
  readonly lines: Uint32Array;
  readonly languages: Uint8Array;
  readonly flags: Uint8Array;
  readonly oids: Uint8Array;
  /** Each ended by a zero byte. */
  readonly paths: Uint8Array;
}

/** The places of the columns behind the header, in their order. */
function columnsOf(bytes: Buffer, from: number, { files, occurrences, oidBytes, pathBytes }: Header): Columns | null {
  let at = from;
  const next = (size: number): number => {
    at = Math.ceil(at / alignment) * alignment;
    at += size;
    return bytes.byteOffset + at - size;
  };
  const { buffer } = bytes;
  const whole = 8 * files + 8 * files + 8 * occurrences + 2 * files + oidBytes * files + pathBytes;
  if (from + whole > bytes.length) return null;
  const columns: Columns = {
    sizes: new Float64Array(buffer, next(8 * files), files),
    ids: new Uint32Array(buffer, next(4 * files), files),
    counts: new Uint32Array(buffer, next(4 * files), files),
    docs: new Uint32Array(buffer, next(4 * occurrences), occurrences),
    lines: new Uint32Array(buffer, next(4 * occurrences), occurrences),
    languages: new Uint8Array(buffer, next(files), files),
    flags: new Uint8Array(buffer, next(files), files),
    oids: new Uint8Array(buffer, next(oidBytes * files), oidBytes * files),
    paths: new Uint8Array(buffer, next(pathBytes), pathBytes),
  };
  return at === bytes.length ? columns : null;
}

/** Lays out what a root sees; null where its files' names are of several kinds. */
export function encodeFlatSnapshot(root: Root, { contents, occurrences }: SeenByRoot): Buffer | null {
  const { files, unfollowed } = contents;
  const paths = encodeBytes(files.map(({ path }) => `${path}\0`).join(''));
  const oidBytes = root.oid.length / 2;
  if (files.some(({ record }) => record.oid.length !== root.oid.length)) return null;
  const header: Header = {
    version: formatVersion,
    byteOrder,
    oid: root.oid,
    fileCount: root.fileCount,
    chunkCount: root.chunkCount,
    files: files.length,
    occurrences: occurrences.docs.length,
    oidBytes,
    pathBytes: paths.length,
    unfollowed,
  };
  const json = Buffer.from(JSON.stringify(header));
  const padded = (size: number): number => Math.ceil(size / alignment) * alignment;
  let size = padded(headerAt + json.length);
  const { length } = files;
  for (const column of [8 * length, 4 * length, 4 * length, 4 * header.occurrences, 4 * header.occurrences])
    size += padded(column);
  size += 2 * padded(length) + padded(oidBytes * length) + paths.length;
  const bytes = Buffer.from(new ArrayBuffer(size));
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(json.length, lengthAt);
  bytes.set(json, headerAt);
  const columns = columnsOf(bytes, headerAt + json.length, header)!;
  for (const file of occurrences.files) columns.counts[file]!++;
  columns.docs.set(occurrences.docs);
  columns.lines.set(occurrences.lines);
  columns.paths.set(paths);
  for (const [i, { id, kind, record }] of files.entries()) {
    columns.ids[i] = id;
    columns.sizes[i] = record.sizeBytes;
    columns.languages[i] = record.language;
    columns.oids.set(Buffer.from(record.oid, 'hex'), i * oidBytes);
    const { skipped, docs, diagnostics } = record;
    const hasMore = diagnostics.length > 0 || (skipped !== null && docs.length > 0);
    columns.flags[i] =
      (kind === 'executable' ? Flag.Executable : 0) |
      (record.generated ? Flag.Generated : 0) |
      (record.exactOnly ? Flag.ExactOnly : 0) |
      (hasMore ? Flag.More : 0) |
      ((skipped === null ? 0 : skipReasons.indexOf(skipped) + 1) << Flag.SkippedShift);
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(lengthAt)), crcAt);
  return bytes;
}

export interface FlatSnapshot extends SeenByRoot {
  readonly paths: readonly string[];
}

/** What was laid out, or null where it is damaged or another root's. */
export function decodeFlatSnapshot(
  bytes: Buffer,
  root: Root,
  segments: SegmentList,
  caches: RecordCaches,
): FlatSnapshot | null {
  if (bytes.length < headerAt || bytes.byteOffset % alignment !== 0) return null;
  if (bytes.readUInt32LE(0) !== magic || bytes.readUInt32LE(crcAt) !== crc32(bytes.subarray(lengthAt))) return null;
  const from = headerAt + bytes.readUInt32LE(lengthAt);
  const header = JSON.parse(bytes.toString('utf8', headerAt, from)) as Header;
  if (header.version !== formatVersion || header.byteOrder !== byteOrder) return null;
  if (header.oid !== root.oid || header.fileCount !== root.fileCount || header.chunkCount !== root.chunkCount)
    return null;
  const columns = columnsOf(bytes, from, header);
  if (columns === null) return null;
  const paths = decodeBytes(columns.paths).split('\0');
  paths.pop();
  const flat = new FlatFiles(columns, paths, header.oidBytes, segments, caches);
  const { counts, docs, lines } = columns;
  const fileCount = header.files;
  const files = new Uint32Array(docs.length);
  let at = 0;
  for (let file = 0; file < fileCount; file++) {
    const end = at + counts[file]!;
    flat.starts[file] = at;
    files.fill(file, at, end);
    at = end;
  }
  const list = Array.from({ length: fileCount }, (_, file) => new FlatFile(flat, file));
  if (!isOf(segments, caches, list)) return null;
  const occurrences = { docs, files, lines, ...linkOccurrences(segments, docs) };
  return { contents: { files: list, unfollowed: header.unfollowed }, occurrences, paths };
}

/** Whether a few files are what the segments have under their numbers. */
function isOf(segments: SegmentList, caches: RecordCaches, files: readonly FlatFile[]): boolean {
  const sample = new Set([0, files.length >>> 1, files.length - 1].map((at) => files[at]));
  return [...sample].every((file) => {
    if (file === undefined) return true;
    if (!segments.has('files', file.id)) return false;
    const { oid, docs } = readFileRecord(segments, file.id, caches);
    return oid === file.oid && docs.length === file.docs.length && docs.every((doc, i) => doc === file.docs[i]);
  });
}

/** Files as they are over other segments, which have them too. */
export function filesOver(segments: SegmentList): (file: SnapshotFile) => SnapshotFile {
  const known = new Map<FlatFiles, FlatFiles>();
  return (file) => {
    if (!(file instanceof FlatFile)) return file;
    const all = known.get(file.all) ?? file.all.over(segments);
    known.set(file.all, all);
    return file.over(all);
  };
}

/** What all files of a flat snapshot lie in. */
class FlatFiles {
  constructor(
    readonly columns: Columns,
    readonly paths: readonly string[],
    readonly oidBytes: number,
    private readonly segments: SegmentList,
    private readonly caches: RecordCaches,
    readonly starts = new Uint32Array(paths.length),
  ) {}

  over(segments: SegmentList): FlatFiles {
    return new FlatFiles(this.columns, this.paths, this.oidBytes, segments, this.caches, this.starts);
  }

  record(id: FileId): FileRecord {
    return readFileRecord(this.segments, id, this.caches);
  }
}

/** A file of a flat snapshot: where it lies in the columns, read when it is asked for. */
class FlatFile implements SnapshotFile, FileRecord {
  constructor(
    readonly all: FlatFiles,
    private readonly at: number,
  ) {}

  over(all: FlatFiles): FlatFile {
    return new FlatFile(all, this.at);
  }

  get record(): FileRecord {
    return this;
  }

  get path(): string {
    return this.all.paths[this.at]!;
  }

  get id(): FileId {
    return asFileId(this.all.columns.ids[this.at]!);
  }

  get kind(): EntryKind {
    return this.has(Flag.Executable) ? 'executable' : 'file';
  }

  get oid(): Oid {
    const { columns, oidBytes } = this.all;
    const { buffer, byteOffset } = columns.oids;
    return asOid(Buffer.from(buffer, byteOffset + this.at * oidBytes, oidBytes).toString('hex'));
  }

  get language(): number {
    return this.all.columns.languages[this.at]!;
  }

  get sizeBytes(): number {
    return this.all.columns.sizes[this.at]!;
  }

  get skipped(): SkipReason | null {
    const reason = this.all.columns.flags[this.at]! >>> Flag.SkippedShift;
    return reason === 0 ? null : skipReasons[reason - 1]!;
  }

  get generated(): boolean {
    return this.has(Flag.Generated);
  }

  get exactOnly(): boolean {
    return this.has(Flag.ExactOnly);
  }

  get docs(): readonly DocId[] {
    if (this.skipped !== null) return this.has(Flag.More) ? this.all.record(this.id).docs : [];
    const { columns, starts } = this.all;
    const start = starts[this.at]!;
    return Array.from(columns.docs.subarray(start, start + columns.counts[this.at]!), asDocId);
  }

  get diagnostics(): readonly FileDiagnostic[] {
    return this.has(Flag.More) ? this.all.record(this.id).diagnostics : [];
  }

  private has(flag: Flag): boolean {
    return (this.all.columns.flags[this.at]! & flag) !== 0;
  }
}
