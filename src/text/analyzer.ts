import { decodeBytes } from '../base/index.js';
import { identifierLengthMax, runTerms, textTerms } from './identifier.js';
import { stem } from './stem.js';
import { hashSeedHigh, hashSeedLow, hashStepHigh, hashStepLow } from './term-hash.js';
import { NumberTable, TermTable } from './term-table.js';

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
  /** The terms once more, by the analyzer's own number (see `Analyzer.termBytes`), which holds until the next analysis. */
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
const enum Letter {
  None,
  Digit,
  Lower,
  Upper,
}
/** What an ASCII byte is to `splitIdentifier`. */
const letterOf = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  lowerCase[byte] = byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
  const letter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
  const isDigit = byte >= 0x30 && byte <= 0x39;
  letterOf[byte] = isDigit ? Letter.Digit : !letter ? Letter.None : byte >= 0x61 ? Letter.Lower : Letter.Upper;
  isWordByte[byte] = letter || isDigit || byte === 0x5f || byte === 0x24 || byte >= 0x80 ? 1 : 0;
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
  /** The terms of words of ASCII letters or digits, by the key of the word in lower case. */
  private words = new NumberTable();
  private terms = new TermTable();
  private readonly parts = new Int32Array(identifierLengthMax);
  private readonly textBytes = new Uint8Array(256);

  private counts = new Uint8Array(3 * 4096);
  private touched = new Uint32Array(1024);
  private touchedCount = 0;
  private readonly fieldLengths = [0, 0, 0];

  /** Counts how often terms were numbered anew: what is kept by number is of one generation. */
  generation = 0;

  /** The bytes of a term by its number (see `ChunkAnalysis.terms`), in a view that holds until the next analysis. */
  termBytes(number: number): Uint8Array {
    return this.terms.bytesOf(number);
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
    const count = this.touchedCount;
    const terms = this.touched.slice(0, count);
    const termHigh = new Uint32Array(count);
    const termLow = new Uint32Array(count);
    const frequencies = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const term = terms[i]!;
      termHigh[i] = this.terms.high(term);
      termLow[i] = this.terms.low(term);
      const at = term * 3;
      frequencies[i] = packFrequencies(this.counts[at]!, this.counts[at + 1]!, this.counts[at + 2]!);
      this.counts[at] = this.counts[at + 1] = this.counts[at + 2] = 0;
    }
    this.touchedCount = 0;
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
        if (at - from <= identifierLengthMax) this.addIdentifier(content, from, at, low, high, bits, field);
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

  /** Adds the terms of a run of word bytes, by its hash; `bits` has all bits that are set in some byte. */
  private addIdentifier(
    content: Uint8Array,
    from: number,
    to: number,
    low: number,
    high: number,
    bits: number,
    field: Field,
  ): void {
    const { identifiers } = this;
    const at = findSlot(identifiers, low, high);
    if (identifiers[at + 3] === 0) {
      identifiers[at] = low;
      identifiers[at + 1] = high;
      identifiers[at + 2] = this.poolLength;
      if (bits < 0x80) this.poolAscii(content, from, to);
      // There may be several words in it.
      else
        for (const term of textTerms(decodeBytes(content.subarray(from, to)))) this.poolTerm(this.terms.numberOf(term));
      identifiers[at + 3] = this.poolLength - identifiers[at + 2]! + 1;
      this.identifierCount++;
    }
    const start = identifiers[at + 2]!;
    this.addTerms(this.pool, start, start + identifiers[at + 3]! - 1, field);
    if (this.identifierCount * 8 > identifiers.length) this.growIdentifiers();
  }

  /** A long run of bytes beyond ASCII: a sentence of a script without spaces, or words with punctuation of their own between them. */
  private addWide(content: Uint8Array, from: number, to: number, field: Field): void {
    const terms = runTerms(decodeBytes(content.subarray(from, to)));
    this.addTerms(
      terms.map((term) => this.terms.numberOf(term)),
      0,
      terms.length,
      field,
    );
  }

  /** Puts the terms of an ASCII identifier into the pool: what `identifierTerms` gives, without a string made of any part that is known. */
  private poolAscii(content: Uint8Array, from: number, to: number): void {
    const { parts } = this;
    let count = 0;
    for (let at = from; at < to;) {
      const letter = letterOf[content[at]!]!;
      const start = at++;
      if (letter === Letter.None) continue;
      while (at < to && letterOf[content[at]!] === letter) at++;
      if (letter === Letter.Upper && at < to && letterOf[content[at]!] === Letter.Lower) {
        // The last capital begins the next word.
        if (at - start > 1) at--;
        else while (at < to && letterOf[content[at]!] === Letter.Lower) at++;
      }
      parts[count++] = this.wordNumber(content, start, at);
    }
    const first = this.poolLength;
    for (let i = 0; i < count; i++) {
      // One of one character says something only where it is the whole identifier.
      if (count === 1 || this.terms.length(parts[i]!) > 1) this.poolOnce(parts[i]!, first);
    }
    if (count > 1) this.poolOnce(this.terms.numberOfJoined(parts, count), first);
  }

  /** The number of the term of an ASCII word (see `wordTerms`), of one kind of letters but for its first. */
  private wordNumber(content: Uint8Array, from: number, to: number): number {
    let low = hashSeedLow;
    let high = hashSeedHigh;
    for (let at = from; at < to; at++) {
      const byte = lowerCase[content[at]!]!;
      low = hashStepLow(low, byte);
      high = hashStepHigh(high, byte);
    }
    let number = this.words.find(high, low);
    if (number < 0) {
      number = this.terms.numberOf(stem(decodeBytes(content.subarray(from, to)).toLowerCase()));
      this.words.add(high, low, number);
    }
    return number;
  }

  private poolOnce(term: number, from: number): void {
    for (let at = from; at < this.poolLength; at++) if (this.pool[at] === term) return;
    this.poolTerm(term);
  }

  private poolTerm(term: number): void {
    if (this.poolLength === this.pool.length) {
      const grown = new Int32Array(2 * this.pool.length);
      grown.set(this.pool);
      this.pool = grown;
    }
    this.pool[this.poolLength++] = term;
  }

  /** Names and scopes: nearly all are one identifier or several, which are known from the text. */
  private addText(text: string, field: Field): void {
    const bytes = this.textBytes;
    const { length } = text;
    let bits = 0;
    if (length <= bytes.length) for (let i = 0; i < length; i++) bits |= bytes[i] = text.charCodeAt(i);
    if (length > bytes.length || bits > 0x7f || this.hasLongWord(length)) this.addWideText(text, field);
    else {
      for (let at = 0; at < length;) {
        let low = hashSeedLow;
        let high = hashSeedHigh;
        const from = at;
        for (; at < length && isWordByte[bytes[at]!] === 1; at++) {
          low = hashStepLow(low, bytes[at]!);
          high = hashStepHigh(high, bytes[at]!);
        }
        if (at > from) this.addIdentifier(bytes, from, at, low, high, bits, field);
        else at++;
      }
    }
  }

  /** Whether some word of the text at hand is too long for an identifier. */
  private hasLongWord(length: number): boolean {
    if (length <= identifierLengthMax) return false;
    for (let at = 0, from = 0; at < length; at++) {
      if (isWordByte[this.textBytes[at]!] === 0) from = at + 1;
      else if (at - from >= identifierLengthMax) return true;
    }
    return false;
  }

  private addWideText(text: string, field: Field): void {
    let terms = this.textTerms.get(text);
    if (terms === undefined) {
      terms = Int32Array.from(textTerms(text), (term) => this.terms.numberOf(term));
      this.textTerms.set(text, terms);
    }
    this.addTerms(terms, 0, terms.length, field);
  }

  private addTerms(terms: ArrayLike<number>, from: number, to: number, field: Field): void {
    if (this.terms.count * 3 > this.counts.length) {
      const grown = new Uint8Array(Math.max(this.terms.count * 3, this.counts.length * 2));
      grown.set(this.counts);
      this.counts = grown;
    }
    if (this.touchedCount + to - from > this.touched.length) {
      const grown = new Uint32Array(2 * (this.touchedCount + to - from));
      grown.set(this.touched);
      this.touched = grown;
    }
    const { counts, touched } = this;
    for (let i = from; i < to; i++) {
      const at = terms[i]! * 3;
      if ((counts[at]! | counts[at + 1]! | counts[at + 2]!) === 0) touched[this.touchedCount++] = terms[i]!;
      if (counts[at + field]! < countMax) counts[at + field]!++;
    }
    this.fieldLengths[field]! += to - from;
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
    this.words = new NumberTable();
    this.terms = new TermTable();
    this.generation++;
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
