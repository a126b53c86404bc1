import { forEachInSlices } from '../search/index.js';
import type { CompiledPattern, SlicedWork } from '../search/index.js';
import type { SegmentList } from '../segment/index.js';

export interface TallyRequest extends SlicedWork {
  readonly pattern: CompiledPattern;
  /** The chunks to look at, ascending. */
  readonly docs: readonly number[];
}

/** What chunks have of some numbered items, and how often. */
export class ChunkTally {
  /** Chunks that have any, ascending. */
  readonly docs: number[] = [];
  /** Place of a chunk in `docs` plus one, by doc id; 0 for the others. */
  readonly places: Uint32Array;
  /** By place, where the chunk's items begin; those of the chunk after it begin where they end. */
  readonly starts: number[] = [0];
  readonly items: number[] = [];
  readonly counts: number[] = [];

  constructor(docEnd: number) {
    this.places = new Uint32Array(docEnd);
  }

  /** Ends the chunk whose items were added last. */
  finish(doc: number): void {
    this.docs.push(doc);
    this.places[doc] = this.docs.length;
    this.starts.push(this.items.length);
  }
}

/** The distinct lines of chunks that match, by number. */
export async function tallyLines(
  segments: SegmentList,
  request: TallyRequest,
): Promise<{ tally: ChunkTally; lines: readonly string[] }> {
  const numbers = new Map<string, number>();
  const lines: string[] = [];
  /** By line, where in `items` it was put last. */
  const lastPlaces: number[] = [];
  const tally = await tallyChunks(segments, request, (text, { items, counts }) => {
    const start = items.length;
    request.pattern.matchLines(text, (_line, from, to) => {
      const line = text.slice(from, to);
      let number = numbers.get(line);
      if (number === undefined) {
        number = lines.length;
        numbers.set(line, number);
        lines.push(line);
        lastPlaces.push(-1);
      }
      const place = lastPlaces[number]!;
      if (place >= start) counts[place]!++;
      else {
        lastPlaces[number] = items.length;
        items.push(number);
        counts.push(1);
      }
    });
    return items.length > start;
  });
  return { tally, lines };
}

/** How often the pattern occurs in chunks; the only item is 0. */
export function tallyOccurrences(segments: SegmentList, request: TallyRequest): Promise<ChunkTally> {
  return tallyChunks(segments, request, (text, { items, counts }) => {
    const count = request.pattern.countMatches(text);
    if (count === 0) return false;
    items.push(0);
    counts.push(count);
    return true;
  });
}

async function tallyChunks(
  segments: SegmentList,
  request: TallyRequest,
  /** Adds the items of a text; false when it has none. */
  add: (text: string, tally: ChunkTally) => boolean,
): Promise<ChunkTally> {
  const tally = new ChunkTally(segments.docEnd);
  const { docs } = request;
  await forEachInSlices(docs.length, request, (i) => {
    const doc = docs[i]!;
    if (add(segments.chunkText(doc), tally)) tally.finish(doc);
    return false;
  });
  return tally;
}
