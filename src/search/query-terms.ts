import { identifierTerms, splitIdentifier } from '../text/index.js';
import { wordsOf } from './path-terms.js';
import type { QueryTerm } from './query.js';

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

/** The words that decide the order, in the query's order. */
export function queryWords(ranking: readonly QueryTerm[]): QueryWord[] {
  const words = ranking
    .flatMap(({ text }) => wordsOf(text))
    .map((text) => ({ text, terms: identifierTerms(text) }))
    .filter(({ terms }) => terms.length > 0);
  const content = words.filter(({ text }) => !functionWords.has(text.toLowerCase()));
  return content.length > 0 ? content : words;
}

/** Whether a word reads as a name in code: `parseQuery`, `HTTP_PORT`, `Builder`. */
export const looksLikeIdentifier = (text: string): boolean =>
  /[_$\d]/.test(text) || /\p{Ll}\p{Lu}/u.test(text) || /^\p{Lu}/u.test(text) || splitIdentifier(text).length > 1;
