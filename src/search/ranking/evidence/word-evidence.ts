import { lowerBound } from '../../../base/index.js';
import type { TermMatches } from './term-matches.js';

interface WeighedMatches {
  readonly matches: TermMatches;
  readonly weight: number;
}

/** What the words of a chunk's text say for it: BM25 of the chunk. For files bounds are known; what each of their chunks has is added up when it is asked for. */
export class WordEvidence {
  /** Files with chunks that have a term, in no order. */
  readonly matching: number[] = [];
  /** By file: no chunk has more; about what all have together, no less but for rounding. */
  readonly most: Float64Array;
  readonly sums: Float64Array;
  /** 1 where a chunk defines something with a term in its name. */
  readonly mayDefine: Uint8Array;
  private readonly terms: WeighedMatches[] = [];

  constructor(fileCount: number) {
    this.most = new Float64Array(fileCount);
    this.sums = new Float64Array(fileCount);
    this.mayDefine = new Uint8Array(fileCount);
  }

  /** Adds those of a term. `weight` is what its frequencies are multiplied by. */
  add(matches: TermMatches, weight: number): void {
    const { most, sums, mayDefine, matching } = this;
    const { files, fileMost, fileSums, fileDefines } = matches;
    this.terms.push({ matches, weight });
    for (let i = 0; i < files.length; i++) {
      const file = files[i]!;
      if (most[file] === 0) matching.push(file);
      most[file]! += weight * fileMost[i]!;
      sums[file]! += weight * fileSums[i]!;
      mayDefine[file]! |= fileDefines[i]!;
    }
  }

  /** What each chunk of a file has, whose first is at `from`: added up term by term. */
  read(file: number, from: number, into: FileWords): void {
    const { texts, defines } = into;
    for (const { matches, weight } of this.terms) {
      const at = lowerBound(matches.files, file);
      if (matches.files[at] !== file) continue;
      const { starts, positions, frequencies, defines: own } = matches;
      const end = starts[at + 1]!;
      for (let i = starts[at]!; i < end; i++) {
        const place = positions[i]! - from;
        texts[place]! += weight * frequencies[i]!;
        defines[place]! |= own[i]!;
      }
    }
  }
}

/** The chunks of one file, by their place in it. */
export class FileWords {
  texts = new Float64Array(64);
  /** 1 where the chunk defines something with a term in its name. */
  defines = new Uint8Array(64);

  /** Forgets what it has, to have room for so many. */
  clear(count: number): void {
    if (count > this.texts.length) {
      this.texts = new Float64Array(2 * count);
      this.defines = new Uint8Array(2 * count);
      return;
    }
    this.texts.fill(0, 0, count);
    this.defines.fill(0, 0, count);
  }
}
