import { compilePattern } from '../../pattern/index.js';
import type { Clause, Condition, Query, QueryTerm } from './query.js';
import { queryWords } from './query-terms.js';

/**
 * A query of which the index has no word (a single letter) as one for the text as it is written: each term must occur, as a
 * word. So are such terms under `-` and `or`, beside any others.
 */
export function withTypedTerms(query: Query): Query {
  const { caseSensitive, ranking } = query;
  const typed = ({ text, offset }: QueryTerm): Condition => {
    const options = { literal: true, ignoreCase: !caseSensitive, wholeWord: /^\w+$/.test(text) };
    return { kind: 'phrase', text, pattern: compilePattern(text, options), offset };
  };
  const isWordless = (term: QueryTerm): boolean => /[\p{L}\p{N}]/u.test(term.text) && queryWords([term]).length === 0;
  const convert = (clause: Clause, replaces: boolean): Clause => ({
    terms: replaces ? clause.terms.filter((term) => !isWordless(term)) : clause.terms,
    conditions: [
      ...clause.conditions.map((condition): Condition => {
        if (condition.kind === 'not') return { ...condition, clause: convert(condition.clause, true) };
        if (condition.kind !== 'or') return condition;
        return { ...condition, operands: condition.operands.map((operand) => convert(operand, true)) };
      }),
      ...(replaces ? clause.terms.filter(isWordless).map(typed) : []),
    ],
  });
  return { ...query, clause: convert(query.clause, queryWords(ranking).length === 0) };
}
