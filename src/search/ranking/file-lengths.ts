import { TimeSlices } from '../../base/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import type { FieldValues } from '../../text/index.js';

/** Tokens in each field of each file: what its chunks have, together. */
export class FileLengths {
  readonly body: Float64Array;
  readonly comment: Float64Array;
  readonly symbol: Float64Array;
  mean: FieldValues = { body: 0, comment: 0, symbol: 0 };

  private constructor(fileCount: number) {
    this.body = new Float64Array(fileCount);
    this.comment = new Float64Array(fileCount);
    this.symbol = new Float64Array(fileCount);
  }

  /** Made once for a snapshot. */
  static of(snapshot: Snapshot): Promise<FileLengths> {
    return snapshot.derived.once(
      'fileLengths',
      async () => {
        const lengths = new FileLengths(snapshot.files.length);
        await lengths.count(snapshot);
        return lengths;
      },
      ({ body }) => 24 * body.length,
    );
  }

  private async count({ occurrenceDocs, occurrenceFiles, segments }: Snapshot): Promise<void> {
    const slices = new TimeSlices();
    let segment = segments.segments[0];
    let columns = segment === undefined ? null : lengthsOf(segment);
    for (let position = 0; position < occurrenceDocs.length; position++) {
      if ((position & 4095) === 0 && slices.isOver) await slices.next();
      const doc = occurrenceDocs[position]!;
      const file = occurrenceFiles[position]!;
      if (segment === undefined || doc < segment.docBase || doc >= segment.docEnd) {
        segment = segments.segmentOfDoc(doc);
        columns = lengthsOf(segment);
      }
      const at = doc - segment.docBase;
      this.body[file]! += columns!.body[at]!;
      this.comment[file]! += columns!.comment[at]!;
      this.symbol[file]! += columns!.symbol[at]!;
    }
    const mean = (values: Float64Array): number =>
      values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
    this.mean = { body: mean(this.body), comment: mean(this.comment), symbol: mean(this.symbol) };
  }
}

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
