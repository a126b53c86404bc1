import type { Candidate } from './candidate.js';
import type { TimeSlices } from '../../base/index.js';

export interface Spread {
  /** What each further chunk of a file counts of what the one before it did; at most 1. */
  readonly decay: number;
  readonly limit: number;
  readonly isHit: (candidate: Candidate) => boolean;
  readonly slices: TimeSlices;
}

export interface Listed<C extends Candidate> {
  readonly candidate: C;
  /** What its score was multiplied by, and what that made of it. */
  readonly repeat: number;
  readonly value: number;
}

/** The best chunk of a file that is not listed yet. */
interface Head<C extends Candidate> {
  readonly file: readonly C[];
  /** Its place among the file's chunks: how many of them are listed. */
  readonly rank: number;
  readonly value: number;
}

/**
 * Lists hits so that one file does not fill the page: always the chunk that is worth the most, where each further chunk of
 * a file, hit or not, counts `decay` times what the one before it did. `sorted` is in order of score, then position.
 */
export async function spreadOverFiles<C extends Candidate>(
  sorted: readonly C[],
  { decay, limit, isHit, slices }: Spread,
): Promise<Listed<C>[]> {
  const files = new Map<number, C[]>();
  for (const candidate of sorted) {
    const file = files.get(candidate.file);
    if (file === undefined) files.set(candidate.file, [candidate]);
    else file.push(candidate);
  }
  const heads = new Heap(Array.from(files.values(), (file): Head<C> => ({ file, rank: 0, value: file[0]!.score })));
  const result: Listed<C>[] = [];
  for (let step = 0; result.length < limit; step++) {
    if ((step & 63) === 0 && slices.isOver) await slices.next();
    const best = heads.first;
    if (best === undefined) break;
    const { file, rank, value } = best;
    const candidate = file[rank]!;
    const next = file[rank + 1];
    if (next === undefined) heads.removeFirst();
    else heads.replaceFirst({ file, rank: rank + 1, value: next.score * decay ** (rank + 1) });
    if (isHit(candidate)) result.push({ candidate, repeat: decay ** rank, value });
  }
  return result;
}

/** Of equal values the chunk with the better own score comes first, then the earlier one. */
function comesBefore<C extends Candidate>(a: Head<C>, b: Head<C>): boolean {
  if (a.value !== b.value) return a.value > b.value;
  const [one, other] = [a.file[a.rank]!, b.file[b.rank]!];
  return one.score === other.score ? one.position < other.position : one.score > other.score;
}

/** A binary heap, the first of all at the top. */
class Heap<C extends Candidate> {
  /** They are in order of their scores, which makes them a heap already. */
  constructor(private readonly heads: Head<C>[]) {}

  get first(): Head<C> | undefined {
    return this.heads[0];
  }

  removeFirst(): void {
    const last = this.heads.pop()!;
    if (this.heads.length > 0) this.replaceFirst(last);
  }

  replaceFirst(head: Head<C>): void {
    const { heads } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heads.length) break;
      if (child + 1 < heads.length && comesBefore(heads[child + 1]!, heads[child]!)) child++;
      if (!comesBefore(heads[child]!, head)) break;
      heads[at] = heads[child]!;
      at = child;
    }
    heads[at] = head;
  }
}
