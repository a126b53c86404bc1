import { stem } from './stem.js';

/** Identifiers longer than this are not words: hashes, base64, minified code. */
export const identifierLengthMax = 64;
/** Runs of letters, digits, `_` and `$`. */
export const wordPattern = /[\p{L}\p{N}\p{M}_$]+/gu;
export const wordsOf = (text: string): string[] => text.match(wordPattern) ?? [];

const asciiBoundary = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g;
/** The same for all scripts; three times slower. */
const boundary = /[\p{Lu}]+(?![\p{Ll}])|[\p{Lu}]?[\p{Ll}\p{Lo}\p{Lm}\p{Mn}]+|\p{Nd}+/gu;

/**
 * The words an identifier is made of, in order: `parseHTTPRequest2` gives parse, HTTP, Request, 2. Splits at case,
 * acronym, digit, `_`, `$` and `-` boundaries.
 */
export function splitIdentifier(identifier: string): string[] {
  return identifier.match(/[\u0080-\uffff]/.test(identifier) ? boundary : asciiBoundary) ?? [];
}

/**
 * The terms an identifier is found under: the stem of each of its words, and all of them joined if there are several,
 * which comes last. `parse_requests` and `ParseRequest` have the same. One-letter words are left out: they say nothing
 * and fill the longest lists.
 */
export function identifierTerms(identifier: string): string[] {
  const words = splitIdentifier(identifier);
  const stems = words.map((word) => stem(word.toLowerCase()));
  const terms: string[] = [];
  for (const term of stems) if ((term.length > 1 || term > '\x7f') && !terms.includes(term)) terms.push(term);
  if (words.length > 1) {
    const whole = stems.join('');
    if (!terms.includes(whole)) terms.push(whole);
  }
  return terms;
}

/** The terms of all words of a text, in order. */
export const textTerms = (text: string): string[] => wordsOf(text).flatMap(identifierTerms);
