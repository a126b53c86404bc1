import { CoppiceError } from '../base/index.js';
import type { Target } from './score.js';

export interface GoldenTarget extends Target {
  /** A definition in the file, by its name (`resolve`) or with what it is in (`Store.resolve`): its line is looked up, as lines move. */
  readonly symbol?: string;
}

/** A query and what it should find. */
export interface GoldenQuery {
  /** Where it is in the set, from 1. */
  readonly line: number;
  readonly query: string;
  /** Empty when it has none. */
  readonly category: string;
  readonly relevant: readonly GoldenTarget[];
  /** Where it is asked; null: wherever the set is. */
  readonly rev: string | null;
}

/** A query as a set has it, one JSON object on a line. */
export interface GoldenEntry {
  readonly query: string;
  readonly category?: string;
  /** Where it is asked, unless somebody says otherwise. */
  readonly rev?: string;
  /** The commit that it was made from. */
  readonly commit?: string;
  readonly relevant: readonly GoldenTarget[];
  /** The text that it was made from. */
  readonly chunk?: string;
}

const queryKeys = ['query', 'relevant', 'category', 'rev', 'commit', 'chunk', 'irrelevant'];
/** They tell where a query comes from. */
const textKeys = ['rev', 'commit', 'chunk'];
const targetKeys = ['path', 'startLine', 'endLine', 'symbol'];
/** Further mistakes are most likely the same one. */
const shownMax = 10;

/**
 * Reads a golden set: JSON lines of `{query, relevant: [{path, startLine?, endLine?, symbol?}], category?}`; empty lines are
 * skipped. `name` is what messages call it. GOLDEN_SET_INVALID names the lines that are wrong.
 */
export function parseGoldenSet(text: string, name: string): GoldenQuery[] {
  const queries: GoldenQuery[] = [];
  const problems: { line: number; problem: string }[] = [];
  for (const [i, row] of text.split('\n').entries()) {
    if (row.trim() === '') continue;
    try {
      queries.push(readQuery(row, i + 1));
    } catch (error) {
      if (!(error instanceof RowProblem)) throw error;
      problems.push({ line: i + 1, problem: error.message });
    }
  }
  if (problems.length > 0) throw invalid(name, problems);
  // Of what is known only not to answer nothing can be scored.
  const scored = queries.filter(({ relevant }) => relevant.length > 0);
  if (scored.length === 0) throw invalid(name, [{ line: 1, problem: 'there is no query in it' }]);
  return scored;
}

class RowProblem extends Error {}

function readQuery(row: string, line: number): GoldenQuery {
  const entry = asObject(parseJson(row), 'a line', queryKeys);
  const { query, relevant, category = '' } = entry;
  if (typeof query !== 'string' || query.trim() === '') throw new RowProblem('"query" is not a text');
  if (typeof category !== 'string') throw new RowProblem('"category" is not a text');
  const { irrelevant = [] } = entry;
  if (!Array.isArray(irrelevant)) throw new RowProblem('"irrelevant" is not a list of {path, …}');
  irrelevant.map(readTarget);
  if (!Array.isArray(relevant) || (relevant.length === 0 && irrelevant.length === 0)) {
    throw new RowProblem('"relevant" is not a list of at least one {path, …}');
  }
  for (const key of textKeys)
    if (entry[key] !== undefined && (typeof entry[key] !== 'string' || entry[key] === ''))
      throw new RowProblem(`"${key}" is not a text`);
  const { rev = null } = entry as { rev?: string };
  return { line, query, category, relevant: relevant.map(readTarget), rev };
}

function readTarget(value: unknown): GoldenTarget {
  const { path, startLine, endLine, symbol } = asObject(value, 'an entry of "relevant"', targetKeys);
  if (typeof path !== 'string' || path === '') throw new RowProblem('"path" is not a text');
  if (path.startsWith('/') || path.startsWith('./')) {
    throw new RowProblem(`"path" is '${path}': paths count from the top of the rev, without / or ./ at the start`);
  }
  if (symbol !== undefined) {
    if (typeof symbol !== 'string' || symbol === '') throw new RowProblem('"symbol" is not a text');
    if (startLine !== undefined || endLine !== undefined) {
      throw new RowProblem('"symbol" says where it is, so no lines go with it');
    }
    return { path, symbol };
  }
  if (startLine === undefined && endLine === undefined) return { path };
  if (!isLine(startLine)) throw new RowProblem('"startLine" is not a line number from 1 on');
  if (endLine === undefined) return { path, startLine, endLine: startLine };
  if (!isLine(endLine) || endLine < startLine)
    throw new RowProblem('"endLine" is not a line number from "startLine" on');
  return { path, startLine, endLine };
}

function parseJson(row: string): unknown {
  try {
    return JSON.parse(row);
  } catch (error) {
    throw new RowProblem(`not JSON: ${(error as Error).message}`);
  }
}

function asObject(value: unknown, what: string, keys: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RowProblem(`${what} is not an object`);
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw new RowProblem(`${what} has ${keys.join(', ')}, not "${unknown}"`);
  return value as Record<string, unknown>;
}

const isLine = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 1;

function invalid(name: string, problems: readonly { line: number; problem: string }[]): CoppiceError {
  const shown = problems.slice(0, shownMax).map(({ line, problem }) => `${name}:${String(line)}: ${problem}`);
  if (problems.length > shownMax) shown.push(`and ${String(problems.length - shownMax)} lines more`);
  return new CoppiceError('GOLDEN_SET_INVALID', shown.join('\n'), {
    hint: 'each line is {"query": "…", "relevant": [{"path": "src/a.ts", "startLine": 1, "endLine": 9}], "category": "…"}',
    data: { lines: problems.map(({ line }) => line) },
  });
}
