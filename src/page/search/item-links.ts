import type { FilePlace } from '../state/place.js';
import type { Item } from './item.js';

/** The file of a result, at the line that it is about. */
export function fileOfItem(item: Item): FilePlace {
  const line = lineOfItem(item);
  return { path: item.path, rev: revOfItem(item), lines: line === null ? null : { start: line, end: line } };
}

function lineOfItem(item: Item): number | null {
  switch (item.type) {
    case 'hit':
      return item.hit.matches[0]?.line ?? item.hit.startLine;
    case 'line':
      return item.line.line;
    case 'symbol':
      return item.symbol.line;
    case 'history':
    case 'file':
      return null;
  }
}

/** A line's history is looked at where it was last there: in the commit that brought it. */
function revOfItem(item: Item): string {
  if (item.type !== 'history') return item.rev;
  return item.history.appeared[0]?.commit ?? item.rev;
}
