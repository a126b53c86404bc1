import { identifierTerms, splitIdentifier, stem, wordsOf } from '../text/index.js';
import type { QueryTerm } from './query.js';
import type { RankingSignals } from './ranking-signals.js';

/** Words that only hold an English question together; they rank when nothing else is there. */
const functionWords = new Set(
  (
    'a an and are as at be been being by can could did do does for from had has have how i if in into is it its let may me my ' +
    'no not of on or our over per shall should so some such than that the their them then there these they this those to ' +
    'was we were what when where which while who whom whose why will with would you your using used via'
  ).split(' '),
);

/** One word of a query. */
export interface QueryWord {
  /** As typed. */
  readonly text: string;
  /** The terms it is found under; the first ones are its parts, the whole (if it has several) comes last. */
  readonly terms: readonly string[];
}

/** What decides the order, as one text; empty for a query of filters alone. */
export const rankingText = (ranking: readonly QueryTerm[]): string => ranking.map(({ text }) => text).join(' ');

/** The words that decide the order, in the query's order. */
export function queryWords(ranking: readonly QueryTerm[]): QueryWord[] {
  const words = ranking
    .flatMap(({ text }) => wordsOf(text))
    .map((text) => ({ text, terms: identifierTerms(text) }))
    .filter(({ terms }) => terms.length > 0);
  const content = words.filter(({ text }) => !functionWords.has(text.toLowerCase()));
  return content.length > 0 ? content : words;
}

/** Terms to look for, in the query's order, and how much of its idf each counts. */
export type QueryTermWeights = ReadonlyMap<string, number>;

/**
 * The terms of the words, and neighbouring words read as one identifier: `json reader` also looks for `JsonReader`.
 */
export function termWeights(words: readonly QueryWord[], signals: RankingSignals): QueryTermWeights {
  const weights = new Map<string, number>();
  const add = (term: string, weight: number): void => {
    if (weight > 0) weights.set(term, Math.max(weights.get(term) ?? 0, weight));
  };
  for (const { text, terms } of words) {
    const parts = splitIdentifier(text).length > 1 && terms.length > 1 ? terms.slice(0, -1) : terms;
    for (const term of parts) add(term, 1);
    if (parts !== terms) add(terms.at(-1)!, signals.wholeIdentifier);
  }
  for (let i = 0; i + 1 < words.length; i++) add(joined(words.slice(i, i + 2)), signals.joinedWords);
  for (let i = 0; i + 2 < words.length; i++) add(joined(words.slice(i, i + 3)), signals.joinedWords);
  return weights;
}

const joined = (words: readonly QueryWord[]): string =>
  words
    .flatMap(({ text }) => splitIdentifier(text))
    .map((word) => stem(word.toLowerCase()))
    .join('');
