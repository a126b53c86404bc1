import type { SymbolDefinition, SymbolKind } from '../model/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { fileFactors } from './ranking/file-kinds.js';
import type { FileMask } from './file-mask.js';
import type { RankingSignals } from './ranking/ranking-signals.js';
import { TimeSlices } from '../base/index.js';
import { stemsOf } from '../text/index.js';

export type SymbolMatch = 'exact' | 'prefix' | 'subword' | 'fuzzy';
const matchOrder: readonly SymbolMatch[] = ['exact', 'prefix', 'subword', 'fuzzy'];

/** Shorter text is in too many names by chance. */
const subwordLengthMin = 3;

export interface FoundSymbol {
  readonly position: number;
  readonly symbol: SymbolDefinition;
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

interface PlacedSymbol {
  readonly position: number;
  readonly symbol: SymbolDefinition;
}

/** Definitions of a snapshot by lower-cased name, with the occurrence they are in. */
type SymbolTable = ReadonlyMap<string, { readonly definitions: PlacedSymbol[]; readonly words: readonly string[] }>;

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

/**
 * Definitions by name: those of exactly that name (`Scope.name` asks for the scope too), then names that begin with it,
 * then names that have it or all its words inside, then names it is a misspelling of. Within each, the same case first,
 * then shorter names, types and functions before fields and the like, tests and vendored code last, then in order of path
 * and line.
 */
export async function findSymbols(snapshot: Snapshot, request: SymbolRequest): Promise<FoundSymbol[]> {
  const slices = new TimeSlices(request.signal);
  const table = await symbolTable(snapshot);
  const { bare, scope } = readName(request.name, table);
  const found: FoundSymbol[] = [];
  const add = (definitions: readonly PlacedSymbol[], match: SymbolMatch): void => {
    for (const { position, symbol } of definitions) {
      if (request.mask !== null && request.mask[snapshot.occurrenceFiles[position]!] === 0) continue;
      if (request.kinds !== null && !request.kinds.has(symbol.kind)) continue;
      const own = symbol.scope.toLowerCase();
      if (scope !== '' && own !== scope && !own.endsWith(`.${scope}`)) continue;
      found.push({ position, symbol, match });
    }
  };
  const asked = bare.toLowerCase();
  const askedWords = stemsOf(bare);
  for (const [name, { definitions, words }] of table) {
    if (slices.isOver) await slices.next();
    if (name === asked) add(definitions, 'exact');
    else if (name.startsWith(asked)) add(definitions, 'prefix');
    else if (asked.length >= subwordLengthMin && name.includes(asked)) add(definitions, 'subword');
    else if (askedWords.length > 0 && askedWords.every((word) => words.includes(word))) add(definitions, 'subword');
  }
  if (found.length < request.limit) {
    // Misspellings come last: when there is enough else, none would be shown.
    const better = new Set(found.map(({ symbol }) => symbol.name.toLowerCase()));
    const mistakes = mistakesAllowed(asked);
    for (const [name, { definitions }] of mistakes === 0 ? [] : table) {
      if (slices.isOver) await slices.next();
      if (!better.has(name) && withinEdits(name, asked, mistakes)) add(definitions, 'fuzzy');
    }
  }
  const factors = await fileFactors(snapshot, request.signals);
  const key = ({ position, symbol, match }: FoundSymbol): readonly number[] => [
    matchOrder.indexOf(match),
    symbol.name === bare ? 0 : 1,
    symbol.name.length,
    minorKinds.has(symbol.kind) ? 1 : 0,
    -factors[snapshot.occurrenceFiles[position]!]!,
    position,
    symbol.line,
  ];
  const keyed = found.map((symbol) => ({ symbol, key: key(symbol) }));
  keyed.sort((a, b) => {
    for (let i = 0; i < a.key.length; i++) if (a.key[i] !== b.key[i]) return a.key[i]! - b.key[i]!;
    return 0;
  });
  return keyed.slice(0, request.limit).map(({ symbol }) => symbol);
}

/** `Builder.finish`, `Builder::finish` and `Builder#finish` ask for a scope, unless a definition has that very name. */
function readName(asked: string, table: SymbolTable): { bare: string; scope: string } {
  const name = table.has(asked.toLowerCase()) ? asked : asked.replace(/(?<=[^.:#])[.:#]+$/, '');
  const separator = /^(.*[^.:#])[.:#]+([^.:#]+)$/s.exec(name);
  if (separator === null || table.has(name.toLowerCase())) return { bare: name, scope: '' };
  return { bare: separator[2]!, scope: separator[1]!.replace(/[:#.]+/g, '.').toLowerCase() };
}

/** Made once for a snapshot. */
export function symbolTable(snapshot: Snapshot): Promise<SymbolTable> {
  return snapshot.derived.once('symbolTable', () => buildSymbolTable(snapshot), weightOf);
}

/** Rough bytes of memory. */
function weightOf(table: SymbolTable): number {
  let bytes = 0;
  for (const { definitions, words } of table.values()) bytes += 200 + 60 * words.length + 170 * definitions.length;
  return bytes;
}

async function buildSymbolTable(snapshot: Snapshot): Promise<SymbolTable> {
  const table = new Map<string, { definitions: PlacedSymbol[]; words: readonly string[] }>();
  const slices = new TimeSlices();
  for (let position = 0; position < snapshot.occurrenceDocs.length; position++) {
    if ((position & 15) === 0 && slices.isOver) await slices.next();
    for (const symbol of snapshot.segments.chunkSymbols(snapshot.occurrenceDocs[position]!).symbols) {
      const name = symbol.name.toLowerCase();
      const entry = table.get(name);
      if (entry === undefined) table.set(name, { definitions: [{ position, symbol }], words: stemsOf(symbol.name) });
      else entry.definitions.push({ position, symbol });
    }
  }
  return table;
}

/** Mistakes that a word of its length may have. */
export const mistakesAllowed = (word: string): number => (word.length >= 8 ? 2 : word.length >= 4 ? 1 : 0);

/** Whether two strings are at most `max` insertions, deletions, substitutions or swaps of neighbours apart. */
export function withinEdits(a: string, b: string, max: number): boolean {
  if (Math.abs(a.length - b.length) > max) return false;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) value = Math.min(value, before[j - 2]! + 1);
      current[j] = value;
      best = Math.min(best, value);
    }
    if (best > max) return false;
    before = previous;
    previous = current;
  }
  return previous[b.length]! <= max;
}
