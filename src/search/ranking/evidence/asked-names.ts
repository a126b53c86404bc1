import type { SymbolDefinition } from '../../../model/index.js';
import type { QueryTerm } from '../../query/query.js';

/** A name that the query has as identifiers are written. */
export interface AskedName {
  readonly name: string;
  /** What it is to be in, outermost first; empty when nothing is said of it. */
  readonly scope: readonly string[];
}

const part = '[\\p{L}_$][\\p{L}\\p{N}_$]*[?!]?';
const qualified = new RegExp(`^(?:::|\\.)?(${part}(?:(?:::|\\.|#|->|\\\\)${part})*)(?:\\(\\))?[,.;:?]?$`, 'u');
const separator = /::|\.|#|->|\\/;

/** Written as no word of prose is: capitals inside, underscores, a call, a scope. */
const isIdentifier = (text: string): boolean =>
  /[\p{Ll}\p{N}]\p{Lu}|\p{Lu}{2,}\p{Ll}|[_$]|\(\)/u.test(text) || /[^.]\.[^.]|::|#|->|\\/.test(text);

/** The names in a query: `Rails::Engine`, `std::vector`, `a.b.c`, `A#b`, `parseQuery()`; a word alone is one, however it is written. */
export function askedNames(ranking: readonly QueryTerm[]): AskedName[] {
  const names: AskedName[] = [];
  for (const { text } of ranking) {
    const match = qualified.exec(text);
    if (match === null || (ranking.length > 1 && !isIdentifier(text))) continue;
    const parts = match[1]!.split(separator);
    names.push({ name: parts.pop()!, scope: parts });
  }
  return names;
}

/**
 * Whether a definition is in a scope: the names around it end so, or those of its folders and file do, as a module's or a package's
 * are. Of a scope of several parts the last is enough where the others are nowhere.
 */
export function isInScope({ scope }: SymbolDefinition, path: string, asked: readonly string[]): boolean {
  if (asked.length === 0) return true;
  const around = `${path.replace(/\.[^/.]*$/, '')}/${scope.replaceAll('.', '/')}`.toLowerCase().split('/');
  let at = around.length - 1;
  // In order, from the innermost; what lies between (`lib`, `src`, `internal`) is not asked for.
  for (let i = asked.length - 1; i >= 0; i--) {
    const wanted = plain(asked[i]!);
    while (at >= 0 && plain(around[at]!) !== wanted) at--;
    if (at < 0) return false;
    at--;
  }
  return true;
}

const plain = (name: string): string => name.toLowerCase().replace(/[_-]/g, '');
