import { decodeBytes } from '../base/index.js';
import { identifierLengthMax, identifierTerms, runTerms, textTerms } from './identifier.js';
import { hashSeedHigh, hashSeedLow, hashStepHigh, hashStepLow, termKey } from './term-hash.js';

/** How a language marks comments. */
export interface CommentSyntax {
  readonly line: readonly string[];
  readonly block: readonly (readonly [open: string, close: string])[];
}

/** What the postings say of one chunk. Arrays of one length go together; none is sorted. */
export interface ChunkPostings {
  /** Distinct grams: three consecutive bytes of a line, ASCII letters in lower case, first byte highest. */
  readonly grams: Uint32Array;
  /** Distinct terms by key (see TermKey) with their packed frequencies (see packFrequencies). */
  readonly termHigh: Uint32Array;
  readonly termLow: Uint32Array;
  readonly frequencies: Uint8Array;
  /** Tokens in each field. */
  readonly bodyLength: number;
  readonly commentLength: number;
  readonly symbolLength: number;
}

export interface ChunkAnalysis extends ChunkPostings {
  /** The terms once more, by the analyzer's own number (see `Analyzer.termText`), which holds until the next analysis. */
  readonly terms: Uint32Array;
}

/** Frequencies of one term in one chunk, saturated: BM25 hardly tells 15 from more. */
export const bodyFrequencyMax = 15;
export const commentFrequencyMax = 3;
export const symbolFrequencyMax = 3;

/** One byte: body in bits 0-3, comment in 4-5, symbol in 6-7. */
export const packFrequencies = (body: number, comment: number, symbol: number): number =>
  Math.min(body, bodyFrequencyMax) |
  (Math.min(comment, commentFrequencyMax) << 4) |
  (Math.min(symbol, symbolFrequencyMax) << 6);

const lowerCase = new Uint8Array(256);
/** 0: separates words, 1: part of a word. */
const isWordByte = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  lowerCase[byte] = byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
  const letter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
  isWordByte[byte] = letter || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f || byte === 0x24 || byte >= 0x80 ? 1 : 0;
}

/** Counting stops here: frequencies are saturated anyway, and a count must not wrap around. */
const countMax = 255;
/** Interned identifiers are forgotten beyond this, to bound memory. */
const identifierCountMax = 400_000;
const firstSlotCount = 1 << 14;
/** Room for so many grams stays reserved. */
const gramsKeptMax = 1 << 20;
const enum Field {
  Body,
  Comment,
  Symbol,
}

/**
 * Turns chunks into grams and terms. Keeps tables between calls, so use one per thread; its answers depend on its
 * arguments only.
 */
export class Analyzer {
  private readonly gramSeen = new Uint32Array(2 ** 24 / 32);
  private grams = new Uint32Array(4096);
  private gramCount = 0;

  /**
   * Open-addressing table of identifiers, four integers a slot, so that one costs one memory access: low and high half of
   * its hash, where its terms' numbers begin in `pool`, and their count plus one (0: the slot is free).
   */
  private identifiers = new Int32Array(4 * firstSlotCount);
  private identifierCount = 0;
  private pool = new Int32Array(firstSlotCount);
  private poolLength = 0;

  private textTerms = new Map<string, Int32Array>();
  private termNumbers = new Map<string, number>();
  private termTexts: string[] = [];
  private termHigh: number[] = [];
  private termLow: number[] = [];

  private counts = new Uint8Array(3 * 4096);
  private touched: number[] = [];
  private readonly fieldLengths = [0, 0, 0];

  /** Counts how often terms were numbered anew: what is kept by number is of one generation. */
  generation = 0;

  /** A term by its number (see `ChunkAnalysis.terms`). */
  termText(number: number): string {
    return this.termTexts[number]!;
  }

  /** Analyses `content[start, end)`, a chunk of whole lines. `symbols` are its definitions' names, `scopes` what they are in. */
  analyze(
    content: Uint8Array,
    start: number,
    end: number,
    syntax: CommentSyntax,
    symbols: readonly string[],
    scopes: readonly string[],
  ): ChunkAnalysis {
    if (this.identifierCount + this.textTerms.size > identifierCountMax) this.forget();
    this.fieldLengths.fill(0);
    this.collectGrams(content, start, end);
    this.collectTerms(content, start, end, syntax);
    for (const symbol of symbols) this.addText(symbol, Field.Symbol);
    for (const scope of scopes) this.addText(scope, Field.Body);
    return this.take();
  }

  private take(): ChunkAnalysis {
    const count = this.touched.length;
    const terms = Uint32Array.from(this.touched);
    const termHigh = new Uint32Array(count);
    const termLow = new Uint32Array(count);
    const frequencies = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const term = this.touched[i]!;
      termHigh[i] = this.termHigh[term]!;
      termLow[i] = this.termLow[term]!;
      const at = term * 3;
      frequencies[i] = packFrequencies(this.counts[at]!, this.counts[at + 1]!, this.counts[at + 2]!);
      this.counts[at] = this.counts[at + 1] = this.counts[at + 2] = 0;
    }
    this.touched = [];
    const grams = this.takeGrams();
    const [bodyLength, commentLength, symbolLength] = this.fieldLengths as [number, number, number];
    return { grams, terms, termHigh, termLow, frequencies, bodyLength, commentLength, symbolLength };
  }

  /** The distinct grams of `content[start, end)` alone, as in `ChunkPostings`. */
  gramsOf(content: Uint8Array, start: number, end: number): Uint32Array {
    this.collectGrams(content, start, end);
    return this.takeGrams();
  }

  private takeGrams(): Uint32Array {
    const grams = this.grams.slice(0, this.gramCount);
    for (let i = 0; i < this.gramCount; i++) this.gramSeen[grams[i]! >>> 5] = 0;
    if (this.grams.length > gramsKeptMax) this.grams = new Uint32Array(gramsKeptMax);
    return grams;
  }

  private collectGrams(content: Uint8Array, start: number, end: number): void {
    // There are no more than 2^24 of them, however long a line.
    const countMax = Math.min(end - start, 2 ** 24);
    if (this.grams.length < countMax) this.grams = new Uint32Array(Math.min(2 * countMax, 2 ** 24));
    const { grams, gramSeen } = this;
    let count = 0;
    let gram = 0;
    let run = 0;
    for (let at = start; at < end; at++) {
      const byte = lowerCase[content[at]!]!;
      if (byte === 0x0a) {
        run = 0;
        continue;
      }
      gram = ((gram << 8) | byte) & 0xffffff;
      if (++run < 3) continue;
      const word = gram >>> 5;
      const bit = 1 << (gram & 31);
      const seen = gramSeen[word]!;
      if ((seen & bit) === 0) {
        gramSeen[word] = seen | bit;
        grams[count++] = gram;
      }
    }
    this.gramCount = count;
  }

  /**
   * One pass over the bytes that knows words, comments and strings. Strings matter only because a comment cannot
   * begin in one (`"http://…"`); triple-quoted ones are documentation.
   */
  private collectTerms(content: Uint8Array, start: number, end: number, syntax: CommentSyntax): void {
    const scanner = commentScanner(syntax);
    let field: Field = Field.Body;
    let closer: Uint8Array | null = null; // what ends the comment or string we are in; null outside
    let inString = false;
    let at = start;
    while (at < end) {
      const byte = content[at]!;
      if (isWordByte[byte] === 1) {
        let low = hashSeedLow;
        let high = hashSeedHigh;
        const from = at;
        let next = byte;
        let bits = 0;
        do {
          low = hashStepLow(low, next);
          high = hashStepHigh(high, next);
          bits |= next;
          next = ++at < end ? content[at]! : 0;
        } while (isWordByte[next] === 1);
        if (at - from <= identifierLengthMax) this.addIdentifier(content, from, at, low, high, field);
        else if (bits > 0x7f) this.addWide(content, from, at, field);
        // A word may hold the comment's own end (`rem`), never its start: markers are punctuation or whole lines.
        continue;
      }
      if (closer !== null) {
        if (inString && byte === 0x5c) {
          at += 2;
          continue;
        }
        if (byte === closer[0] && startsWith(content, at, end, closer)) {
          at += closer.length;
          closer = null;
          field = Field.Body;
          inString = false;
          continue;
        }
        if (inString && byte === 0x0a && closer.length === 1 && closer[0] !== 0x60) {
          closer = null; // an apostrophe, or a string that its language ends with the line
          inString = false;
        }
        at++;
        continue;
      }
      const marker = scanner[byte];
      if (marker !== undefined) {
        const found = marker.find(({ open }) => startsWith(content, at, end, open));
        if (found !== undefined) {
          at += found.open.length;
          closer = found.close;
          inString = found.isString;
          if (!found.isString) field = Field.Comment;
          continue;
        }
      }
      at++;
    }
  }

  private addIdentifier(content: Uint8Array, from: number, to: number, low: number, high: number, field: Field): void {
    const { identifiers } = this;
    const at = findSlot(identifiers, low, high);
    if (identifiers[at + 3] === 0) this.intern(at, low, high, decodeBytes(content.subarray(from, to)));
    const start = this.identifiers[at + 2]!;
    this.addTerms(this.pool, start, start + this.identifiers[at + 3]! - 1, field);
    if (this.identifierCount * 8 > this.identifiers.length) this.growIdentifiers();
  }

  /** A long run of bytes beyond ASCII: a sentence of a script without spaces, or words with punctuation of their own between them. */
  private addWide(content: Uint8Array, from: number, to: number, field: Field): void {
    const terms = runTerms(decodeBytes(content.subarray(from, to)));
    this.addTerms(
      terms.map((term) => this.termNumber(term)),
      0,
      terms.length,
      field,
    );
  }

  /** Remembers the terms of a run of word bytes, in which there may be several words when it is not ASCII. */
  private intern(at: number, low: number, high: number, identifier: string): void {
    const terms = /[\u0080-\uffff]/.test(identifier) ? textTerms(identifier) : identifierTerms(identifier);
    if (this.poolLength + terms.length > this.pool.length) {
      const grown = new Int32Array(2 * this.pool.length + terms.length);
      grown.set(this.pool);
      this.pool = grown;
    }
    this.identifiers[at] = low;
    this.identifiers[at + 1] = high;
    this.identifiers[at + 2] = this.poolLength;
    this.identifiers[at + 3] = terms.length + 1;
    this.identifierCount++;
    for (const term of terms) this.pool[this.poolLength++] = this.termNumber(term);
  }

  /** Names and scopes come again and again: their terms are kept. */
  private addText(text: string, field: Field): void {
    let terms = this.textTerms.get(text);
    if (terms === undefined) {
      terms = Int32Array.from(textTerms(text), (term) => this.termNumber(term));
      this.textTerms.set(text, terms);
    }
    this.addTerms(terms, 0, terms.length, field);
  }

  private addTerms(terms: ArrayLike<number>, from: number, to: number, field: Field): void {
    const { counts } = this;
    for (let i = from; i < to; i++) {
      const at = terms[i]! * 3;
      if ((counts[at]! | counts[at + 1]! | counts[at + 2]!) === 0) this.touched.push(terms[i]!);
      if (counts[at + field]! < countMax) counts[at + field]!++;
    }
    this.fieldLengths[field]! += to - from;
  }

  private termNumber(term: string): number {
    let number = this.termNumbers.get(term);
    if (number === undefined) {
      number = this.termHigh.length;
      this.termNumbers.set(term, number);
      this.termTexts.push(term);
      const key = termKey(term);
      this.termHigh.push(key.high);
      this.termLow.push(key.low);
      if (number * 3 + 3 > this.counts.length) {
        const grown = new Uint8Array(this.counts.length * 2);
        grown.set(this.counts);
        this.counts = grown;
      }
    }
    return number;
  }

  private growIdentifiers(): void {
    const old = this.identifiers;
    const grown = new Int32Array(old.length * 4);
    for (let from = 0; from < old.length; from += 4) {
      if (old[from + 3] === 0) continue;
      const at = findSlot(grown, old[from]!, old[from + 1]!);
      for (let i = 0; i < 4; i++) grown[at + i] = old[from + i]!;
    }
    this.identifiers = grown;
  }

  private forget(): void {
    this.identifiers = new Int32Array(4 * firstSlotCount);
    this.identifierCount = 0;
    this.poolLength = 0;
    this.textTerms = new Map();
    this.termNumbers = new Map();
    this.termTexts = [];
    this.generation++;
    this.termHigh = [];
    this.termLow = [];
  }
}

/** Where an identifier's slot begins, or the free one that it would take. */
function findSlot(identifiers: Int32Array, low: number, high: number): number {
  const mask = identifiers.length - 4;
  let at = ((low ^ (high >>> 7)) << 2) & mask;
  while (identifiers[at + 3] !== 0 && (identifiers[at] !== low || identifiers[at + 1] !== high)) at = (at + 4) & mask;
  return at;
}

interface Marker {
  readonly open: Uint8Array;
  readonly close: Uint8Array;
  readonly isString: boolean;
}

const scanners = new Map<CommentSyntax, (Marker[] | undefined)[]>();

/** The markers of a syntax by their first byte, longest first. */
function commentScanner(syntax: CommentSyntax): (Marker[] | undefined)[] {
  let scanner = scanners.get(syntax);
  if (scanner !== undefined) return scanner;
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
  const markers: Marker[] = [
    ...syntax.block.map(([open, close]) => ({ open: bytes(open), close: bytes(close), isString: false })),
    ...syntax.line.map((open) => ({ open: bytes(open), close: bytes('\n'), isString: false })),
  ];
  if (markers.length > 0) {
    for (const quote of ['"', "'", '`']) {
      if (!markers.some(({ open }) => open[0] === quote.charCodeAt(0) && open.length === 1)) {
        markers.push({ open: bytes(quote), close: bytes(quote), isString: true });
      }
    }
  }
  scanner = new Array<Marker[] | undefined>(256).fill(undefined);
  for (const marker of markers) {
    const first = marker.open[0]!;
    (scanner[first] ??= []).push(marker);
    scanner[first].sort((a, b) => b.open.length - a.open.length);
  }
  scanners.set(syntax, scanner);
  return scanner;
}

function startsWith(content: Uint8Array, at: number, end: number, prefix: Uint8Array): boolean {
  if (at + prefix.length > end) return false;
  for (let i = 0; i < prefix.length; i++) if (content[at + i] !== prefix[i]) return false;
  return true;
}
