import type { TimeSlices } from '../../../base/index.js';
import type { Snapshot } from '../../../snapshot/index.js';
import type { Evidence } from '../evidence.js';
import type { RankMode } from '../ranked.js';
import type { MeaningSignal, RankingSignals } from '../ranking-signals.js';
import type { Similarities } from '../../vectors/similarity.js';

export interface MeaningOptions {
  readonly mode: RankMode;
  readonly signals: RankingSignals;
  readonly slices: TimeSlices;
  /** Default: that of the mode. */
  readonly signal?: MeaningSignal;
}

/**
 * What the similarity of its vector says for each occurrence, on the scale of lexical evidence. Cosines of different queries are
 * not comparable, so they are measured between the mean of the snapshot and the nearest chunk of it. A file that has a near chunk
 * is about the matter: its others get a share.
 */
export class Meaning {
  private constructor(
    private readonly similarities: Similarities,
    private readonly rankedFiles: Uint8Array | null,
    private readonly nearMin: number,
    private readonly signal: MeaningSignal,
    private readonly mean: number,
    private readonly nearest: number,
    /** What the nearest chunk is worth. */
    private readonly scale: number,
  ) {}

  static async of(
    { rankedFiles }: Snapshot,
    similarities: Similarities,
    { idf }: Evidence,
    { mode, signals, slices, signal: given }: MeaningOptions,
  ): Promise<Meaning> {
    const asked = given ?? (mode === 'semantic' ? signals.meaningAlone : signals.meaning);
    // A share, whatever is tried: above 1 a chunk would lose by being near, and the nearest of a file would bound no other.
    const signal = { ...asked, whole: Math.min(1, asked.whole) };
    const mean = Math.max(0, similarities.mean(signal.whole));
    const nearest = await nearestOf(rankedFiles, similarities, signal, slices);
    let words = 0;
    for (const value of idf.values()) words += value;
    const share = mode === 'hybrid' && idf.size === 1 ? signals.meaningOfWord : 1;
    return new Meaning(
      similarities,
      rankedFiles,
      signals.nearMin,
      signal,
      mean,
      nearest,
      signal.weight * share * words,
    );
  }

  /** That of an occurrence in a file. */
  of(position: number, file: number): number {
    const { similarities, signal } = this;
    const { whole } = signal;
    const own = (1 - whole) * similarities.chunk(position) + whole * similarities.file(file);
    return this.worth(own) + signal.file * this.nearestIn(file);
  }

  /** No occurrence in the file has more; less once it is known. */
  mostIn(file: number): number {
    return (1 + this.signal.file) * this.nearestIn(file);
  }

  isKnown(file: number): boolean {
    return this.similarities.isKnown(file);
  }

  know(file: number): void {
    this.similarities.know(file);
  }

  /** The files from one to another of which the vector of a chunk alone may be near enough for that to be found. */
  mayHaveNear(from: number, to: number): number[] {
    const { rankedFiles, nearMin } = this;
    const { nearest } = this.similarities.most;
    const files: number[] = [];
    for (let file = from; file < to; file++)
      if (nearest[file]! >= nearMin && isRanked(rankedFiles, file)) files.push(file);
    return files;
  }

  /** Its vector alone is near enough for it to be found. */
  isNear(position: number): boolean {
    return this.similarities.chunk(position) >= this.nearMin;
  }

  /** What the file's nearest chunk is worth; no less, where it is not known. */
  private nearestIn(file: number): number {
    return isRanked(this.rankedFiles, file) ? this.worth(mostOf(this.similarities, file, this.signal)) : 0;
  }

  private worth(similarity: number): number {
    const { mean, nearest, scale, signal } = this;
    if (similarity <= mean) return 0;
    const near = (similarity - mean) / (nearest - mean);
    return scale * (signal.focus === 1 ? near : near ** signal.focus);
  }
}

const isRanked = (rankedFiles: Uint8Array | null, file: number): boolean =>
  rankedFiles === null || rankedFiles[file] === 1;

/** How near the nearest chunk of a file is, the file as a whole having its share in it: that whose vector alone is nearest. */
const mostOf = ({ most }: Similarities, file: number, { whole }: MeaningSignal): number =>
  Math.max(0, (1 - whole) * most.nearest[file]! + whole * most.cosines[file]!);

/** The same of all files; 0 of those that are not ranked. */
function mostOfAll(rankedFiles: Uint8Array | null, similarities: Similarities, signal: MeaningSignal): Float64Array {
  const bounds = new Float64Array(similarities.most.nearest.length);
  for (let file = 0; file < bounds.length; file++)
    if (isRanked(rankedFiles, file)) bounds[file] = mostOf(similarities, file, signal);
  return bounds;
}

/** How near the nearest chunk of all is: files are looked at from the one that can be nearest on, until none can be nearer. */
async function nearestOf(
  rankedFiles: Uint8Array | null,
  similarities: Similarities,
  signal: MeaningSignal,
  slices: TimeSlices,
): Promise<number> {
  const bounds = mostOfAll(rankedFiles, similarities, signal);
  let first = 0;
  for (let file = 1; file < bounds.length; file++) if (bounds[file]! > bounds[first]!) first = file;
  if (!(bounds[first]! > 0)) return 0;
  similarities.know(first);
  let nearest = mostOf(similarities, first, signal);
  const others: number[] = [];
  for (let file = 0; file < bounds.length; file++) if (file !== first && bounds[file]! > nearest) others.push(file);
  others.sort((a, b) => bounds[b]! - bounds[a]!);
  for (const [i, file] of others.entries()) {
    if ((i & 63) === 0 && slices.isOver) await slices.next();
    if (bounds[file]! <= nearest) break;
    similarities.know(file);
    nearest = Math.max(nearest, mostOf(similarities, file, signal));
  }
  return nearest;
}
