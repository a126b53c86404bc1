import { crc32 } from '../base/index.js';
import type { TreeId } from '../model/index.js';
import type { TreeNode } from '../segment/index.js';
import type { Store } from '../store/index.js';

/**
 * Tables that searches made of a snapshot as a whole, kept beside what its root sees (see flat-snapshot.ts), so that the next process reads them.
 * Each is of a root, whose number stands for the same for ever, or of a list of paths, which many roots have in common.
 *
 *     magic, CRC-32 of all that follows, length of the header, header as JSON, columns (each at a multiple of eight bytes)
 */
const magic = 0x31544b43;
const formatVersion = 1;
/** Of the order of bytes in memory: a file of another machine is none. */
const byteOrder = new Uint16Array(new Uint8Array([1, 0]).buffer)[0]!;
const crcAt = 4;
const lengthAt = 8;
const headerAt = 12;
const alignment = 8;

const columnTypes = { f64: Float64Array, u32: Uint32Array, u8: Uint8Array } as const;
type ColumnType = keyof typeof columnTypes;
export type TableColumn = Float64Array | Uint32Array | Uint8Array;
/** A table's columns by name. */
export type TableColumns = Readonly<Record<string, TableColumn>>;

interface Header {
  readonly version: number;
  readonly byteOrder: number;
  /** What the table is of, in full. */
  readonly of: string;
  readonly columns: readonly (readonly [name: string, type: ColumnType, length: number])[];
}

const padded = (size: number): number => Math.ceil(size / alignment) * alignment;

export function encodeTable(of: string, columns: TableColumns): Buffer {
  const all = Object.entries(columns);
  const typeOf = (column: TableColumn): ColumnType =>
    column instanceof Float64Array ? 'f64' : column instanceof Uint32Array ? 'u32' : 'u8';
  const header: Header = {
    version: formatVersion,
    byteOrder,
    of,
    columns: all.map(([name, column]) => [name, typeOf(column), column.length]),
  };
  const json = Buffer.from(JSON.stringify(header));
  const start = padded(headerAt + json.length);
  const bytes = Buffer.alloc(all.reduce((size, [, column]) => size + padded(column.byteLength), start));
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(json.length, lengthAt);
  bytes.set(json, headerAt);
  let at = start;
  for (const [, { buffer, byteOffset, byteLength }] of all) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += padded(byteLength);
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(lengthAt)), crcAt);
  return bytes;
}

/** The columns; null where the bytes are damaged, of another version, or another's. */
export function decodeTable(of: string, given: Buffer): TableColumns | null {
  if (given.length < headerAt || given.readUInt32LE(0) !== magic) return null;
  if (given.readUInt32LE(crcAt) !== crc32(given.subarray(lengthAt))) return null;
  const jsonEnd = headerAt + given.readUInt32LE(lengthAt);
  const header = JSON.parse(given.toString('utf8', headerAt, jsonEnd)) as Header;
  if (header.version !== formatVersion || header.byteOrder !== byteOrder || header.of !== of) return null;
  const bytes = given.byteOffset % alignment === 0 ? given : Buffer.from(new Uint8Array(given).buffer);
  const columns: Record<string, TableColumn> = {};
  let at = padded(jsonEnd);
  for (const [name, type, length] of header.columns) {
    columns[name] = new columnTypes[type](bytes.buffer as ArrayBuffer, bytes.byteOffset + at, length);
    at += padded(columns[name].byteLength);
  }
  return columns;
}

/** Where the tables of a snapshot are kept; for a root that is not stored, those of its paths are read alone. */
export class KeptTables {
  constructor(
    private readonly store: Store,
    private readonly root: TreeId,
    private readonly node: Pick<TreeNode, 'oid' | 'fileCount' | 'chunkCount'>,
    /** The root is one that is opened again and again. */
    private readonly isKept: () => boolean,
  ) {}

  /** What was kept under a name for the root. */
  ofRoot(name: string): TableColumns | null {
    return this.isKept() ? this.read(this.rootFile(name), this.rootNamed) : null;
  }

  keepOfRoot(name: string, columns: TableColumns): void {
    if (this.isKept()) this.store.snapshots.put(this.rootFile(name), encodeTable(this.rootNamed, columns));
  }

  /** Likewise for a list of paths, by its hash. */
  ofPaths(name: string, hash: string): TableColumns | null {
    return this.read(pathsFile(name, hash), hash);
  }

  keepOfPaths(name: string, hash: string, columns: TableColumns): void {
    if (this.isKept()) this.store.snapshots.put(pathsFile(name, hash), encodeTable(hash, columns));
  }

  private read(file: string, of: string): TableColumns | null {
    const bytes = this.store.snapshots.get(file);
    if (bytes === null) return null;
    const columns = decodeTable(of, bytes);
    if (columns === null) this.store.snapshots.remove(file);
    return columns;
  }

  private rootFile(name: string): string {
    return `t${this.root}-${name}`;
  }

  private get rootNamed(): string {
    const { oid, fileCount, chunkCount } = this.node;
    return `${oid} ${fileCount} ${chunkCount}`;
  }
}

const pathsFile = (name: string, hash: string): string => `p${hash}-${name}`;
