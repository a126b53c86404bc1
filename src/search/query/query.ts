import type { Query, QueryOptions } from './query-ast.js';
import { QueryParser } from './query-parser.js';

export type { Clause, Condition, NameFilter, Query, QueryOptions, QueryTerm } from './query-ast.js';

/**
 * Parses the query language.
 *
 * - A bare word **ranks**. Not every word must occur, but a hit has at least one of them.
 * - `"exact phrase"` (literal text within a line; `\"` is a quote in it) **must occur**, and ranks too.
 *   `/regex/` **must match** some line and does not rank. `/x/i` ignores case even under `case:yes`.
 * - `path:` (or `file:`), `lang:`, `sym:`, `kind:`, `rev:` and `repo:` **must hold**. Given several times, one of the values
 *   suffices. Values with spaces are quoted: `path:"a b"`. `rev:`, `repo:` and `case:` are about the whole query and
 *   may not stand within `or`, nor `rev:` twice.
 * - `-` before a word, phrase, expression, filter or parenthesis: that **must not hold**. `-(a b)` leaves out what has a, b or both.
 * - `or` (or `OR`) joins the two operands beside it, and binds closer than the space between words: `lang:go a or b`
 *   is `lang:go (a or b)`. Of an `or` group one operand **must hold**; its words also rank. For longer operands:
 *   `(a "b") or (c d)`. An operand in parentheses holds as a query of its own would. Anything else in parentheses is as if they
 *   were not there.
 * - `case:yes` makes all of it mind case (default `case:no`).
 *
 * What only looks like syntax is a word: `http://x`, `foo:bar`, `std::vector`, `C:\x`, `->`, `--flag`, `f(x)`, `/usr/bin`, `/login`.
 * A `)` that nothing opened, an `or` without operand on both sides, a filter without value are errors, not words: put them in quotes.
 *
 * @throws CoppiceError QUERY_INVALID, `data.offset` being the index in `text` of what is wrong.
 */
export function parseQuery(text: string, options: QueryOptions = {}): Query {
  return new QueryParser(text, options).parse();
}
