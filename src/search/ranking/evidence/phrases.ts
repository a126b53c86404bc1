import { BitSet } from '../../../base/index.js';
import { compilePattern } from '../../../pattern/index.js';
import type { Snapshot } from '../../../snapshot/index.js';
import type { GramPlan } from '../../../pattern/index.js';
import { backendOf, bringTexts, candidateDocs } from '../../backend.js';
import type { Query } from '../../query/query.js';

/** Words that make a run; fewer stand beside each other by chance. */
const runMin = 3;
/** Longer questions are no message. */
const wordsMax = 24;
/** Chunks that are read to see whether a query is in them as it is typed; where more may have it, it says little. */
const verbatimMax = 60;

/** Of queries that are asked now: a phrase is wanted where its chunks are brought and again where they are looked for. */
const phrases = new WeakMap<Query, QueryPhrase | null>();

/** The words of a query as they follow one another, to find them so in a text: a message, a line of code. */
export class QueryPhrase {
  private constructor(
    private readonly text: string,
    private readonly words: readonly string[],
  ) {}

  /** What chunks have that can have it. */
  get plan(): GramPlan {
    return (this.madePlan ??= compilePattern(this.text, { literal: true, ignoreCase: true }).plan);
  }

  private madePlan: GramPlan | undefined;

  /** Null when the query has too few words beside each other. */
  static of(query: Query): QueryPhrase | null {
    const known = phrases.get(query);
    if (known !== undefined) return known;
    const made = QueryPhrase.make(query);
    phrases.set(query, made);
    return made;
  }

  private static make({ ranking, text }: Query): QueryPhrase | null {
    const first = ranking[0];
    const last = ranking.at(-1);
    if (first === undefined || last === undefined || ranking.some(({ phrase }) => phrase)) return null;
    const typed = text.slice(first.offset, last.offset + last.text.length);
    const words = ranking.flatMap(({ text: word }) => lowerWords(word));
    // Filters and the like between them make it no run.
    if (lowerWords(typed).length !== words.length || words.length < runMin || words.length > wordsMax) return null;
    return new QueryPhrase(typed.replace(/\s+/g, ' ').trim(), words);
  }

  /** The visible chunks that have all of it as it is typed, but for case; none where too many may have it. */
  async verbatimDocs(snapshot: Snapshot, signal: AbortSignal | undefined): Promise<BitSet | null> {
    await backendOf(snapshot).bring({ plans: [this.plan] }, signal);
    const docs = candidateDocs(snapshot, this.plan);
    if (docs.length === 0 || docs.length > verbatimMax) return null;
    await bringTexts(snapshot, docs, signal);
    const wanted = this.text.toLowerCase();
    const found = docs.filter((doc) => snapshot.segments.chunkText(doc).toLowerCase().includes(wanted));
    if (found.length === 0) return null;
    const set = new BitSet(snapshot.visible.size, snapshot.visible.gap);
    for (const doc of found) set.add(doc);
    return set;
  }

  /** Share of the query's words that the longest run in a text has, 0 to 1; 0 when there are no three of them in a row. */
  shareIn(text: string): number {
    const { words } = this;
    const lower = text.toLowerCase();
    let longest = 0;
    for (let from = 0; from + Math.max(runMin, longest + 1) <= words.length; from++) {
      let count = Math.max(runMin, longest + 1);
      while (from + count <= words.length && hasRun(lower, words, from, from + count)) longest = count++;
    }
    return longest / words.length;
  }
}

const lowerWords = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}_$]+/gu) ?? [];

/** Whether the words follow one another in the text with a character or two that are no word's between them. */
function hasRun(text: string, words: readonly string[], from: number, to: number): boolean {
  const first = words[from]!;
  for (let start = text.indexOf(first); start >= 0; start = text.indexOf(first, start + 1)) {
    let at = start + first.length;
    let i = from + 1;
    for (; i < to; i++) {
      const word = words[i]!;
      let gap = 0;
      while (gap < 3 && at < text.length && isBetween(text.charCodeAt(at))) {
        at++;
        gap++;
      }
      if (gap === 0 || !text.startsWith(word, at)) break;
      at += word.length;
    }
    if (i === to) return true;
  }
  return false;
}

/** No letter, digit or the like of ASCII, and no end of a line. */
const isBetween = (code: number): boolean =>
  code < 0x80 &&
  code !== 0x0a &&
  code !== 0x5f &&
  code !== 0x24 &&
  !((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) &&
  !(code >= 0x30 && code <= 0x39);
