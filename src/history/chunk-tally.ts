import { scanAllTexts } from '../pattern/index.js';
import type { GramPlan, ScanRequest } from '../pattern/index.js';
import { storedCandidateDocs } from '../search/index.js';
import type { SegmentList } from '../segment/index.js';

/** Where chunks of a history are looked for, and their texts, where these are not in its segments. */
export interface HistoryChunks {
  /** Docs, ascending, whose grams satisfy a plan. */
  candidates(plan: GramPlan, signal: AbortSignal | undefined): Promise<readonly number[]>;
  /** Brings texts here that are about to be read. */
  bring(docs: readonly number[], signal: AbortSignal | undefined): Promise<void>;
}

export interface TallyRequest extends ScanRequest {
  /** The chunks to look at, ascending. */
  readonly docs: readonly number[];
  /** Null where all lies in the segments. */
  readonly chunks: HistoryChunks | null;
}

/** So many texts that are elsewhere are brought, and read, at a time. */
const broughtAtOnce = 2048;

/** Chunks of the whole history that can match, ascending. */
export const candidateDocs = async (
  segments: SegmentList,
  { chunks, pattern, signal }: Pick<TallyRequest, 'chunks' | 'pattern' | 'signal'>,
): Promise<readonly number[]> =>
  chunks === null ? storedCandidateDocs(segments, pattern.plan) : chunks.candidates(pattern.plan, signal);

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
  const tally = await tallyChunks(segments, request, 'lines', (text, found, { items, counts }) => {
    const start = items.length;
    for (let at = 0; at < found.length; at += 5) {
      const line = text.slice(found[at + 1], found[at + 2]);
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
    }
  });
  return { tally, lines };
}

/** How often the pattern occurs in chunks; the only item is 0. */
export function tallyOccurrences(segments: SegmentList, request: TallyRequest): Promise<ChunkTally> {
  return tallyChunks(segments, request, 'count', (_text, found, { items, counts }) => {
    items.push(0);
    counts.push(found[0]!);
  });
}

async function tallyChunks(
  segments: SegmentList,
  { docs, chunks, pattern, deadline, signal }: TallyRequest,
  wanted: 'lines' | 'count',
  /** Adds the items of a text in which something was found. */
  add: (text: string, found: ArrayLike<number>, tally: ChunkTally) => void,
): Promise<ChunkTally> {
  const tally = new ChunkTally(segments.docEnd);
  const atOnce = chunks === null ? docs.length : broughtAtOnce;
  for (let from = 0; from < docs.length; from += atOnce) {
    const count = Math.min(atOnce, docs.length - from);
    if (chunks !== null) await chunks.bring(docs.slice(from, from + count), signal);
    const textOf = (i: number): string => segments.chunkText(docs[from + i]!);
    await scanAllTexts({ pattern, deadline, signal, count, textOf, wanted }, ({ i, text, numbers }) => {
      add(text, numbers, tally);
      tally.finish(docs[from + i]!);
    });
  }
  return tally;
}
