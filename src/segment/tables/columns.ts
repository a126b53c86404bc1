import { ByteReader, ByteWriter } from '../../base/index.js';
import type { ReadableFile, WritableFile } from '../../store/index.js';

/**
 * Columns: arrays with a number for each doc or commit. On disk each lies as it does in memory or, where that is less than half as long,
 * packed: a varint for each value, and for a run of zeros a 0 and a varint of the run's length less one. Ids that were collected
 * are such runs: they stay in the range of their segment for ever and cost nothing.
 */
export interface ColumnLocation {
  readonly offset: number;
  /** In bytes, on disk. */
  readonly length: number;
  /** Of a packed column: how many values it has. */
  readonly packed?: number;
}

export type ColumnLocations<Columns> = Readonly<Record<keyof Columns, ColumnLocation>>;

type ColumnType = Uint8ArrayConstructor | Uint16ArrayConstructor | Uint32ArrayConstructor;

/** Writes columns, each an array of its type. */
export function writeColumns<Columns>(
  file: WritableFile,
  types: Readonly<Record<keyof Columns, ColumnType>>,
  columns: Readonly<Record<keyof Columns, ArrayLike<number>>>,
): ColumnLocations<Columns> {
  const locations: Partial<Record<keyof Columns, ColumnLocation>> = {};
  for (const name of Object.keys(types) as (keyof Columns)[]) {
    const column = new types[name](columns[name]);
    const raw = new Uint8Array(column.buffer);
    const packed = pack(column, raw.length / 2);
    const bytes = packed ?? raw;
    const { length: offset } = file;
    file.write(bytes);
    locations[name] = { offset, length: bytes.length, ...(packed === null ? {} : { packed: column.length }) };
  }
  return locations as ColumnLocations<Columns>;
}

/** A column as it was written, in memory of its own: a typed array needs aligned memory, and outlives the page it came from. */
export function readColumn<Type extends ColumnType>(
  file: ReadableFile,
  { offset, length, packed }: ColumnLocation,
  type: Type,
): InstanceType<Type> {
  const bytes = file.read(offset, length);
  if (packed !== undefined) return unpack(bytes, new type(packed)) as InstanceType<Type>;
  const copy = new Uint8Array(length);
  copy.set(bytes);
  return new type(copy.buffer) as InstanceType<Type>;
}

/** Null when it is not shorter than so many bytes. */
function pack(column: ArrayLike<number>, bytesMax: number): Uint8Array | null {
  const packed = new ByteWriter(1024);
  for (let at = 0; at < column.length;) {
    const value = column[at++]!;
    packed.varint(value);
    if (value === 0) {
      const from = at;
      while (at < column.length && column[at] === 0) at++;
      packed.varint(at - from);
    }
    if (packed.length >= bytesMax) return null;
  }
  return packed.view();
}

/** Fills a column of zeros. */
function unpack<Column extends Uint8Array | Uint16Array | Uint32Array>(bytes: Buffer, column: Column): Column {
  const reader = new ByteReader(bytes);
  for (let at = 0; !reader.done; at++) {
    const value = reader.varint();
    if (value === 0) at += reader.varint();
    else column[at] = value;
  }
  return column;
}
