import type { SymbolDefinition } from '../model/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { splitIdentifier, stem } from '../text/index.js';
import { fileFactors } from './file-kinds.js';
import type { FileMask } from './file-mask.js';
import type { RankingSignals } from './ranking-signals.js';

export type SymbolMatch = 'exact' | 'prefix' | 'subword' | 'fuzzy';
const matchOrder: readonly SymbolMatch[] = ['exact', 'prefix', 'subword', 'fuzzy'];

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
}

/** Definitions of a snapshot by lower-cased name, with the occurrence they are in. */
type SymbolTable = ReadonlyMap<string, readonly { readonly position: number; readonly symbol: SymbolDefinition }[]>;

/**
 * Definitions by name: those of exactly that name (`Scope.name` asks for the scope too), then names that begin with it, then
 * names with all its words, then names it is a misspelling or a subsequence of. Within each, the same case
 * first, then shorter names, tests and vendored code last, then in order of path and line.
 */
export function findSymbols(snapshot: Snapshot, request: SymbolRequest): FoundSymbol[] {
  const dot = request.name.search(/[.:#][^.:#]*$/);
  const bare = dot > 0 ? request.name.slice(dot + 1) : request.name;
  const scope =
    dot > 0
      ? request.name
          .slice(0, dot)
          .replace(/[:#.]+/g, '.')
          .replace(/\.$/, '')
          .toLowerCase()
      : '';
  const matcher = nameMatcher(bare);
  const found: FoundSymbol[] = [];
  for (const [name, definitions] of symbolTable(snapshot)) {
    const match = matcher(name, definitions[0]!.symbol.name);
    if (match === null) continue;
    for (const { position, symbol } of definitions) {
      if (request.mask !== null && request.mask[snapshot.occurrenceFiles[position]!] === 0) continue;
      if (request.kinds !== null && !request.kinds.has(symbol.kind)) continue;
      const own = symbol.scope.toLowerCase();
      if (scope !== '' && own !== scope && !own.endsWith(`.${scope}`)) continue;
      found.push({ position, symbol, match });
    }
  }
  const factors = fileFactors(snapshot, request.signals);
  const key = ({ position, symbol, match }: FoundSymbol): readonly number[] => [
    matchOrder.indexOf(match),
    symbol.name === bare ? 0 : 1,
    symbol.name.length,
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

function symbolTable(snapshot: Snapshot): SymbolTable {
  const known = snapshot.derived.get('symbolTable') as SymbolTable | undefined;
  if (known !== undefined) return known;
  const table = new Map<string, { position: number; symbol: SymbolDefinition }[]>();
  for (let position = 0; position < snapshot.occurrenceDocs.length; position++) {
    for (const symbol of snapshot.segments.chunkSymbols(snapshot.occurrenceDocs[position]!).symbols) {
      const name = symbol.name.toLowerCase();
      const list = table.get(name);
      if (list === undefined) table.set(name, [{ position, symbol }]);
      else list.push({ position, symbol });
    }
  }
  snapshot.derived.set('symbolTable', table);
  return table;
}

/** How a name (lower-cased, and as first written) matches what is asked. */
function nameMatcher(asked: string): (lower: string, written: string) => SymbolMatch | null {
  const lowerAsked = asked.toLowerCase();
  const words = splitIdentifier(asked).map((word) => stem(word.toLowerCase()));
  const mistakes = lowerAsked.length >= 8 ? 2 : lowerAsked.length >= 4 ? 1 : 0;
  return (lower, written) => {
    if (lower === lowerAsked) return 'exact';
    if (lower.startsWith(lowerAsked)) return 'prefix';
    if (lowerAsked.length >= 3 && lower.includes(lowerAsked)) return 'subword';
    if (words.length > 0) {
      const own = splitIdentifier(written).map((word) => stem(word.toLowerCase()));
      if (words.every((word) => own.includes(word))) return 'subword';
    }
    return mistakes > 0 && withinEdits(lower, lowerAsked, mistakes) ? 'fuzzy' : null;
  };
}

/** Whether two strings are at most `max` insertions, deletions, substitutions or swaps of neighbours apart. */
function withinEdits(a: string, b: string, max: number): boolean {
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
