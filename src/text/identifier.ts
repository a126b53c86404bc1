import { foldWord, isUnsegmented, pairsOf, wideWord } from './script.js';
import { stem } from './stem.js';

/** Identifiers longer than this are not words: hashes, base64, minified code. */
export const identifierLengthMax = 64;
/** Runs of letters, digits, `_` and `$`. */
export const wordPattern = /[\p{L}\p{N}\p{M}_$]+/gu;
export const wordsOf = (text: string): string[] => text.match(wordPattern) ?? [];

const asciiWord = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g;
const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

/**
 * The words an identifier is made of, in order and as written: `parseHTTPRequest2` gives parse, HTTP, Request, 2. Splits at case,
 * acronym, digit, `_`, `$` and `-` boundaries. A run of letters of a script without spaces is one.
 */
export function splitIdentifier(identifier: string): string[] {
  return identifier.match(isAscii(identifier) ? asciiWord : wideWord) ?? [];
}

/** Names are made of few words: the terms of those that were met last. */
const knownWords = new Map<string, readonly string[]>();
const knownWordsMax = 8192;

/** The terms of one word that `splitIdentifier` gave: its stem, or the pairs of an unsegmented run. */
export function wordTerms(word: string): readonly string[] {
  let terms = knownWords.get(word);
  if (terms === undefined) {
    const folded = foldWord(word);
    terms = isUnsegmented(folded) ? pairsOf(folded) : [stem(folded)];
    if (word.length > identifierLengthMax) return terms;
    if (knownWords.size === knownWordsMax) knownWords.clear();
    knownWords.set(word, terms);
  }
  return terms;
}

/** Terms of all words of an identifier, in order. */
export const stemsOf = (identifier: string): string[] => splitIdentifier(identifier).flatMap(wordTerms);

/** What an identifier is found under. */
export interface IdentifierTerms {
  /** The distinct terms of its words. One of one character says something only where it is the whole identifier. */
  readonly parts: readonly string[];
  /** All words joined, if there are several. Unsegmented runs are not joined: their pairs are enough. */
  readonly whole: string | null;
}

/** `parse_requests` and `ParseRequest` have the same. */
export function termsOfIdentifier(identifier: string): IdentifierTerms {
  const words = splitIdentifier(identifier);
  const stems = words.flatMap(wordTerms);
  const parts = [...new Set(stems)].filter((term) => words.length === 1 || term.length > 1 || term > '\x7f');
  return { parts, whole: words.length < 2 || words.some(isUnsegmented) ? null : stems.join('') };
}

/** The same as one list, the whole last. */
export function identifierTerms(identifier: string): string[] {
  const { parts, whole } = termsOfIdentifier(identifier);
  return whole === null || parts.includes(whole) ? [...parts] : [...parts, whole];
}

/** The terms of all words of a text, in order. */
export const textTerms = (text: string): string[] => wordsOf(text).flatMap(identifierTerms);

/** The terms of a long run of bytes beyond ASCII: the same without what is too long to be a word. */
export const runTerms = (text: string): string[] =>
  wordsOf(text)
    .filter((word) => word.length <= identifierLengthMax || splitIdentifier(word).some(isUnsegmented))
    .flatMap(identifierTerms);
