import { languages } from '../../model/index.js';
import { Analyzer, chunkNames } from '../../text/index.js';
import type { PostingList } from './posting-table.js';
import { decodeChunkSymbols } from './records.js';
import type { Segment } from '../segment-reader.js';

/** Going through a segment's lists costs as much as looking up those of so large a share of its chunks. */
const fewShare = 1 / 16;
const docCountMin = 256;

/** Keys of lists in their order, high and low half by turns. */
export interface ListKeys {
  readonly grams: Uint32Array;
  readonly terms: Uint32Array;
}

/**
 * The keys of all lists that some chunks of a segment are in, and of some that they are not in: what leaves a large store for one commit is found
 * by looking those up, and not by reading its postings through. Null where reading through is as quick, or where texts are left out.
 */
export function keysOfFew(segment: Segment, docs: readonly number[]): ListKeys | null {
  const { docCount } = segment;
  if (docCount < docCountMin || docs.length > docCount * fewShare) return null;
  const analyzer = new Analyzer();
  const language = segment.column('language');
  const grams = new Set<number>();
  const terms = new Map<number, Set<number>>();
  for (const doc of docs) {
    const content = segment.content.get(doc);
    if (content.length === 0) return null;
    const { symbols, scopes } = chunkNames(decodeChunkSymbols(segment.symbols.get(doc)));
    const analysis = analyzer.analyze(content, 0, content.length, languages[language[doc]!]!, symbols, scopes);
    for (const gram of analysis.grams) grams.add(gram);
    analysis.termHigh.forEach((high, i) => {
      let lows = terms.get(high);
      if (lows === undefined) terms.set(high, (lows = new Set()));
      lows.add(analysis.termLow[i]!);
    });
  }
  const ascending = (numbers: Iterable<number>): Uint32Array => Uint32Array.from(numbers).sort();
  const pairs: number[] = [];
  for (const high of ascending(terms.keys())) for (const low of ascending(terms.get(high)!)) pairs.push(high, low);
  return { grams: ascending(grams), terms: Uint32Array.from(pairs) };
}

/** The lists of these keys that a segment has, in their order. */
export function* listsOf(segment: Segment, name: 'grams' | 'terms', keys: ListKeys): Generator<PostingList> {
  const { [name]: wanted } = keys;
  const step = name === 'grams' ? 1 : 2;
  for (let at = 0; at < wanted.length; at += step) {
    const list = segment[name].find(wanted[at]!, step === 1 ? 0 : wanted[at + 1]!);
    if (list !== null) yield list;
  }
}
