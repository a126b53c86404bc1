import type { Grade } from './grade.js';

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
  /** Evidence of what a model says that the chunk does. */
  readonly described: number;
  /** Evidence of the file as a whole. */
  readonly about: number;
  readonly score: number;
}

/** What the closer look at a candidate gave it, each before the factor of its file's kind. */
export interface Gains {
  /** The query is, or has, the name of a definition in it. */
  readonly definition: number;
  /** The query has the words of the file's name. */
  readonly fileName: number;
  /** The query has the file's path. */
  readonly askedFile: number;
  /** The query's words follow one another in it. */
  readonly phrase: number;
  /** Its words are like those of the query. */
  readonly alike: number;
  /** The best chunks of its file are worth much together. */
  readonly coherence: number;
}

export interface LookedAt extends Candidate {
  readonly gains: Gains;
}

export interface RankedHit extends LookedAt {
  /** Rank by each kind of evidence, from 1; kinds without any are absent. */
  readonly signals: Readonly<Record<string, number>>;
  /** What its score was multiplied by for hits of its file that come before it. */
  readonly repeat: number;
  /** What its file's kind multiplied the score by. */
  readonly factor: number;
  /** How sure it is that it is what was asked for (see confidence.ts). */
  readonly confidence: number;
  readonly grade: Grade;
}

export const noGains: Gains = { definition: 0, fileName: 0, askedFile: 0, phrase: 0, alike: 0, coherence: 0 };

/** Higher score first; then in order of path and line. */
export const byScore = (a: Candidate, b: Candidate): number => b.score - a.score || a.position - b.position;
