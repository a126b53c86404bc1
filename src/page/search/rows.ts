import { sides, type Side } from '../state/place.js';
import type { Item } from './item.js';

/** A row of the list of results. */
export type Row =
  | { readonly type: 'side'; readonly key: string; readonly side: Side; readonly count: number }
  /** Above the lines of a file. */
  | { readonly type: 'path'; readonly key: string; readonly path: string; readonly rev: string; readonly count: number }
  | { readonly type: 'item'; readonly key: string; readonly item: Item };

/** Results as rows: by side in a comparison, lines below the name of their file. */
export function rowsOf(items: readonly Item[]): Row[] {
  if (items.every(({ side }) => side === null)) return withPaths(items);
  return sides.flatMap((side): Row[] => {
    const own = items.filter((item) => item.side === side);
    return own.length === 0 ? [] : [{ type: 'side', key: side, side, count: own.length }, ...withPaths(own)];
  });
}

/** The next row from one (or from before the first) that is a result; undefined when there is none. */
export function nextItemRow(rows: readonly Row[], from: number, step: 1 | -1): number | undefined {
  for (let index = from + step; index >= 0 && index < rows.length; index += step) {
    if (rows[index]!.type === 'item') return index;
  }
  return undefined;
}

function withPaths(items: readonly Item[]): Row[] {
  const rows: Row[] = [];
  let index = 0;
  while (index < items.length) {
    const item = items[index]!;
    if (item.type !== 'line') {
      rows.push(rowOf(item));
      index++;
      continue;
    }
    let end = index;
    while (end < items.length && items[end]!.path === item.path) end++;
    const { path, rev } = item;
    rows.push({ type: 'path', key: `path ${item.side ?? ''} ${path}`, path, rev, count: end - index });
    for (; index < end; index++) rows.push(rowOf(items[index]!));
  }
  return rows;
}

function rowOf(item: Item): Row {
  return { type: 'item', key: `${item.side ?? ''} ${keyOf(item)} ${item.path}`, item };
}

/** Tells apart the results of one file. */
function keyOf(item: Item): string {
  switch (item.type) {
    case 'hit':
      return String(item.hit.startLine);
    case 'line':
      return String(item.line.line);
    case 'symbol':
      return `${item.symbol.line} ${item.symbol.scope} ${item.symbol.name}`;
    case 'history':
      return item.history.line;
    case 'file':
      return '';
  }
}
