import type { RestOf, SymbolHit } from '../api/protocol.js';
import type { Side } from '../state/place.js';
import { leastFresh } from './freshness.js';
import { placeOfItem, type Item, type Summary } from './item.js';
import type { SearchRequest } from './run-search.js';

type Answer = RestOf<'symbols'> & { readonly truncated: boolean };

/** Definitions by name: of one rev or, in a comparison, those that only one of the two has and those that both have. */
export async function searchSymbols(request: SearchRequest): Promise<Summary> {
  const { rev, against } = request.place;
  if (against === '') {
    const answer = await find(request, rev, (symbols) =>
      request.onItems(symbols.map((symbol) => itemOf(symbol, null, rev))),
    );
    return { ...summaryOf(answer) };
  }
  const ofA: SymbolHit[] = [];
  const ofB: SymbolHit[] = [];
  const [a, b] = await Promise.all([
    find(request, rev, (symbols) => void ofA.push(...symbols)),
    find(request, against, (symbols) => void ofB.push(...symbols)),
  ]);
  const namesOfA = new Set(ofA.map(nameOf));
  const namesOfB = new Set(ofB.map(nameOf));
  request.onItems(ofA.map((symbol) => itemOf(symbol, namesOfB.has(nameOf(symbol)) ? 'both' : 'a', rev)));
  request.onItems(ofB.filter((symbol) => !namesOfA.has(nameOf(symbol))).map((symbol) => itemOf(symbol, 'b', against)));
  return {
    freshness: leastFresh(a.freshness, b.freshness),
    tookMs: Math.max(a.tookMs, b.tookMs),
    truncated: a.truncated || b.truncated,
    total: null,
  };
}

async function find(
  { api, scope, place, signal, onProgress }: SearchRequest,
  rev: string,
  onSymbols: (symbols: readonly SymbolHit[]) => void,
): Promise<Answer> {
  const { query: name, limit } = place;
  let count = 0;
  const rest = await api.stream(
    'symbols',
    { ...scope, name, rev, limit },
    (symbols) => {
      count += symbols.length;
      onSymbols(symbols);
    },
    { signal, onProgress },
  );
  return { ...rest, truncated: count >= limit };
}

function summaryOf({ freshness, tookMs, truncated }: Answer): Summary {
  return { freshness, tookMs, truncated, total: null };
}

function itemOf(symbol: SymbolHit, side: Side | null, rev: string): Item {
  return { type: 'symbol', side, ...placeOfItem(symbol), language: symbol.language, kind: symbol.kind, rev, symbol };
}

/** Definitions are the same, whatever line they are at, when file, name and kind are. */
const nameOf = ({ path, scope, name, kind }: SymbolHit): string => JSON.stringify([path, scope, name, kind]);
