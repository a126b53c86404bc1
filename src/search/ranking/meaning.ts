import type { TimeSlices } from '../../base/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import type { Evidence } from './evidence.js';
import type { RankMode } from './ranked.js';
import type { MeaningSignal, RankingSignals } from './ranking-signals.js';
import type { Similarities } from './similarity.js';

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
    private readonly nearMin: number,
    private readonly signal: MeaningSignal,
    private readonly mean: number,
    private readonly nearest: number,
    /** What the nearest chunk is worth. */
    private readonly scale: number,
    /** By file: what its nearest chunk is worth. */
    private readonly nearestIn: Float64Array,
    /** By file: 1 where the vector of a chunk alone is near enough for that to be found. */
    readonly hasNear: Uint8Array,
  ) {}

  static async of(
    snapshot: Snapshot,
    similarities: Similarities,
    { idf }: Evidence,
    { mode, signals, slices, signal: given }: MeaningOptions,
  ): Promise<Meaning> {
    const signal = given ?? (mode === 'semantic' ? signals.meaningAlone : signals.meaning);
    const { rankedFiles } = snapshot;
    const { whole } = signal;
    const { fileStarts } = snapshot;
    const { cosines, sums, nearest: nearestOf } = similarities.files;
    const nearestIn = new Float64Array(snapshot.files.length);
    const hasNear = new Uint8Array(snapshot.files.length);
    let sum = 0;
    let count = 0;
    let nearest = 0;
    for (let file = 0; file < nearestIn.length; file++) {
      if ((file & 1023) === 0 && slices.isOver) await slices.next();
      if (rankedFiles !== null && rankedFiles[file] === 0) continue;
      const chunkCount = fileStarts[file + 1]! - fileStarts[file]!;
      if (chunkCount === 0) continue;
      const ofFile = whole * cosines[file]!;
      sum += (1 - whole) * sums[file]! + chunkCount * ofFile;
      count += chunkCount;
      // As \`mixed\` has it: the chunk that is nearest alone is so with its file's share as well.
      const most = Math.max(0, (1 - whole) * nearestOf[file]! + ofFile);
      if (nearestOf[file]! >= signals.nearMin) hasNear[file] = 1;
      nearestIn[file] = most;
      if (most > nearest) nearest = most;
    }
    const mean = count === 0 ? 0 : Math.max(0, sum / count);
    let words = 0;
    for (const value of idf.values()) words += value;
    const share = mode === 'hybrid' && idf.size === 1 ? signals.meaningOfWord : 1;
    const scale = signal.weight * share * words;
    const meaning = new Meaning(similarities, signals.nearMin, signal, mean, nearest, scale, nearestIn, hasNear);
    for (let file = 0; file < nearestIn.length; file++) {
      if ((file & 1023) === 0 && slices.isOver) await slices.next();
      nearestIn[file] = meaning.worth(nearestIn[file]!);
    }
    return meaning;
  }

  /** That of an occurrence in a file. */
  of(position: number, file: number): number {
    const { similarities, signal } = this;
    return this.worth(mixed(similarities, position, file, signal)) + signal.file * this.nearestIn[file]!;
  }

  /** No occurrence in the file has more. */
  mostIn(file: number): number {
    return (1 + this.signal.file) * this.nearestIn[file]!;
  }

  /** Its vector alone is near enough for it to be found. */
  isNear(position: number): boolean {
    return this.similarities.chunk(position) >= this.nearMin;
  }

  private worth(similarity: number): number {
    const { mean, nearest, scale, signal } = this;
    if (similarity <= mean) return 0;
    const near = (similarity - mean) / (nearest - mean);
    return scale * (signal.focus === 1 ? near : near ** signal.focus);
  }
}

/** How near a chunk is, the file as a whole having its share in it. */
const mixed = (similarities: Similarities, position: number, file: number, { whole }: MeaningSignal): number =>
  (1 - whole) * similarities.chunk(position) + whole * similarities.files.cosines[file]!;
