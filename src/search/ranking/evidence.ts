import type { TimeSlices } from '../../base/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { inverseDocumentFrequency } from '../../text/index.js';
import type { Question } from '../query/question.js';
import type { QueryTermWeights } from '../query/query-terms.js';
import { FileLengths } from './evidence/file-lengths.js';
import { PathTerms } from './evidence/path-terms.js';
import type { RankingSignals } from './ranking-signals.js';
import { matchTerm, weightOfMatches } from './evidence/term-matches.js';
import type { TermMatches } from './evidence/term-matches.js';
import { WordEvidence } from './evidence/word-evidence.js';

/** What speaks for each chunk and each file of a snapshot; of files by position. */
export interface Evidence {
  /** BM25 of the chunk. */
  readonly words: WordEvidence;
  /** BM25 of the file as a whole. */
  readonly files: Float64Array;
  /** Query terms in the file's path. */
  readonly paths: Float64Array;
  /** Files with some; one may be here twice. */
  readonly namedFiles: readonly number[];
  /** How rare each term is among the snapshot's chunks. */
  readonly idf: ReadonlyMap<string, number>;
}

/**
 * Adds up what the query's terms match. Sums are made term by term in the query's order, and what is counted for a
 * file is whole numbers, so that doc ids and segments leave no trace in the scores.
 */
export async function gatherEvidence(
  snapshot: Snapshot,
  terms: QueryTermWeights,
  question: Question,
  signals: RankingSignals,
  slices: TimeSlices,
): Promise<Evidence> {
  const { docCount } = snapshot.statistics;
  const fileCount = snapshot.files.length;
  const words = new WordEvidence(fileCount);
  const files = new Float64Array(fileCount);
  const paths = new Float64Array(fileCount);
  const namedFiles: number[] = [];
  const pathTerms = await PathTerms.of(snapshot);
  const idfs = new Map<string, number>();
  for (const [term, share] of terms) {
    const matches = await matchesOf(snapshot, term, question, signals, slices);
    if (slices.isOver) await slices.next();
    const idf = inverseDocumentFrequency(docCount, matches.docCount);
    idfs.set(term, idf);
    words.add(matches, share * idf);
    const fileIdf = inverseDocumentFrequency(fileCount, matches.files.length);
    for (let i = 0; i < matches.files.length; i++)
      files[matches.files[i]!]! += share * fileIdf * matches.fileFrequencies[i]!;
    for (const [named, signal] of [
      [pathTerms.filesNamed(term), signals.fileName],
      [pathTerms.filesInFolder(term), signals.folderName],
    ] as const) {
      const gain = share * signal * pathTerms.inverseFrequency(named);
      for (const file of named) {
        if (paths[file] === 0) namedFiles.push(file);
        paths[file]! += gain;
      }
    }
  }
  return { words, files, paths, namedFiles, idf: idfs };
}

/** What a term matches: kept, as words come again in the next questions. */
async function matchesOf(
  snapshot: Snapshot,
  term: string,
  question: Question,
  signals: RankingSignals,
  slices: TimeSlices,
): Promise<TermMatches> {
  const key = `matches:${term}`;
  const known = snapshot.recall<{ readonly signals: RankingSignals; readonly matches: TermMatches }>(key);
  if (known?.signals === signals) return known.matches;
  const matches = await matchTerm(snapshot, question.postings(term), await FileLengths.of(snapshot), signals, slices);
  snapshot.remember(key, { signals, matches }, weightOfMatches(matches));
  return matches;
}
