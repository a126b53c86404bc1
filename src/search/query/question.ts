import type { TimeSlices } from '../../base/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { splitIdentifier, termsOfIdentifier } from '../../text/index.js';
import type { Descriptions } from '../ranking/evidence/described.js';
import { QueryPhrase } from '../ranking/evidence/phrases.js';
import { KnownNames } from '../names/near-names.js';
import { bringPostings, visiblePostings } from '../term-postings.js';
import type { VisiblePostings } from '../term-postings.js';
import { withFolders } from './folders.js';
import type { Query } from './query.js';
import { queryWords, rankingText, termsOfWords } from './query-terms.js';
import type { QueryWord } from './query-terms.js';

/** A query as one snapshot reads it. */
export interface Question {
  readonly query: Query;
  /** The words that rank; in place of one that the snapshot does not have, the name that it comes nearest to. */
  readonly words: readonly QueryWord[];
  /** Other names that come near to those: they count less. */
  readonly nearWords: readonly QueryWord[];
  /** What decides the order, as one text. */
  readonly text: string;
  /** The query with other names for words that the snapshot does not have; the likeliest first. */
  readonly didYouMean: readonly string[];
  /** What was read otherwise than it may have been meant. */
  readonly notes: readonly string[];
  /** Of a term; each is read once. */
  readonly postings: (term: string) => VisiblePostings;
}

/** In so few chunks a word may be a slip, when names come near to it. */
const rareMax = 1;
const rareLengthMin = 5;
/** Snapshots with fewer chunks have hardly a word that is not rare. */
const chunksMin = 50;

/** Reads a query as the snapshot's names and folders let it be read. */
export async function readQuestion(
  snapshot: Snapshot,
  asked: Query,
  slices: TimeSlices,
  descriptions: Pick<Descriptions, 'postings'> | null = null,
): Promise<Question> {
  const { query, notes } = withFolders(snapshot, asked);
  const known = new Map<string, VisiblePostings>();
  const postings = (term: string): VisiblePostings => {
    let own = known.get(term);
    if (own === undefined) known.set(term, (own = visiblePostings(snapshot, term)));
    return own;
  };
  const words = queryWords(query.ranking);
  // All that this question will ask for, as far as it is known by now, is one request where it lies elsewhere.
  const phrase = QueryPhrase.of(query);
  await bringPostings(snapshot, termsOfWords(words), phrase === null ? [] : [phrase.plan], undefined);
  let text = rankingText(query.ranking);
  const exact = { query, words, nearWords: [], text, didYouMean: [], notes, postings };
  if (query.caseSensitive || words.length === 0) return exact;
  const countOf = (word: QueryWord): number =>
    Math.max(
      ...[...word.parts, ...(word.whole === null ? [] : [word.whole])].map(
        (term) => postings(term).docs.length + (descriptions?.postings(term).docs.length ?? 0),
      ),
    );
  const read: QueryWord[] = [];
  const nearWords: QueryWord[] = [];
  const didYouMean: string[] = [];
  for (const word of words) {
    const doubtful = doubtfulPart(word, countOf, snapshot.docCount);
    const near = doubtful === null ? [] : await (await KnownNames.of(snapshot)).near(doubtful.text, slices);
    if (
      doubtful === null ||
      near.length === 0 ||
      (doubtful.isRare && (await KnownNames.of(snapshot)).has(doubtful.text.toLowerCase()))
    ) {
      read.push(word);
      continue;
    }
    const instead = near.map((name) => word.text.replace(doubtful.text, name));
    for (const other of instead) didYouMean.push(replaceWord(query.text, word.text, other));
    const alternatives = instead.map(wordOf);
    if (doubtful.isRare) {
      read.push(word);
      nearWords.push(...alternatives);
    } else {
      read.push(alternatives[0]!);
      nearWords.push(...alternatives.slice(1));
      text = replaceWord(text, word.text, instead[0]!);
    }
  }
  return didYouMean.length === 0
    ? exact
    : { query, words: read, nearWords, text, didYouMean: [...new Set(didYouMean)].slice(0, 3), notes, postings };
}

const wordOf = (text: string): QueryWord => ({ text, ...termsOfIdentifier(text) });

interface DoubtfulPart {
  /** The word, or the one of its parts, that is not known. */
  readonly text: string;
  /** It occurs, but hardly. */
  readonly isRare: boolean;
}

/** What of a word is not in any chunk, or hardly; null when all of it is. */
function doubtfulPart(word: QueryWord, countOf: (word: QueryWord) => number, docCount: number): DoubtfulPart | null {
  const count = countOf(word);
  if (count === 0) return { text: word.text, isRare: false };
  const parts = splitIdentifier(word.text);
  if (parts.length > 1) {
    const unknown = parts.find((part) => /^[A-Za-z]{3,}$/.test(part) && countOf(wordOf(part)) === 0);
    return unknown === undefined ? null : { text: unknown, isRare: false };
  }
  const isRare = count <= rareMax && docCount >= chunksMin && /^[A-Za-z]+$/.test(word.text);
  return isRare && word.text.length >= rareLengthMin ? { text: word.text, isRare: true } : null;
}

/** The first place where a word stands by itself. */
function replaceWord(text: string, word: string, instead: string): string {
  const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}_$]/u.test(char);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (isWord(text[at - 1]) || isWord(text[at + word.length])) continue;
    return text.slice(0, at) + instead + text.slice(at + word.length);
  }
  return text;
}
