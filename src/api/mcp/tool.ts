import type { DependencyFilter } from '../../engine/index.js';
import type { Operation, OperationContext, ParameterTable, ParameterValues } from '../operation.js';
import type { AnswerSchema } from './answers/answer-schema.js';
import type { ListAnswer, ListAnswerOptions, ToolAnswer } from './answers/list-answer.js';
import { maxTokens } from './answers/token-budget.js';

/** What a tool works with. */
export interface ToolContext extends OperationContext {
  /** Runs at a rev; where none was given, at the work tree as it is on disk, or at HEAD where there is none. */
  atRev<T>(rev: string | undefined, run: (rev: string) => Promise<T>): Promise<T>;
  /** A list to fill, within a budget. */
  list(options: ListAnswerOptions): ListAnswer;
  /** The answer goes out as data too, which takes from the budget. */
  readonly withData: boolean;
}

/** A tool for agents: an operation of the table, worded and shortened for a model. */
export interface Tool<P extends ParameterTable = ParameterTable> {
  readonly name: string;
  readonly title: string;
  /** What it does and when it is the right one. Each session of an agent pays for it: short. */
  readonly description: string;
  /** What it does to the store, as the table says. */
  readonly effect: Operation['effect'];
  /** Takes something away or replaces it. */
  readonly destructive?: true;
  /** In snake_case. */
  readonly parameters: P;
  readonly answer: AnswerSchema;
  run(context: ToolContext, input: ParameterValues<P>): Promise<ToolAnswer>;
}

export function defineTool<const P extends ParameterTable>(tool: Tool<P>): Tool<P> {
  return tool;
}

export const revArgument = {
  rev: {
    type: 'string',
    maxLength: 256,
    help: 'branch, tag, sha, fork (default: files on disk)',
  },
} as const satisfies ParameterTable;

export const sizeArgument = {
  max_tokens: {
    type: 'integer',
    min: maxTokens.min,
    max: maxTokens.max,
    default: maxTokens.default,
    help: 'size of the answer',
  },
} as const satisfies ParameterTable;

export const offsetArgument = {
  offset: { type: 'integer', min: 0, max: 1_000_000, default: 0, help: 'skip so many' },
} as const satisfies ParameterTable;

export const ttlArgument = {
  ttl_minutes: { type: 'integer', min: 1, max: 1440, help: 'how long it is kept' },
} as const satisfies ParameterTable;

/** The engine's option for a `ttl_minutes`. */
export const ttlMs = (minutes: number | undefined): { ttlMs?: number } =>
  minutes === undefined ? {} : { ttlMs: minutes * 60_000 };

/** What every search takes. */
export const filterArguments = {
  paths: { type: 'strings', help: 'globs or substrings; !GLOB excludes' },
  languages: { type: 'strings', help: 'go, ts' },
} as const satisfies ParameterTable;

/** In which packages a search looks. */
export const packageArguments = {
  deps: { type: 'strings', help: 'in dependencies: react, * for all' },
  with_deps: { type: 'boolean', help: 'own files and dependencies' },
} as const satisfies ParameterTable;

/** The engine's options for them. */
export const packageOptions = ({
  deps,
  with_deps: withDeps,
}: {
  readonly deps?: readonly string[] | undefined;
  readonly with_deps?: boolean | undefined;
}): DependencyFilter => ({
  ...(deps !== undefined && deps.length > 0 && { deps }),
  ...(withDeps === true && { withDeps }),
});

/** What every tool takes. */
export const repoArgument = {
  repo: { type: 'string', maxLength: 1000, help: 'path or name (default: this one)' },
} as const satisfies ParameterTable;
