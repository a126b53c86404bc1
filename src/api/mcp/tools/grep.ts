import { parseRevRange } from '../../../model/index.js';
import type { Freshness, GrepOptions, LineMatch, RangeLineMatch, SkippedFile } from '../../../engine/index.js';
import type { ParameterValues } from '../../operation.js';
import { operations } from '../../operations.js';
import { integer, integers, listSchema, objectSchema, provenance, text, texts } from '../answers/answer-schema.js';
import { clipLine, plural, showPath } from '../answers/code-text.js';
import { leftOutNote, summarizePaths } from '../answers/left-out.js';
import type { ToolAnswer } from '../answers/list-answer.js';
import { provenanceOf, showRev, type AnsweredRev } from '../answers/provenance.js';
import { largestFitting } from '../answers/token-budget.js';
import {
  defineTool,
  filterArguments,
  offsetArgument,
  packageArguments,
  packageOptions,
  revArgument,
  sizeArgument,
  type ToolContext,
} from '../tool.js';

const { pattern, literal, ignoreCase, wholeWord, context } = operations.grep.parameters;

const parameters = {
  pattern: { ...pattern, help: 'regular expression' },
  ...revArgument,
  literal: { ...literal, help: 'pattern is plain text' },
  ignore_case: { ...ignoreCase, help: '' },
  whole_word: { ...wholeWord, help: '' },
  context: { ...context, max: 50, help: 'lines around' },
  files_only: { type: 'boolean', help: 'counts by file' },
  ...filterArguments,
  ...packageArguments,
  ...offsetArgument,
  ...sizeArgument,
} as const;

type Input = Omit<ParameterValues<typeof parameters>, 'rev'>;

/** Lines that are asked of the engine at most, past the offset: far more than an answer has room for. */
const linesMax = 5000;

export const grep = defineTool({
  name: 'grep',
  title: 'Exact search',
  description:
    'All lines that match, exactly as git grep finds them, at any rev; A..B: lines that only B (+) or only A (-) has.',
  effect: operations.grep.effect,
  parameters,
  answer: listSchema(
    'hits',
    objectSchema(
      {
        ...provenance,
        path: text,
        lines: { ...integers, description: 'numbers of the matching lines in text' },
        text,
        count: { ...integer, description: 'matching lines of the file, with files_only' },
      },
      ['lines', 'text', 'count'],
    ),
    { ...provenance, unsearched: { ...texts, description: 'files that were not looked into: too large, or missing' } },
  ),
  run: (context, { rev, ...input }) =>
    context.atRev(rev, async (at) => {
      if (input.files_only === true) {
        const counted = await countLines(context, at, input);
        return answerFiles(context, input, counted, await missedPaths(context, at, counted));
      }
      const found = await findLines(context, at, input);
      return answerLines(context, input, found, await missedPaths(context, at, found));
    }),
});

type FoundLine = LineMatch & Partial<Pick<RangeLineMatch, 'side'>>;

interface FoundLines {
  readonly rev: AnsweredRev;
  readonly freshness: Freshness;
  readonly lines: readonly FoundLine[];
  /** There are more lines than were asked for. */
  readonly truncated: boolean;
  readonly unsearched: readonly SkippedFile[];
  /** Paths that were asked for and match no file. */
  readonly unmatched: readonly string[];
}

interface FoundFiles extends Omit<FoundLines, 'lines'> {
  /** Matching lines of each file. */
  readonly files: ReadonlyMap<string, number>;
}

async function findLines(context: ToolContext, rev: string, input: Input): Promise<FoundLines> {
  const options = { ...patternOptions(context, input), maxCount: input.offset + linesMax };
  const range = parseRevRange(rev);
  if (range === undefined)
    return context.engine().grep(input.pattern, { ...options, rev, context: input.context ?? 0 });
  const { to, ...found } = await context.engine().grepRange(input.pattern, range.from, range.to, options);
  return { ...found, rev: { rev, commit: to.commit } };
}

async function countLines(context: ToolContext, rev: string, input: Input): Promise<FoundFiles> {
  if (parseRevRange(rev) !== undefined) {
    const found = await findLines(context, rev, { ...input, offset: 0 });
    return { ...found, files: countByPath(found.lines) };
  }
  const { files, ...found } = await context
    .engine()
    .grepCounts(input.pattern, { ...patternOptions(context, input), rev });
  return { ...found, truncated: false, files: new Map(files.map(({ path, count }) => [path, count])) };
}

function patternOptions(context: ToolContext, input: Input): GrepOptions {
  const { literal, ignore_case, whole_word, paths, languages } = input;
  return {
    literal: literal === true,
    ignoreCase: ignore_case === true,
    wholeWord: whole_word === true,
    ...(paths && { paths }),
    ...(languages && { languages }),
    ...packageOptions(input),
    ...context.call,
  };
}

const missedShown = 3;
const likeShown = 3;

/** What to say of paths that match no file, with some that may have been meant; empty when all match. */
async function missedPaths(context: ToolContext, rev: string, { unmatched }: FoundFiles | FoundLines): Promise<string> {
  if (unmatched.length === 0) return '';
  const told: string[] = [];
  for (const path of unmatched.slice(0, missedShown)) {
    // Of what was written its last name, less what is no letter of it.
    const name =
      path
        .split('/')
        .filter((part) => /\w/.test(part))
        .at(-1)
        ?.replace(/[*?[\]{}!:]+/g, '') ?? '';
    const at = parseRevRange(rev)?.to ?? rev;
    const like = name.length < 2 ? [] : await pathsLike(context, at, name);
    told.push(like.length === 0 ? showPath(path) : `${showPath(path)} (there is ${like.map(showPath).join(', ')})`);
  }
  return `; no file matches ${told.join('; ')}`;
}

async function pathsLike(context: ToolContext, rev: string, name: string): Promise<string[]> {
  const stem = name.replace(/\.[^.]*$/, '');
  for (const part of new Set([name, stem])) {
    const { files } = await context.engine().files({ rev, paths: [part], limit: 200, ...context.call });
    const paths = files.map(({ path }) => path).sort((a, b) => a.length - b.length);
    if (paths.length > 0) return paths.slice(0, likeShown);
  }
  return [];
}

function answerLines(
  context: ToolContext,
  { offset, max_tokens }: Input,
  found: FoundLines,
  missed: string,
): ToolAnswer {
  const { lines, truncated } = found;
  const provenance = provenanceOf(context.repo(), found.rev, found.freshness);
  const total = lines.filter(isMatch).length;
  const counted = `${plural(total, 'line')} in ${plural(countByPath(lines).size, 'file')}`;
  const title = `${total === 0 ? 'no line matches' : `${truncated ? 'more than ' : ''}${counted}`} at ${showRev(provenance)}${missed}`;
  const answer = context.list({ maxTokens: max_tokens, list: 'hits', ...withUnsearched(title, provenance, found) });

  const rest = afterMatches(lines, offset);
  let shown = 0;
  for (const ofFile of groupByPath(rest)) {
    const { path } = ofFile[0]!;
    const block = (count: number): [string, object] => {
      const lines = ofFile.slice(0, count);
      const text = lines.map(showLine).join('\n');
      const numbers = lines.filter(isMatch).map(({ line }) => line);
      return [`${showPath(path)}\n${text}`, { ...provenance, path, lines: numbers, text }];
    };
    const count = largestFitting(ofFile.length, (count) => answer.fits(...block(count)));
    if (count > 0) answer.add(...block(count));
    shown += ofFile.slice(0, count).filter(isMatch).length;
    if (count < ofFile.length) break;
  }
  const left = countByPath(afterMatches(rest, shown));
  const ways = [`go on with offset: ${offset + shown}`, 'narrow with paths or a longer pattern'];
  return answer.end(
    leftOutNote({
      unit: 'line',
      count: sum(left),
      atLeast: truncated,
      places: summarizePaths(left),
      shown,
      ways,
    }),
  );
}

function answerFiles(
  context: ToolContext,
  { offset, max_tokens }: Input,
  found: FoundFiles,
  missed: string,
): ToolAnswer {
  const { files, truncated } = found;
  const provenance = provenanceOf(context.repo(), found.rev, found.freshness);
  const counted = `${truncated ? 'at least ' : ''}${plural(files.size, 'file')} with ${plural(sum(files), 'line')}`;
  const title = `${files.size === 0 ? 'no line matches' : counted} at ${showRev(provenance)}${missed}`;
  const answer = context.list({ maxTokens: max_tokens, list: 'hits', ...withUnsearched(title, provenance, found) });
  const rest = [...files].slice(offset);
  for (const [path, count] of rest) {
    if (!answer.add(`${showPath(path)}: ${count}`, { ...provenance, path, count })) break;
  }
  const shown = answer.count;
  const left = new Map(rest.slice(shown).map(([path]) => [path, 1]));
  const ways = [`go on with offset: ${offset + shown}`, 'narrow with paths'];
  return answer.end(
    leftOutNote({ unit: 'file', count: left.size, atLeast: truncated, places: summarizePaths(left), shown, ways }),
  );
}

const unsearchedShown = 10;

/** No file is left out in silence. */
function withUnsearched(
  title: string,
  provenance: object,
  { unsearched }: Pick<FoundLines, 'unsearched'>,
): { title: string; fields: object } {
  if (unsearched.length === 0) return { title, fields: provenance };
  const shown = unsearched.slice(0, unsearchedShown).map(({ path }) => showPath(path));
  const more = unsearched.length - shown.length;
  const names = [...shown, ...(more > 0 ? [`${more} more`] : [])];
  return {
    title: `${title}; not searched, as too large or missing: ${names.join(', ')}`,
    fields: { ...provenance, unsearched: names },
  };
}

const isMatch = (line: FoundLine): boolean => line.context !== true;

/** As `grep -n` and `grep -C` write them. */
function showLine({ side, line, column, text, context }: FoundLine): string {
  return `${side ?? ''}${line}${context === true ? '-' : ':'}${clipLine(text, column)}`;
}

/** What comes after the first matches. */
function afterMatches(lines: readonly FoundLine[], count: number): readonly FoundLine[] {
  let at = 0;
  for (let seen = 0; at < lines.length && seen < count; at++) if (isMatch(lines[at]!)) seen++;
  return lines.slice(at);
}

function countByPath(lines: readonly FoundLine[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) if (isMatch(line)) counts.set(line.path, (counts.get(line.path) ?? 0) + 1);
  return counts;
}

function* groupByPath(lines: readonly FoundLine[]): Generator<readonly FoundLine[]> {
  for (let from = 0, to = 0; from < lines.length; from = to) {
    const { path } = lines[from]!;
    while (to < lines.length && lines[to]!.path === path) to++;
    yield lines.slice(from, to);
  }
}

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
