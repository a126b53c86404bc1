/** A chunk at one place, with what speaks for it. */
export interface Candidate {
  /** Position of the occurrence in the snapshot. */
  readonly position: number;
  readonly doc: number;
  readonly file: number;
  /** Evidence of the chunk's own text. */
  readonly text: number;
  /** Evidence of the path. */
  readonly path: number;
  /** Evidence of the chunk's meaning. */
  readonly meaning: number;
  readonly score: number;
}

export interface RankedHit extends Candidate {
  /** Rank by each kind of evidence, from 1; kinds without any are absent. */
  readonly signals: Readonly<Record<string, number>>;
}

/** Higher score first; then in order of path and line. */
export const byScore = (a: Candidate, b: Candidate): number => b.score - a.score || a.position - b.position;
