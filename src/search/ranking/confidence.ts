import { lowerBound } from '../../base/index.js';
import { inverseDocumentFrequency } from '../../text/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import type { Condition } from '../query/query.js';
import type { Question } from '../query/question.js';
import type { LookedAt } from './candidate.js';
import type { Descriptions } from './evidence/described.js';
import type { Evidence } from './evidence.js';
import type { Grade } from './grade.js';
import type { Similarities } from '../vectors/similarity.js';

/** What speaks for a hit, whatever the query and the snapshot. Most are from 0 to 1. */
export interface HitTraits {
  /** Of the query's words, weighed by how rare they are: what the chunk has; of these what its names have. */
  readonly covered: number;
  readonly named: number;
  /** BM25 of the file and of the path, per weight of the query's words. */
  readonly file: number;
  readonly path: number;
  /** Of the chunk's vector, and of the file's, with the query's; null where none were compared. */
  readonly chunkCosine: number | null;
  readonly fileCosine: number;
  /** A definition, a path or a run of words is what the query asks for: share of the score. */
  readonly asked: number;
  readonly words: number;
}

/** What hits are judged by. */
export interface Judging {
  readonly question: Question;
  readonly evidence: Evidence;
  readonly similarities: Similarities | null;
  readonly descriptions: Descriptions | null;
}

/** Reads the traits of a question's hits. */
export function traitsOf(
  snapshot: Snapshot,
  { question: { words, postings }, evidence: { files }, similarities, descriptions }: Judging,
): (hit: LookedAt) => HitTraits {
  const { docCount } = snapshot;
  const weighed = words.map(({ parts, whole }) => {
    const terms = (parts.length > 0 ? parts : [whole!]).map((term) => postings(term));
    const said = (parts.length > 0 ? parts : [whole!]).map((term) => descriptions?.postings(term).docs ?? []);
    return { terms, said, idf: Math.max(...terms.map(({ docs }) => inverseDocumentFrequency(docCount, docs.length))) };
  });
  const most = weighed.reduce((sum, { idf }) => sum + idf, 0) || 1;
  return (hit) => {
    let covered = 0;
    let named = 0;
    for (const { terms, said, idf } of weighed) {
      let has = 0;
      let inName = 0;
      for (const [i, { docs, frequencies }] of terms.entries()) {
        const at = lowerBound(docs, hit.doc);
        if (docs[at] !== hit.doc) {
          // What is said of a chunk it has as well.
          if (said[i]![lowerBound(said[i]!, hit.doc)] === hit.doc) has++;
          continue;
        }
        has++;
        if (frequencies[at]! >>> 6 > 0) inName++;
      }
      covered += (idf * has) / terms.length;
      named += (idf * inName) / terms.length;
    }
    const { definition, askedFile, phrase } = hit.gains;
    return {
      covered: covered / most,
      named: named / most,
      file: files[hit.file]! / most,
      path: hit.path / most,
      chunkCosine: similarities === null ? null : similarities.chunk(hit.position),
      fileCosine: similarities?.file(hit.file) ?? 0,
      asked: Math.min(1, (definition + askedFile + phrase) / Math.max(hit.score, Number.MIN_VALUE)),
      words: weighed.length,
    };
  };
}

export interface Judged {
  /** From 0 to 1. */
  readonly confidence: number;
  readonly grade: Grade;
}

interface Judgement {
  /** What each trait adds to the logit of the confidence. */
  readonly base: number;
  readonly covered: number;
  readonly named: number;
  readonly file: number;
  readonly path: number;
  readonly asked: number;
  /** Of `covered` for each word of the query up to six; of one over the number of words. */
  readonly coveredOfMany: number;
  readonly ofFew: number;
  readonly chunkCosine: number;
  readonly fileCosine: number;
  readonly nearAndCovered: number;
  /** Logits up to which a hit is weak, and up to which it is none. */
  readonly weakMax: number;
  readonly noneMax: number;
}

/**
 * Logistic regressions on labelled questions asked of their own repository and of others: fitted on every second repository, the
 * bounds looked at on the rest (bench/quality/README.md).
 */
const withVectors: Judgement = {
  base: -6.64,
  covered: 3.03,
  named: -0.16,
  file: 0.95,
  path: 3.42,
  asked: 9.28,
  coveredOfMany: 2.8,
  ofFew: -2.75,
  chunkCosine: 4.06,
  fileCosine: 6.09,
  nearAndCovered: 0.63,
  weakMax: 1.3,
  noneMax: -3.6,
};
const withoutVectors: Judgement = {
  base: -4.13,
  covered: 3.06,
  named: 0.1,
  file: 2.06,
  path: 5.73,
  asked: 11.14,
  coveredOfMany: 4.08,
  ofFew: -4.45,
  chunkCosine: 0,
  fileCosine: 0,
  nearAndCovered: 0,
  weakMax: 1.3,
  noneMax: -3.1,
};

/** One or two words that are all there are what was asked for, whatever else is. */
const fewWords = 2;
const manyWords = 6;
const typedKinds = new Set<Condition['kind']>(['phrase', 'regex', 'symbol', 'or']);

/** How sure it is that a hit is what a question asks for. */
export function confidenceOf(snapshot: Snapshot, judging: Judging): (hit: LookedAt) => Judged {
  const { question, similarities } = judging;
  const traits = traitsOf(snapshot, judging);
  const judgement = similarities === null ? withoutVectors : withVectors;
  // What must hold was asked for as it is.
  const holdsAsTyped = question.query.clause.conditions.some(({ kind }) => typedKinds.has(kind));
  return (hit) => {
    const { covered, named, file, path, chunkCosine, fileCosine, asked, words } = traits(hit);
    const logit =
      judgement.base +
      judgement.covered * covered +
      judgement.named * named +
      judgement.file * Math.min(file, 1) +
      judgement.path * Math.min(path, 1) +
      judgement.asked * asked +
      (judgement.coveredOfMany * covered * Math.min(words, manyWords)) / manyWords +
      judgement.ofFew / Math.max(words, 1) +
      judgement.chunkCosine * (chunkCosine ?? 0) +
      judgement.fileCosine * fileCosine +
      judgement.nearAndCovered * covered * (chunkCosine ?? 0);
    const isAll = holdsAsTyped || (words <= fewWords && covered > 0.999);
    const grade = isAll || logit > judgement.weakMax ? 'good' : logit > judgement.noneMax ? 'weak' : 'none';
    return { confidence: 1 / (1 + Math.exp(-(isAll ? Math.max(logit, judgement.weakMax) : logit))), grade };
  };
}
