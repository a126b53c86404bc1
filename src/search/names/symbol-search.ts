import { TimeSlices } from '../../base/index.js';
import { symbolKinds } from '../../model/index.js';
import type { SymbolDefinition, SymbolKind } from '../../model/index.js';
import { shapeLengthMax } from '../../segment/index.js';
import type { NameBlock, SymbolNames } from '../../segment/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { stemsOf } from '../../text/index.js';
import type { FileMask } from '../file-mask.js';
import { fileFactors } from '../ranking/evidence/file-kinds.js';
import type { RankingSignals } from '../ranking/ranking-signals.js';
import { mistakesAllowed, withinEdits } from './edits.js';
import { isVisibleName, nameTables } from './snapshot-names.js';
import type { PlacedName } from './snapshot-names.js';

export type SymbolMatch = 'exact' | 'prefix' | 'subword' | 'fuzzy';

/** Shorter text is in too many names by chance. */
const subwordLengthMin = 3;
const abbreviationLengthMin = 4;
/** Nobody shortens a name to more, and what is as long is short for little. */
const abbreviationLengthMax = 12;

/** A definition and the occurrence of the chunk that has it. */
export interface PlacedSymbol {
  readonly position: number;
  readonly symbol: SymbolDefinition;
}

export interface FoundSymbol extends PlacedSymbol {
  readonly match: SymbolMatch;
}

export interface SymbolRequest {
  readonly name: string;
  readonly mask: FileMask;
  /** Null: any kind. */
  readonly kinds: ReadonlySet<string> | null;
  readonly limit: number;
  readonly signals: RankingSignals;
  readonly signal: AbortSignal | undefined;
}

export interface FoundSymbols {
  /** The best, at most as many as were asked for. */
  readonly symbols: readonly FoundSymbol[];
  /** How many match, misspellings only where they had to be looked for; null: too many to count. */
  readonly total: number | null;
}

/** Definitions are read to be counted: so many more than are wanted, at most. */
const countedBeyond = 200;

/** What stands for, or belongs to, a definition of more weight. */
export const minorKinds = new Set<SymbolKind>([
  'impl',
  'property',
  'field',
  'variable',
  'section',
  'key',
  'element',
  'test',
]);

const bitsOf = (kinds: Iterable<string>): number => {
  let bits = 0;
  for (const kind of kinds) bits |= 1 << (symbolKinds as readonly string[]).indexOf(kind);
  return bits;
};

const typeKinds = new Set<SymbolKind>(['class', 'struct', 'interface', 'trait', 'enum', 'type']);
const minorRank = 2;
/** The order in which definitions of one name are listed: a type before its constructors and methods, and what is minor last. */
const rankOf = (kind: SymbolKind): number => (minorKinds.has(kind) ? minorRank : typeKinds.has(kind) ? 0 : 1);
const rankBits = [0, 1, minorRank].map((rank) => bitsOf(symbolKinds.filter((kind) => rankOf(kind) === rank)));

/**
 * Definitions by name: those of exactly that name (`Scope.name` asks for the scope too), then names that begin with it,
 * then names that have it or all its words inside, then names it is a misspelling of, then names it is short for (of 4 to 12 letters). Within each, the same case first,
 * then shorter names, fields and the like after all others, tests and vendored code last, types first, then in order of path
 * and line.
 *
 * The names that match come from the segments' tables (see segment's SymbolNames), kind of match by kind of match, and of each the
 * shortest first; definitions are read until there are enough.
 */
export async function findSymbols(snapshot: Snapshot, request: SymbolRequest): Promise<FoundSymbols> {
  const tables = await nameTables(snapshot);
  const slices = new TimeSlices(request.signal);
  const { bare, scope } = readName(request.name, (lower) => hasName(snapshot, tables, lower));
  const names = new NamesLike(tables, bare, slices);
  const definitions = new Definitions(snapshot, request, scope, await fileFactors(snapshot, request.signals), slices);
  const found: FoundSymbol[] = [];
  const countMax = request.limit + countedBeyond;
  type Groups = Iterable<PlacedName[]> | AsyncIterable<PlacedName[]>;
  /** Where there is enough already, others are only counted, whatever comes first. */
  const ways: readonly (readonly [SymbolMatch, (areCounted: boolean) => Groups | Promise<Groups>])[] = [
    ['exact', () => bySameAndLength(names.exact(), bare)],
    ['prefix', () => names.withPrefix()],
    [
      'subword',
      async (areCounted) => (areCounted ? names.withWords() : bySameAndLength(await allOf(names.withWords()), bare)),
    ],
    ['fuzzy', async () => bySameAndLength(await names.misspelt(), bare)],
    ['fuzzy', async () => bySameAndLength(await names.abbreviated(), bare)],
  ];
  // Places stand for a definition each, unless a scope is asked for: those beyond what is wanted are counted, and read only when they are few.
  const enough = scope === '' ? request.limit : countMax + 1;
  const uncounted: Place[] = [];
  const tooMany = (): FoundSymbols => ({ symbols: found.slice(0, request.limit), total: null });
  for (const [match, namesOf] of ways) {
    // Misspellings come last: when there is enough else, none would be shown.
    if (match === 'fuzzy' && found.length >= request.limit) break;
    for await (const group of await namesOf(found.length >= enough)) {
      const places = await definitions.placesOf(group);
      let at = 0;
      while (at < places.length && found.length < enough) {
        if (slices.isOver) await slices.next();
        const { symbols, next } = definitions.at(places, at);
        for (const one of symbols) found.push({ ...one, match });
        at = next;
      }
      for (; at < places.length; at++) uncounted.push(places[at]!);
      if (found.length + uncounted.length > countMax) return tooMany();
    }
  }
  let total = found.length;
  for (let at = 0; at < uncounted.length;) {
    if (slices.isOver) await slices.next();
    const { symbols, next } = definitions.at(uncounted, at);
    total += symbols.length;
    if (total > countMax) return tooMany();
    at = next;
  }
  return { symbols: found.slice(0, request.limit), total };
}

/** All definitions of exactly a name, letter case aside, whatever they are in; and the scope that the name asks for. */
export async function findNamed(
  snapshot: Snapshot,
  request: Omit<SymbolRequest, 'limit'>,
): Promise<{ readonly bare: string; readonly scope: string; readonly found: readonly PlacedSymbol[] }> {
  const tables = await nameTables(snapshot);
  const slices = new TimeSlices(request.signal);
  const { bare, scope } = readName(request.name, (lower) => hasName(snapshot, tables, lower));
  const factors = await fileFactors(snapshot, request.signals);
  const definitions = new Definitions(snapshot, { ...request, limit: Infinity }, '', factors, slices);
  const found: PlacedSymbol[] = [];
  const places = await definitions.placesOf(new NamesLike(tables, bare, slices).exact());
  for (let at = 0; at < places.length;) {
    if (slices.isOver) await slices.next();
    const { symbols, next } = definitions.at(places, at);
    found.push(...symbols);
    at = next;
  }
  return { bare, scope, found };
}

/** Names that are like one, each in one way. */
class NamesLike {
  private readonly asked: string;
  private readonly words: readonly string[];
  /** What an ASCII name has that has the words. */
  private readonly beginnings: readonly string[];

  constructor(
    private readonly tables: readonly SymbolNames[],
    bare: string,
    private readonly slices: TimeSlices,
  ) {
    this.asked = bare.toLowerCase();
    this.words = stemsOf(bare);
    this.beginnings = this.words.map(beginningOf);
  }

  exact(): PlacedName[] {
    const found: PlacedName[] = [];
    for (const table of this.tables)
      table.names.forEachExact(this.asked, (block, at) => found.push({ table, block, at }));
    return found;
  }

  /** In groups, the shortest first: whoever has enough reads no longer ones, of which one letter begins a hundred thousand. */
  async *withPrefix(): AsyncGenerator<PlacedName[], void, undefined> {
    const { asked, slices, tables } = this;
    const withPrefix = tables.map(({ names }) => names.withPrefix(asked));
    /** By the length of the name. */
    const longer = new Map<number, PlacedName[]>();
    for (let length = 0; length <= shapeLengthMax; length++) {
      for (const [number, table] of tables.entries()) {
        if (slices.isOver) await slices.next();
        withPrefix[number]!.forEachOf(length, (block, at) => {
          if (block.lower(at) === asked) return;
          const own = block.name(at).length;
          const group = longer.get(own);
          if (group === undefined) longer.set(own, [{ table, block, at }]);
          else group.push({ table, block, at });
        });
      }
      const group = length < shapeLengthMax ? longer.get(length) : undefined;
      if (group === undefined) continue;
      longer.delete(length);
      yield group;
    }
    for (const [, group] of [...longer].sort(([a], [b]) => a - b)) yield group;
  }

  /** In no order, as they are met. */
  async *withWords(): AsyncGenerator<PlacedName[], void, undefined> {
    const { asked, words, slices } = this;
    for (const table of this.tables) {
      const inside = asked.length >= subwordLengthMin ? table.blocksWith(asked) : [];
      const ofWords = words.length === 0 ? [] : table.blocksOfTerms(words);
      const blocks = union(inside, ofWords);
      // Which words a name has is dear to tell, and of what has few letters and digits (`re_`) all names are gone over.
      const mayHaveWords = ofWords && new Set(ofWords);
      for (const number of blocks ?? table.names.blockNumbers()) {
        if (slices.isOver) await slices.next();
        const block = table.names.block(number);
        const found: PlacedName[] = [];
        const mayHave = mayHaveWords?.has(number) ?? true;
        for (let at = 0; at < block.count; at++) {
          const lower = block.lower(at);
          if (!lower.startsWith(asked) && this.isInside(lower, block, at, mayHave)) found.push({ table, block, at });
        }
        if (found.length > 0) yield found;
      }
    }
  }

  async misspelt(): Promise<PlacedName[]> {
    const { asked, slices } = this;
    const mistakes = mistakesAllowed(asked);
    const found: PlacedName[] = [];
    for (const table of mistakes === 0 ? [] : this.tables) {
      if (slices.isOver) await slices.next();
      const onName = (block: NameBlock, at: number): void => {
        const lower = block.lower(at);
        if (!withinEdits(lower, asked, mistakes) || lower.startsWith(asked)) return;
        if (!this.isInside(lower, block, at)) found.push({ table, block, at });
      };
      table.names.forEachAlike(asked, mistakes, onName, table.blocksAlike(asked, mistakes));
    }
    return found;
  }

  /** Names that this is short for: its letters in their order, the first one first, at the beginnings of words or close together. */
  async abbreviated(): Promise<PlacedName[]> {
    const { asked, slices } = this;
    const found: PlacedName[] = [];
    if (asked.length < abbreviationLengthMin || asked.length > abbreviationLengthMax || !/^\w+$/.test(asked))
      return found;
    const mistakes = mistakesAllowed(asked);
    for (const table of this.tables) {
      if (slices.isOver) await slices.next();
      table.names.forEachWithLetters(asked, asked[0]!, (block, at) => {
        const lower = block.lower(at);
        if (lower.startsWith(asked) || !isShortFor(asked, block.name(at))) return;
        if (this.isInside(lower, block, at) || (mistakes > 0 && withinEdits(lower, asked, mistakes))) return;
        found.push({ table, block, at });
      });
    }
    return found;
  }

  private isInside(lower: string, block: NameBlock, at: number, mayHaveWords = true): boolean {
    const { asked, words, beginnings } = this;
    if (asked.length >= subwordLengthMin && lower.includes(asked)) return true;
    if (words.length === 0 || !mayHaveWords) return false;
    if (!beginnings.every((word) => lower.includes(word)) && (block.isAscii || !beyondAscii.test(lower))) return false;
    const own = stemsOf(block.name(at));
    return words.every((word) => own.includes(word));
  }
}

/**
 * Whether a name has the letters of an abbreviation in their order, the first one first: `sesn` of Session, `cbl` of `chunk_by_lines`. A letter
 * that is not the next one begins a word, or the name has at most as many letters again.
 */
export function isShortFor(short: string, name: string): boolean {
  const lower = name.toLowerCase();
  if (lower[0] !== short[0]) return false;
  const begins = (at: number): boolean => /[^\p{L}\p{N}]/u.test(name[at - 1] ?? ' ') || isCapital(name, at);
  let ofWords = true;
  let at = 0;
  for (const letter of short.slice(1)) {
    let next = at + 1;
    if (lower[next] !== letter) {
      while (next < lower.length && !(lower[next] === letter && begins(next))) next++;
      if (next === lower.length) {
        ofWords = false;
        break;
      }
    }
    at = next;
  }
  if (ofWords) return true;
  if (lower.length > 2 * short.length) return false;
  at = 0;
  for (const letter of short.slice(1)) {
    at = lower.indexOf(letter, at + 1);
    if (at < 0) return false;
  }
  return true;
}

const isCapital = (name: string, at: number): boolean =>
  /\p{Lu}/u.test(name[at]!) && !/\p{Lu}/u.test(name[at - 1] ?? '');

/** What an ASCII name with a word has in it: a stem but for its last letter begins its word, where that is of ASCII letters. */
const beginningOf = (stem: string): string => (stem.length > 1 && /^[a-z]+$/.test(stem) ? stem.slice(0, -1) : stem);

const beyondAscii = /[^\x00-\x7f]/;

const union = (a: readonly number[] | null, b: readonly number[] | null): readonly number[] | null =>
  a === null || b === null ? null : [...new Set([...a, ...b])].sort((one, other) => one - other);

async function allOf(batches: AsyncIterable<readonly PlacedName[]>): Promise<PlacedName[]> {
  const all: PlacedName[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}

/** Names in groups: first as the name is written, then others; of each the shortest first. */
function bySameAndLength(names: readonly PlacedName[], bare: string): PlacedName[][] {
  const groups = new Map<number, PlacedName[]>();
  for (const placed of names) {
    const name = placed.block.name(placed.at);
    const key = name === bare ? -1 : name.length;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [placed]);
    else group.push(placed);
  }
  return [...groups.entries()].sort(([a], [b]) => a - b).map(([, group]) => group);
}

/** Where a chunk defines something. */
interface Place {
  readonly position: number;
  /** See `rankOf`. */
  readonly rank: number;
  readonly name: string;
}

/** The definitions of names that a request asks for. */
class Definitions {
  private readonly kinds: number;

  constructor(
    private readonly snapshot: Snapshot,
    private readonly request: SymbolRequest,
    private readonly scope: string,
    private readonly factors: Float64Array,
    private readonly slices: TimeSlices,
  ) {
    this.kinds = request.kinds === null ? -1 : bitsOf(request.kinds);
  }

  /** Where some names are defined, in order but for the names. */
  async placesOf(names: readonly PlacedName[]): Promise<Place[]> {
    const { factors, slices } = this;
    const { occurrenceFiles } = this.snapshot;
    const places: Place[] = [];
    for (const placed of names) {
      if (slices.isOver) await slices.next();
      this.addPlaces(placed, places);
    }
    const factorOf = ({ position }: Place): number => factors[occurrenceFiles[position]!]!;
    const isMinor = ({ rank }: Place): number => Number(rank === minorRank);
    return places.sort(
      (a, b) => isMinor(a) - isMinor(b) || factorOf(b) - factorOf(a) || a.rank - b.rank || a.position - b.position,
    );
  }

  /** The definitions of the place at `from` and of those behind it that are in the same chunk; and where the next chunk's begin. */
  at(places: readonly Place[], from: number): { readonly symbols: readonly PlacedSymbol[]; readonly next: number } {
    const { segments, occurrenceDocs } = this.snapshot;
    const { position, rank } = places[from]!;
    const here = new Set<string>();
    let next = from;
    for (; places[next]?.position === position && places[next]!.rank === rank; next++) here.add(places[next]!.name);
    const own = segments
      .chunkSymbols(occurrenceDocs[position]!)
      .symbols.filter((symbol) => here.has(symbol.name) && rankOf(symbol.kind) === rank && this.isAsked(symbol));
    return { symbols: own.sort((a, b) => a.line - b.line).map((symbol) => ({ position, symbol })), next };
  }

  private addPlaces({ table, block, at }: PlacedName, places: Place[]): void {
    const { snapshot, kinds } = this;
    const { mask } = this.request;
    const name = block.name(at);
    table.forEachDoc(block, at, (doc, own) => {
      const asked = own & kinds;
      if (asked === 0 || !snapshot.visible.has(doc)) return;
      snapshot.forEachOccurrence(doc, (position) => {
        if (mask !== null && mask[snapshot.occurrenceFiles[position]!] === 0) return;
        rankBits.forEach((bits, rank) => {
          if ((asked & bits) !== 0) places.push({ position, rank, name });
        });
      });
    });
  }

  private isAsked(symbol: SymbolDefinition): boolean {
    const { scope, request } = this;
    if (request.kinds !== null && !request.kinds.has(symbol.kind)) return false;
    if (scope === '') return true;
    const own = symbol.scope.toLowerCase();
    return own === scope || own.endsWith(`.${scope}`);
  }
}

function hasName(snapshot: Snapshot, tables: readonly SymbolNames[], lower: string): boolean {
  return tables.some((table) => {
    let has = false;
    table.names.forEachExact(lower, (block, at) => (has ||= isVisibleName(snapshot, { table, block, at })));
    return has;
  });
}

/** `Builder.finish`, `Builder::finish` and `Builder#finish` ask for a scope, unless a definition has that very name. */
function readName(asked: string, has: (lower: string) => boolean): { bare: string; scope: string } {
  const name = has(asked.toLowerCase()) ? asked : asked.replace(/(?<=[^.:#])[.:#]+$/, '');
  const separator = /^(.*[^.:#])[.:#]+([^.:#]+)$/s.exec(name);
  if (separator === null || has(name.toLowerCase())) return { bare: name, scope: '' };
  return { bare: separator[2]!, scope: separator[1]!.replace(/[:#.]+/g, '.').toLowerCase() };
}
