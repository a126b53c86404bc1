import { TimeSlices } from '../../../base/index.js';
import type { Snapshot, Table } from '../../../snapshot/index.js';
import type { FieldValues } from '../../../text/index.js';

/** Tokens in each field of each file: what its chunks have, together. */
export class FileLengths {
  readonly mean: FieldValues;

  constructor(
    readonly body: Float64Array,
    readonly comment: Float64Array,
    readonly symbol: Float64Array,
  ) {
    this.mean = { body: meanOf(body), comment: meanOf(comment), symbol: meanOf(symbol) };
  }

  /** Made once for a snapshot. */
  static of(snapshot: Snapshot): Promise<FileLengths> {
    return snapshot.derived.once(
      'fileLengths',
      () => snapshot.tableOf(table, () => FileLengths.count(snapshot)),
      ({ body }) => 24 * body.length,
    );
  }

  /** Counted; of files that a snapshot has too of which they are kept, taken from there. */
  private static async count(snapshot: Snapshot): Promise<FileLengths> {
    const { files, fileStarts, occurrenceDocs, segments } = snapshot;
    const known = await knownLengths(snapshot);
    const body = new Float64Array(files.length);
    const comment = new Float64Array(files.length);
    const symbol = new Float64Array(files.length);
    const slices = new TimeSlices();
    let segment = segments.segments[0];
    let columns = segment === undefined ? null : lengthsOf(segment);
    for (let file = 0; file < files.length; file++) {
      if ((file & 255) === 0 && slices.isOver) await slices.next();
      const same = known?.fileOf.get(files[file]!.id);
      if (same !== undefined) {
        body[file] = known!.lengths.body[same]!;
        comment[file] = known!.lengths.comment[same]!;
        symbol[file] = known!.lengths.symbol[same]!;
        continue;
      }
      for (let position = fileStarts[file]!; position < fileStarts[file + 1]!; position++) {
        const doc = occurrenceDocs[position]!;
        if (segment === undefined || doc < segment.docBase || doc >= segment.docEnd) {
          segment = segments.segmentOfDoc(doc);
          columns = lengthsOf(segment);
        }
        const at = doc - segment.docBase;
        body[file]! += columns!.body[at]!;
        comment[file]! += columns!.comment[at]!;
        symbol[file]! += columns!.symbol[at]!;
      }
    }
    return new FileLengths(body, comment, symbol);
  }
}

const meanOf = (values: Float64Array): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

interface KnownLengths {
  readonly lengths: FileLengths;
  /** Where a file is there, by its number. */
  readonly fileOf: ReadonlyMap<number, number>;
}

/** What is kept of a snapshot that has most files in common with another; null where nothing is. */
async function knownLengths(snapshot: Snapshot): Promise<KnownLengths | null> {
  const other = await snapshot.neighbour();
  try {
    const lengths = other?.keptTable(table);
    if (lengths === undefined) return null;
    return { lengths, fileOf: new Map(other!.files.map(({ id }, file) => [id, file])) };
  } finally {
    other?.release();
  }
}

const table: Table<FileLengths> = {
  name: 'lengths-1',
  of: 'root',
  read: (columns) => {
    const { body, comment, symbol } = columns as Record<string, Float64Array>;
    return new FileLengths(body!, comment!, symbol!);
  },
  columns: ({ body, comment, symbol }) => ({ body, comment, symbol }),
};

interface Lengths {
  readonly body: Uint16Array;
  readonly comment: Uint16Array;
  readonly symbol: Uint8Array;
}

/** The lengths of a segment's chunks. */
export function lengthsOf(segment: Snapshot['segments']['segments'][number]): Lengths {
  return {
    body: segment.column('bodyLength'),
    comment: segment.column('commentLength'),
    symbol: segment.column('symbolLength'),
  };
}
