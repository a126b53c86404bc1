import type { SymbolDefinition } from '../model/index.js';
import { stemsOf } from '../text/index.js';
import type { Span } from './match-spans.js';
import type { Clause, Query } from './query/query.js';
import { askedNames, isInScope } from './ranking/evidence/asked-names.js';
import type { QueryWord } from './query/query-terms.js';

export interface ShownDefinition {
  readonly definition: SymbolDefinition;
  /** The query has its name, whole or in words. */
  readonly named: boolean;
}

/**
 * The definition that a hit is shown under: the one whose name the query comes nearest to; if it has the name of none, the innermost
 * around the line where most of the query is; else the first. Null when the chunk has none, or none around that line.
 */
export function shownDefinition(
  symbols: readonly SymbolDefinition[],
  query: Query,
  words: readonly QueryWord[],
  spans: readonly Span[],
): ShownDefinition | null {
  const likeness = likenessTo(query, words);
  let best: SymbolDefinition | null = null;
  let most = 0;
  for (const definition of symbols) {
    const value = likeness(definition);
    if (value > most) [best, most] = [definition, value];
  }
  if (best !== null) return { definition: best, named: true };
  const line = lineOfMost(spans);
  const around = symbols.filter(({ startLine, endLine }) => startLine <= line && (endLine === null || line <= endLine));
  const definition = around.at(-1) ?? (line < (symbols[0]?.startLine ?? 0) ? symbols[0] : undefined);
  return definition === undefined ? null : { definition, named: false };
}

/** How near a definition's name is to what the query asks for; 0: it has no more of it than a word in common. */
function likenessTo(query: Query, words: readonly QueryWord[]): (definition: SymbolDefinition) => number {
  const asked = namesAsked(query.clause);
  const typed = new Set(words.map(({ text }) => text));
  const plain = new Set([...typed, words.map(({ text }) => text).join('')].map(plainName));
  const stems = new Set(words.flatMap(({ text }) => stemsOf(text)));
  const askedPlain = new Set([...asked].map((name) => name.toLowerCase()));
  const qualified = askedNames(query.ranking).filter(({ scope }) => scope.length > 0);
  return (definition) => {
    const { name, scope } = definition;
    const full = `${scope}.${name}`;
    if (asked.has(name) || asked.has(full)) return 5;
    if (askedPlain.has(name.toLowerCase()) || askedPlain.has(full.toLowerCase())) return 4;
    // `A::b` asks for b; that it is in A may be told by the folder.
    const inScope = qualified.find((one) => one.name === name);
    if (inScope !== undefined) return isInScope(definition, '', inScope.scope) ? 3.75 : 3.5;
    if (typed.has(name)) return 3;
    if (plain.has(plainName(name))) return 2;
    const own = stemsOf(name);
    return own.length > 1 && own.every((stem) => stems.has(stem)) ? 1 : 0;
  };
}

const plainName = (name: string): string => name.toLowerCase().replace(/[_$-]/g, '');

/** Names of `sym:` filters that must hold. */
function namesAsked({ conditions }: Clause): ReadonlySet<string> {
  const names = new Set<string>();
  for (const condition of conditions) {
    if (condition.kind === 'symbol') for (const name of condition.names) names.add(name);
    else if (condition.kind === 'or')
      for (const operand of condition.operands) for (const name of namesAsked(operand)) names.add(name);
  }
  return names;
}

/** The line with the most of what was found, with what is near below it; 0 when nothing was. */
function lineOfMost(spans: readonly Span[]): number {
  const near = 5;
  let best = 0;
  let most = 0;
  for (let i = 0, end = 0; i < spans.length; i++) {
    while (end < spans.length && spans[end]!.line < spans[i]!.line + near) end++;
    if (end - i > most) [best, most] = [spans[i]!.line, end - i];
  }
  return best;
}
