import { ByteReader, ByteWriter } from '../../base/index.js';
import type { TimeSlices } from '../../base/index.js';
import type { ReadableFile, WritableFile } from '../../store/index.js';
import {
  foldWord,
  readGramPostings,
  splitIdentifier,
  termKey,
  wordTerms,
  writeGramPostings,
} from '../../text/index.js';
import { PostingTable, PostingTableWriter } from '../tables/posting-table.js';
import type { PostingTableLocation } from '../tables/posting-table.js';
import { plainName } from './name-shape.js';
import { SortedNames, SortedNamesWriter, compareNames, namesPerBlock, writeSortedNames } from './sorted-names.js';
import type { NameBlock, NameCache, SortedNamesLocation } from './sorted-names.js';

/**
 * The names of the definitions in some of a segment's chunks, to find definitions by. A segment has one such table or several, one
 * after the other: docs in it are counted from its own first, so a merge copies large ones as they are.
 *
 *   - names, as they are written, with the docs that define something so: for each doc twice the gap from the one before (the first
 *     from -1, less one), one more where that has definitions of several kinds (varint); its kind (u8), or a bit for each (varint);
 *   - grams: for each three letters or digits that follow one another in a name, whatever else is between them, the blocks of names;
 *     under a key of its own, the blocks with names that are not ASCII;
 *   - terms: for each term of a name's words (see text's `wordTerms`) the blocks of names;
 *   - words: those that the names are made of, folded.
 */
export interface SymbolNamesLocation {
  /** All of it, in the file. */
  readonly start: number;
  readonly end: number;
  /** Docs before the first and from the second on have no names, counted from the segment's first. */
  readonly docs: readonly [number, number];
  readonly names: SortedNamesLocation;
  readonly grams: PostingTableLocation;
  readonly terms: PostingTableLocation;
  readonly words: SortedNamesLocation;
}

const symbolsOfGrams = 36;
/** Stands for the grams of all names that are not ASCII. */
const beyondAsciiGram = symbolsOfGrams ** 3;

const valueOf = (code: number): number => (code >= 0x61 ? code - 0x61 + 10 : code - 0x30);
const gramAt = (plain: string, at: number): number =>
  (valueOf(plain.charCodeAt(at)) * symbolsOfGrams + valueOf(plain.charCodeAt(at + 1))) * symbolsOfGrams +
  valueOf(plain.charCodeAt(at + 2));

interface Entry {
  readonly name: string;
  readonly lower: string;
  readonly docs: number[];
  /** For each doc a bit for each kind. */
  readonly kinds: number[];
}

interface Word {
  readonly folded: string;
  readonly terms: readonly string[];
}

/** Gathers the names of one table. */
export class SymbolNamesBuilder {
  private entries = new Map<string, Entry>();
  private readonly words = new Map<string, Word>();

  get count(): number {
    return this.entries.size;
  }

  /**
   * `doc` counts from the segment's first; those of a name ascend. `kinds` has a bit for each kind, by its position in the list of
   * kinds.
   */
  add(name: string, doc: number, kinds: number): void {
    const entry = this.entries.get(name);
    if (entry === undefined) this.entries.set(name, { name, lower: name.toLowerCase(), docs: [doc], kinds: [kinds] });
    else if (entry.docs.at(-1) === doc) entry.kinds[entry.kinds.length - 1]! |= kinds;
    else {
      entry.docs.push(doc);
      entry.kinds.push(kinds);
    }
  }

  /** Writes the table, and forgets what it has. */
  async write(file: WritableFile, slices: TimeSlices): Promise<SymbolNamesLocation> {
    const entries = [...this.entries.values()].sort(compareNames);
    const { length: start } = file;
    let [from, to] = [Infinity, 0];
    for (const { docs } of entries) {
      from = Math.min(from, docs[0]!);
      to = Math.max(to, docs.at(-1)! + 1);
    }
    this.entries = new Map();
    const names = new SortedNamesWriter(file);
    // Of full length from the start: an array that is written here and there becomes a table of hashes.
    const grams = new Array<number[] | undefined>(beyondAsciiGram + 1);
    const terms = new Map<string, number[]>();
    const payload = new ByteWriter(256);
    for (const [i, entry] of entries.entries()) {
      if ((i & 63) === 0 && slices.isOver) await slices.next();
      payload.reset();
      writeDocs(payload, entry, from);
      const block = names.add(entry.name, entry.lower, payload.view());
      const plain = plainName(entry.name);
      if (plain === null) append((grams[beyondAsciiGram] ??= []), block);
      else for (let at = 0; at + 3 <= plain.length; at++) append((grams[gramAt(plain, at)] ??= []), block);
      for (const word of splitIdentifier(entry.name)) {
        for (const term of this.wordOf(word).terms) {
          const blocks = terms.get(term);
          if (blocks === undefined) terms.set(term, [block]);
          else append(blocks, block);
        }
      }
    }
    const blockCount = Math.ceil(entries.length / namesPerBlock);
    const location = {
      start,
      docs: [from, to] as const,
      names: names.finish(),
      grams: await writeGrams(file, grams, blockCount, slices),
      terms: await writeTerms(file, terms, blockCount, slices),
      words: await writeSortedNames(file, new Set(Array.from(this.words.values(), ({ folded }) => folded)), slices),
    };
    this.words.clear();
    return { ...location, end: file.length };
  }

  private wordOf(text: string): Word {
    let word = this.words.get(text);
    if (word === undefined) this.words.set(text, (word = { folded: foldWord(text), terms: wordTerms(text) }));
    return word;
  }
}

function writeDocs(writer: ByteWriter, { docs, kinds }: Entry, from: number): void {
  let expected = from;
  for (let i = 0; i < docs.length; i++) {
    const own = kinds[i]!;
    const isOne = (own & (own - 1)) === 0;
    writer.varint((docs[i]! - expected) * 2 + (isOne ? 0 : 1));
    if (isOne) writer.u8(31 - Math.clz32(own));
    else writer.varint(own);
    expected = docs[i]! + 1;
  }
}

/** Blocks ascend. */
function append(blocks: number[], block: number): void {
  if (blocks[blocks.length - 1] !== block) blocks.push(block);
}

async function writeGrams(
  file: WritableFile,
  grams: readonly (readonly number[] | undefined)[],
  blockCount: number,
  slices: TimeSlices,
): Promise<PostingTableLocation> {
  const table = new PostingTableWriter(file, false);
  const list = new ByteWriter(4096);
  for (let gram = 0; gram < grams.length; gram++) {
    const blocks = grams[gram];
    if (blocks === undefined) continue;
    if (slices.isOver) await slices.next();
    list.reset();
    writeGramPostings(list, blocks, 0, blocks.length, blockCount);
    table.add(gram, 0, blocks.length, list.view());
  }
  return table.finish();
}

async function writeTerms(
  file: WritableFile,
  terms: ReadonlyMap<string, readonly number[]>,
  blockCount: number,
  slices: TimeSlices,
): Promise<PostingTableLocation> {
  const keyed = Array.from(terms, ([term, blocks]) => ({ ...termKey(term), blocks }));
  keyed.sort((a, b) => a.high - b.high || a.low - b.low);
  const table = new PostingTableWriter(file, true);
  const list = new ByteWriter(4096);
  for (let i = 0; i < keyed.length; i++) {
    if (slices.isOver) await slices.next();
    const { high, low } = keyed[i]!;
    let { blocks } = keyed[i]!;
    // Two terms of one key share a list, as everywhere.
    while (keyed[i + 1]?.high === high && keyed[i + 1]!.low === low)
      blocks = [...new Set([...blocks, ...keyed[++i]!.blocks])].sort((a, b) => a - b);
    list.reset();
    writeGramPostings(list, blocks, 0, blocks.length, blockCount);
    table.add(high, low, blocks.length, list.view());
  }
  return table.finish();
}

const copiedBytes = 1024 * 1024;

/** Numbers of blocks, ascending; null: all. */
export type NameBlocks = readonly number[] | null;

/** One table of names, open. */
export class SymbolNames {
  readonly names: SortedNames;
  readonly words: SortedNames;
  private readonly grams: PostingTable;
  private readonly terms: PostingTable;

  constructor(
    private readonly file: ReadableFile,
    private readonly location: SymbolNamesLocation,
    cache: NameCache,
    /** The segment's first. */
    private readonly docBase: number,
  ) {
    this.names = new SortedNames(file, location.names, cache);
    this.words = new SortedNames(file, location.words, cache);
    this.grams = new PostingTable(file, location.grams, false);
    this.terms = new PostingTable(file, location.terms, true);
  }

  get count(): number {
    return this.names.count;
  }

  /** It has no doc before the first of these and from the second on. */
  get docRange(): readonly [number, number] {
    return [this.docBase + this.location.docs[0], this.docBase + this.location.docs[1]];
  }

  /** Writes it as it is into another segment, whose docs have other numbers: those of this one and `shift`. */
  copyTo(file: WritableFile, shift: number): SymbolNamesLocation {
    const { start, end, docs, names, grams, terms, words } = this.location;
    const by = file.length - start;
    for (let at = start; at < end; at += copiedBytes) file.write(this.file.read(at, Math.min(copiedBytes, end - at)));
    const moveTable = (table: PostingTableLocation): PostingTableLocation => ({
      ...table,
      offset: table.offset + by,
      indexOffset: table.indexOffset + by,
    });
    const moveNames = (sorted: SortedNamesLocation): SortedNamesLocation => ({
      ...sorted,
      offset: sorted.offset + by,
      indexOffset: sorted.indexOffset + by,
      groupsOffset: sorted.groupsOffset + by,
    });
    return {
      start: start + by,
      end: end + by,
      docs: [docs[0] + shift, docs[1] + shift],
      names: moveNames(names),
      grams: moveTable(grams),
      terms: moveTable(terms),
      words: moveNames(words),
    };
  }

  /** Calls for each doc that defines something of a name, with a bit for each of its kinds. */
  forEachDoc(block: NameBlock, at: number, onDoc: (doc: number, kinds: number) => void): void {
    const reader = new ByteReader(block.payload(at));
    let expected = this.docBase + this.location.docs[0];
    while (!reader.done) {
      const gap = reader.varint();
      const doc = expected + (gap >>> 1);
      onDoc(doc, (gap & 1) === 0 ? 1 << reader.u8() : reader.varint());
      expected = doc + 1;
    }
  }

  /** Blocks with all names whose letters and digits, in lower case, have some that follow one another; and those of names beyond ASCII. */
  blocksWith(text: string): NameBlocks {
    const beyond = this.blocksOf(this.grams, beyondAsciiGram, 0);
    const plain = plainName(text);
    if (plain === null) return beyond;
    if (plain.length < 3) return null;
    let blocks: readonly number[] | null = null;
    for (let at = 0; at + 3 <= plain.length && blocks?.length !== 0; at++)
      blocks = intersect(blocks, this.blocksOf(this.grams, gramAt(plain, at), 0));
    return beyond.length === 0 ? blocks : [...new Set([...blocks!, ...beyond])].sort((a, b) => a - b);
  }

  /**
   * Blocks with all names, of ASCII letters, that can become another by so many edits; null: all. An edit changes at most four of the grams
   * of a name (a swap in the middle of these), so the others are in both.
   */
  blocksAlike(text: string, edits: number): ReadonlySet<number> | null {
    const plain = plainName(text);
    const countMin = (plain?.length ?? 0) - 2 - 4 * edits;
    if (plain === null || countMin <= 0) return null;
    const counts = new Uint16Array(this.names.blockCount);
    for (let at = 0; at + 3 <= plain.length; at++)
      for (const block of this.blocksOf(this.grams, gramAt(plain, at), 0)) counts[block]!++;
    const blocks = new Set<number>();
    for (let block = 0; block < counts.length; block++) if (counts[block]! >= countMin) blocks.add(block);
    return blocks;
  }

  /** Blocks with all names that have all of some terms. */
  blocksOfTerms(terms: readonly string[]): NameBlocks {
    let blocks: readonly number[] | null = null;
    for (const term of new Set(terms)) {
      if (blocks?.length === 0) return blocks;
      const { high, low } = termKey(term);
      blocks = intersect(blocks, this.blocksOf(this.terms, high, low));
    }
    return blocks;
  }

  private blocksOf(table: PostingTable, high: number, low: number): number[] {
    const list = table.find(high, low);
    const blocks: number[] = [];
    if (list !== null)
      readGramPostings(list.bytes, list.docCount, this.names.blockCount, (block) => blocks.push(block));
    return blocks;
  }
}

function intersect(a: readonly number[] | null, b: readonly number[]): readonly number[] {
  if (a === null) return b;
  const both: number[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i]! < b[j]!) i++;
    else if (a[i]! > b[j]!) j++;
    else {
      both.push(a[i]!);
      i++;
      j++;
    }
  }
  return both;
}
