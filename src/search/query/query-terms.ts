import { isUnsegmented, splitIdentifier, stemsOf, termsOfIdentifier, wordsOf } from '../../text/index.js';
import type { QueryTerm } from './query.js';
import type { RankingSignals } from '../ranking/ranking-signals.js';

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
  /** The terms of the words it is made of. */
  readonly parts: readonly string[];
  /** The term of all of them joined, or null. */
  readonly whole: string | null;
}

/** What decides the order, as one text; empty for a query of filters alone. */
export const rankingText = (ranking: readonly QueryTerm[]): string => ranking.map(({ text }) => text).join(' ');

/** The words that decide the order, in the query's order. */
export function queryWords(ranking: readonly QueryTerm[]): QueryWord[] {
  const words = ranking
    .flatMap(({ text }) => wordsOf(text))
    .map((text) => ({ text, ...termsOfIdentifier(text) }))
    .filter(({ parts, whole }) => parts.length > 0 || whole !== null);
  const content = words.filter(({ text }) => !functionWords.has(text.toLowerCase()));
  return content.length > 0 ? content : words;
}

/** What a longer run counts for, for each of the pairs of characters that it is made of; and what these count for beside it: elsewhere they may mean anything. */
const runShare = 2;
const pairShare = 0.25;

/** Terms to look for, in the query's order, and how much of its idf each counts. */
export type QueryTermWeights = ReadonlyMap<string, number>;

/**
 * The terms of the words, and neighbouring words read as one identifier: `json reader` also looks for `JsonReader`. A run of a script
 * without spaces counts as it is typed too, if it `occurs` so anywhere.
 */
export function termWeights(
  { words, nearWords }: { readonly words: readonly QueryWord[]; readonly nearWords: readonly QueryWord[] },
  signals: RankingSignals,
  occurs: (run: string) => boolean,
): QueryTermWeights {
  const weights = new Map<string, number>();
  const add = (term: string, weight: number): void => {
    if (weight > 0) weights.set(term, Math.max(weights.get(term) ?? 0, weight));
  };
  for (const { text, parts, whole } of words) {
    const runs = splitIdentifier(text).filter((word) => isUnsegmented(word) && [...word].length > 2 && occurs(word));
    for (const run of runs) add(run, runShare * ([...run].length - 1));
    for (const term of parts) add(term, runs.length > 0 && isUnsegmented(term) ? pairShare : 1);
    if (whole !== null) add(whole, parts.length > 0 ? signals.wholeIdentifier : 1);
  }
  for (const { parts } of nearWords) for (const term of parts) add(term, signals.nearName);
  for (const term of joinedTerms(words)) add(term, signals.joinedWords);
  return weights;
}

/** Terms that words may be looked for by, whatever they count. */
export const termsOfWords = (words: readonly QueryWord[]): string[] => [
  ...words.flatMap(({ parts, whole }) => (whole === null ? parts : [...parts, whole])),
  ...joinedTerms(words),
];

/** Neighbouring words as one identifier. */
function joinedTerms(words: readonly QueryWord[]): string[] {
  const joined: string[] = [];
  for (const count of [2, 3]) {
    for (let i = 0; i + count <= words.length; i++) {
      const neighbours = words.slice(i, i + count).map(({ text }) => text);
      if (!neighbours.some(hasUnsegmented)) joined.push(neighbours.flatMap(stemsOf).join(''));
    }
  }
  return joined;
}

const hasUnsegmented = (text: string): boolean => splitIdentifier(text).some(isUnsegmented);
