import type { Item } from '../../../src/page/search/item.js';
import type { Side } from '../../../src/page/state/place.js';

/** A result without more to it than facets look at. */
export function itemOf(path: string, language = 'text', kind = '', side: Side | null = null): Item {
  return { type: 'file', path, root: '', package: '', language, kind, side, rev: 'HEAD', change: 'modified' };
}

export function lineOf(path: string, line: number, side: Side | null = null): Item {
  return {
    type: 'line',
    path,
    root: '',
    package: '',
    language: 'text',
    kind: '',
    side,
    rev: 'HEAD',
    line: { path, line, column: 1, length: 1, text: 'x' },
  };
}
