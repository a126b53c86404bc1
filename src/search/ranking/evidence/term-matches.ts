import type { TimeSlices } from '../../../base/index.js';
import type { Snapshot } from '../../../snapshot/index.js';
import { fieldFrequency, saturate } from '../../../text/index.js';
import type { VisiblePostings } from '../../term-postings.js';
import type { FileLengths } from './file-lengths.js';
import { lengthsOf } from './file-lengths.js';
import type { RankingSignals } from '../ranking-signals.js';

/** Where a snapshot has a term, and how much that says but for how rare the term is and what the query gives for it: file by file. */
export interface TermMatches {
  /** Chunks that have it. */
  readonly docCount: number;
  /** Files that have it, ascending; by the same index its saturated frequency in the file as a whole. */
  readonly files: Uint32Array;
  readonly fileFrequencies: Float64Array;
  /** Likewise, of the chunks of each file: the highest frequency, the sum of them, and 1 where one is a definition. Bounds, as 32 bits round. */
  readonly fileMost: Float32Array;
  readonly fileSums: Float32Array;
  readonly fileDefines: Uint8Array;
  /** From where in the columns below those of each file lie; the last is their end. */
  readonly starts: Uint32Array;
  /** Occurrences of the chunks, of a file in no order. */
  readonly positions: Uint32Array;
  /** By the same index: its saturated frequency there; and 1 where it is in the name of a definition. */
  readonly frequencies: Float64Array;
  readonly defines: Uint8Array;
}

/** Rough bytes of memory. */
export const weightOfMatches = ({ positions, files }: TermMatches): number =>
  500 + 13 * positions.length + 25 * files.length;

/** Looks at all postings of a term. */
export async function matchTerm(
  snapshot: Snapshot,
  { docs, frequencies: packedOf }: VisiblePostings,
  lengths: FileLengths,
  { bm25 }: RankingSignals,
  slices: TimeSlices,
): Promise<TermMatches> {
  const { meanLength } = snapshot.statistics;
  const { occurrenceFiles } = snapshot;
  const { weight, lengthNormalization: b, saturation } = bm25;
  let room = docs.length;
  let positions = new Uint32Array(room);
  let frequencies = new Float64Array(room);
  let defines = new Uint8Array(room);
  let count = 0;
  // Counts of whole numbers: in whatever order they are added up, they come to the same.
  const body = new Uint32Array(snapshot.files.length);
  const comment = new Uint32Array(snapshot.files.length);
  const symbol = new Uint32Array(snapshot.files.length);
  const touched: number[] = [];
  let own = 0;
  let packed = 0;
  const addOccurrence = (position: number): void => {
    if (count === room) {
      room = 2 * room + 16;
      positions = grown(positions, new Uint32Array(room));
      frequencies = grown(frequencies, new Float64Array(room));
      defines = grown(defines, new Uint8Array(room));
    }
    positions[count] = position;
    frequencies[count] = own;
    defines[count++] = packed >>> 6 === 0 ? 0 : 1;
    const file = occurrenceFiles[position]!;
    if ((body[file]! | comment[file]! | symbol[file]!) === 0) touched.push(file);
    body[file]! += packed & 15;
    comment[file]! += (packed >>> 4) & 3;
    symbol[file]! += packed >>> 6;
  };
  let segment = snapshot.segments.segments[0];
  let columns = segment === undefined ? null : lengthsOf(segment);
  for (let i = 0; i < docs.length; i++) {
    if ((i & 1023) === 0 && slices.isOver) await slices.next();
    const doc = docs[i]!;
    if (segment === undefined || doc < segment.docBase || doc >= segment.docEnd) {
      segment = snapshot.segments.segmentOfDoc(doc);
      columns = lengthsOf(segment);
    }
    packed = packedOf[i]!;
    const at = doc - segment.docBase;
    own = saturate(
      fieldFrequency(packed & 15, weight.body, b.body, columns!.body[at]!, meanLength.body) +
        fieldFrequency((packed >>> 4) & 3, weight.comment, b.comment, columns!.comment[at]!, meanLength.comment) +
        fieldFrequency(packed >>> 6, weight.symbol, b.symbol, columns!.symbol[at]!, meanLength.symbol),
      saturation,
    );
    snapshot.forEachOccurrence(doc, addOccurrence);
  }
  const files = Uint32Array.from(touched).sort();
  const fileFrequencies = new Float64Array(files.length);
  for (let i = 0; i < files.length; i++) {
    if ((i & 1023) === 0 && slices.isOver) await slices.next();
    const file = files[i]!;
    fileFrequencies[i] = saturate(
      fieldFrequency(body[file]!, weight.body, b.body, lengths.body[file]!, lengths.mean.body) +
        fieldFrequency(comment[file]!, weight.comment, b.comment, lengths.comment[file]!, lengths.mean.comment) +
        fieldFrequency(symbol[file]!, weight.symbol, b.symbol, lengths.symbol[file]!, lengths.mean.symbol),
      saturation,
    );
  }
  const found = {
    positions: positions.subarray(0, count),
    frequencies: frequencies.subarray(0, count),
    defines: defines.subarray(0, count),
  };
  return { docCount: docs.length, files, fileFrequencies, ...byFile(files, occurrenceFiles, found) };
}

type OccurrenceColumns = Pick<TermMatches, 'positions' | 'frequencies' | 'defines'>;

/** Occurrences file by file, and what they say together. `files` are theirs, ascending. */
export function byFile(
  files: Uint32Array,
  occurrenceFiles: Uint32Array,
  found: OccurrenceColumns,
): OccurrenceColumns & Pick<TermMatches, 'starts' | 'fileMost' | 'fileSums' | 'fileDefines'> {
  const count = found.positions.length;
  const starts = new Uint32Array(files.length + 1);
  const places = new Uint32Array((files.at(-1) ?? -1) + 1);
  for (let i = 0; i < files.length; i++) places[files[i]!] = i;
  for (let i = 0; i < count; i++) starts[places[occurrenceFiles[found.positions[i]!]!]! + 1]!++;
  for (let i = 0; i < files.length; i++) starts[i + 1]! += starts[i]!;
  const next = starts.slice();
  const positions = new Uint32Array(count);
  const frequencies = new Float64Array(count);
  const defines = new Uint8Array(count);
  const fileMost = new Float32Array(files.length);
  const sums = new Float64Array(files.length);
  const fileDefines = new Uint8Array(files.length);
  for (let i = 0; i < count; i++) {
    const position = found.positions[i]!;
    const place = places[occurrenceFiles[position]!]!;
    const at = next[place]!++;
    const frequency = (frequencies[at] = found.frequencies[i]!);
    positions[at] = position;
    defines[at] = found.defines[i]!;
    if (frequency > fileMost[place]!) fileMost[place] = frequency;
    sums[place]! += frequency;
    fileDefines[place]! |= found.defines[i]!;
  }
  return { starts, positions, frequencies, defines, fileMost, fileSums: Float32Array.from(sums), fileDefines };
}

function grown<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
