import { CoppiceError } from '../../base/index.js';
import { symbolKinds } from '../../model/index.js';
import type { SymbolKind } from '../../model/index.js';
import { compilePattern } from '../../pattern/index.js';
import type { Pattern } from '../../pattern/index.js';
import type { Clause, Condition, Query, QueryOptions, QueryTerm } from './query-ast.js';
import { invalidQuery, tokenizeQuery } from './query-lexer.js';
import type { FilterName, QueryToken } from './query-lexer.js';
import { queryWords } from './query-terms.js';

type FilterToken = Extract<QueryToken, { kind: 'filter' }>;
type FilterCondition = Extract<Condition, { kind: 'symbol' | 'symbol-kind' | 'language' | 'path' }>;

const depthMax = 100;

/** A clause under construction. */
interface OpenClause {
  readonly terms: QueryTerm[];
  readonly conditions: Condition[];
}

/**
 * Recursive descent over `clause = { group }`, `group = operand { "or" operand }`,
 * `operand = [ "-" ] ( word | phrase | regex | filter | "(" clause ")" )`. One per query.
 */
export class QueryParser {
  private readonly tokens: readonly QueryToken[];
  private readonly ranking: QueryTerm[] = [];
  private readonly notRevs: string[] = [];
  private readonly repos = { include: [] as string[], exclude: [] as string[] };
  private readonly deps = { include: [] as string[], exclude: [] as string[] };
  private readonly caseSensitive: boolean;
  private rev: string | undefined;
  private at = 0;
  /** How many `or` and `-` groups the current token is in. */
  private orDepth = 0;
  private notDepth = 0;
  /** How many parentheses and `-` it is in. */
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly options: QueryOptions,
  ) {
    this.tokens = tokenizeQuery(text);
    // Needed first: patterns are compiled as they are met.
    this.caseSensitive = this.readCase();
  }

  parse(): Query {
    if (this.tokens.length === 0) throw this.error(0, 'it is empty');
    const parsed = this.parseClause();
    const rest = this.tokens[this.at];
    if (rest !== undefined) throw this.error(rest.offset, 'nothing opened this parenthesis', quoteHint);
    const clause = queryWords(this.ranking).length > 0 ? parsed : this.asTyped(parsed);
    const { text, ranking, rev, notRevs, repos, deps, caseSensitive } = this;
    return { text, clause, ranking, rev, notRevs, repos, deps, caseSensitive };
  }

  /** Where no term has a word in it (`=>`), nothing could rank: they must be there as they are typed. */
  private asTyped({ terms, conditions }: Clause): Clause {
    const phrases = terms.map(({ text, offset }): Condition => {
      const pattern = this.compile({ kind: 'phrase', text, offset });
      return { kind: 'phrase', text, pattern, offset };
    });
    return { terms: [], conditions: [...conditions, ...phrases] };
  }

  /** Up to the end, or to a `)` that it leaves. */
  private parseClause(): Clause {
    const clause: OpenClause = { terms: [], conditions: [] };
    for (
      let token = this.tokens[this.at];
      token !== undefined && token.kind !== 'close';
      token = this.tokens[this.at]
    ) {
      this.parseGroup(clause);
    }
    return { terms: clause.terms, conditions: mergeFilters(clause.conditions) };
  }

  private parseGroup(clause: OpenClause): void {
    const start = this.tokens[this.at]!;
    if (start.kind === 'or') throw this.error(start.offset, 'there is nothing before this "or"', quoteHint);
    const isOr = this.tokens[this.endOfOperand(this.at)]?.kind === 'or';
    if (!isOr) {
      const operand = this.parseOperand();
      clause.terms.push(...operand.terms);
      clause.conditions.push(...operand.conditions);
      return;
    }
    const operands: Clause[] = [];
    this.orDepth++;
    for (;;) {
      operands.push(this.parseOperand());
      const or = this.tokens[this.at];
      if (or?.kind !== 'or') break;
      this.at++;
      const next = this.tokens[this.at]?.kind;
      if (next === undefined || next === 'or' || next === 'close') {
        throw this.error(or.offset, 'there is nothing after this "or"', quoteHint);
      }
    }
    this.orDepth--;
    clause.conditions.push({ kind: 'or', operands, offset: start.offset });
  }

  /** Index of the token after the operand at `index`. */
  private endOfOperand(index: number): number {
    while (this.tokens[index]?.kind === 'minus') index++;
    let depth = 0;
    do {
      const kind = this.tokens[index++]?.kind;
      if (kind === 'open') depth++;
      else if (kind === 'close') depth--;
    } while (depth > 0 && index < this.tokens.length);
    return index;
  }

  private parseOperand(): Clause {
    const token = this.tokens[this.at++]!;
    if (++this.depth > depthMax) throw this.error(token.offset, 'it is nested too deeply');
    try {
      return this.parseOperandOf(token);
    } finally {
      this.depth--;
    }
  }

  private parseOperandOf(token: QueryToken): Clause {
    switch (token.kind) {
      case 'minus':
        return this.parseNegation(token.offset);
      case 'open': {
        const clause = this.parseClause();
        const close = this.tokens[this.at++];
        if (close === undefined) throw this.error(token.offset, 'this parenthesis is not closed', quoteHint);
        if (this.tokens[this.at - 2] === token)
          throw this.error(token.offset, 'there is nothing in the parentheses', quoteHint);
        return clause;
      }
      case 'word': {
        const term = { text: token.text, offset: token.offset, phrase: false };
        this.rank(term);
        return { terms: [term], conditions: [] };
      }
      case 'phrase':
        this.rank({ text: token.text, offset: token.offset, phrase: true });
        return only({ kind: 'phrase', text: token.text, pattern: this.compile(token), offset: token.offset });
      case 'regex':
        return only({ kind: 'regex', text: token.text, pattern: this.compile(token), offset: token.offset });
      case 'filter':
        return this.parseFilter(token);
      default:
        throw this.error(token.offset, `"${token.kind}" cannot stand here`, quoteHint);
    }
  }

  private parseNegation(offset: number): Clause {
    const next = this.tokens[this.at];
    if (next === undefined || next.kind === 'or' || next.kind === 'close') {
      throw this.error(offset, 'there is nothing after this "-"', quoteHint);
    }
    if (next.kind === 'filter' && isGlobal(next.name)) {
      this.at++;
      this.readGlobalFilter(next, true);
      return empty;
    }
    this.notDepth++;
    const clause = this.parseOperand();
    this.notDepth--;
    return only({ kind: 'not', clause, offset });
  }

  private parseFilter(token: FilterToken): Clause {
    if (isGlobal(token.name)) {
      this.readGlobalFilter(token, false);
      return empty;
    }
    const { value, valueOffset, offset } = token;
    switch (token.name) {
      case 'lang': {
        const language = (this.options.languageByAlias ?? ((alias) => alias))(value.toLowerCase());
        if (language === undefined) throw this.error(valueOffset, `there is no language "${value}"`);
        return only({ kind: 'language', languages: [language], offset });
      }
      case 'kind': {
        const kind = symbolKinds.find((known) => known === value.toLowerCase());
        if (kind === undefined)
          throw this.error(valueOffset, `there is no kind "${value}"`, `Kinds are ${symbolKinds.join(', ')}.`);
        return only({ kind: 'symbol-kind', kinds: [kind], offset });
      }
      case 'sym':
        return only({ kind: 'symbol', names: [value], offset });
      default:
        if (value.startsWith('!'))
          throw this.error(
            valueOffset,
            'to leave paths out, put "-" before the filter',
            `As in -path:${value.slice(1)}.`,
          );
        return only({ kind: 'path', patterns: [value], offset });
    }
  }

  private readGlobalFilter(token: FilterToken, negated: boolean): void {
    if (this.orDepth > 0 || this.notDepth > 0) {
      throw this.error(token.offset, `${token.name}: is about the whole query`, 'Move it out of "or" and "-( )".');
    }
    if (token.name === 'repo') (negated ? this.repos.exclude : this.repos.include).push(token.value);
    else if (token.name === 'dep') (negated ? this.deps.exclude : this.deps.include).push(token.value);
    else if (token.name === 'rev' && negated) this.notRevs.push(token.value);
    else if (token.name === 'rev') {
      if (this.rev !== undefined)
        throw this.error(token.offset, 'there is a rev: already', 'A query searches one rev.');
      this.rev = token.value;
    }
  }

  private readCase(): boolean {
    let sensitive: boolean | undefined;
    this.tokens.forEach((token, index) => {
      if (token.kind !== 'filter' || token.name !== 'case') return;
      if (token.value !== 'yes' && token.value !== 'no') throw this.error(token.valueOffset, 'case: takes yes or no');
      const value = (token.value === 'yes') !== (this.tokens[index - 1]?.kind === 'minus');
      if (sensitive !== undefined && sensitive !== value)
        throw this.error(token.offset, 'this contradicts an earlier case:');
      sensitive = value;
    });
    return sensitive ?? false;
  }

  private compile(token: Extract<QueryToken, { kind: 'phrase' | 'regex' }>): Pattern {
    const isRegex = token.kind === 'regex';
    try {
      return compilePattern(token.text, {
        literal: !isRegex,
        ignoreCase: !this.caseSensitive || (isRegex && token.ignoreCase),
      });
    } catch (error) {
      if (!(error instanceof CoppiceError) || error.code !== 'PATTERN_INVALID') throw error;
      throw this.error(token.offset + 1 + Number(error.data['offset']), String(error.data['reason']), error.hint);
    }
  }

  private rank(term: QueryTerm): void {
    if (this.notDepth === 0) this.ranking.push(term);
  }

  private error(offset: number, reason: string, hint?: string): CoppiceError {
    return invalidQuery(this.text, offset, reason, hint);
  }
}

const quoteHint = 'To search for the text itself, put it in double quotes.';
const empty: Clause = { terms: [], conditions: [] };
const only = (condition: Condition): Clause => ({ terms: [], conditions: [condition] });
const isGlobal = (name: FilterName): boolean => name === 'rev' || name === 'repo' || name === 'dep' || name === 'case';

/** The same filter given several times becomes one condition, of which one value suffices. */
function mergeFilters(conditions: readonly Condition[]): Condition[] {
  const merged: Condition[] = [];
  for (const condition of conditions) {
    const index = isFilter(condition) ? merged.findIndex((earlier) => earlier.kind === condition.kind) : -1;
    if (index < 0) merged.push(condition);
    else merged[index] = mergeTwo(merged[index] as FilterCondition, condition as FilterCondition);
  }
  return merged;
}

const isFilter = (condition: Condition): condition is FilterCondition =>
  ['symbol', 'symbol-kind', 'language', 'path'].includes(condition.kind);

function mergeTwo(a: FilterCondition, b: FilterCondition): FilterCondition {
  if (a.kind === 'symbol' && b.kind === 'symbol') return { ...a, names: unique(a.names, b.names) };
  if (a.kind === 'symbol-kind' && b.kind === 'symbol-kind')
    return { ...a, kinds: unique<SymbolKind>(a.kinds, b.kinds) };
  if (a.kind === 'language' && b.kind === 'language') return { ...a, languages: unique(a.languages, b.languages) };
  if (a.kind === 'path' && b.kind === 'path') return { ...a, patterns: unique(a.patterns, b.patterns) };
  return b;
}

const unique = <T>(a: readonly T[], b: readonly T[]): T[] => [...new Set([...a, ...b])];
