import { CoppiceError, collectBatches, type Batches } from '../../base/index.js';
import { operations } from '../../api/index.js';
import type {
  Engine,
  FileMatchCount,
  GrepOptions,
  GrepRangeSummary,
  LineMatch,
  RangeLineMatch,
} from '../../engine/index.js';
import { parseRevRange, type RevRange } from '../../model/index.js';
import { defineCommand, given } from '../command.js';
import type { CommandContext } from '../context.js';
import { fileFilter, filterFlags } from '../filter-flags.js';
import { LineWriter, noteUnsearched, writeCounts, writeJsonLines, type SidedCount } from '../grep-output.js';
import { createMatchFinder } from '../match-finder.js';
import { patternFlags, patternOptions } from '../pattern-flags.js';

export const command = defineCommand({
  name: 'grep',
  summary: operations.grep.summary,
  usage: '[flags] PATTERN',
  description:
    'Prints path:line:text, sorted by path and line. With a range A..B: lines that only B has as +path:line:text and\n' +
    'lines that only A has as -path:line:text. A rev that is not indexed yet is indexed first.',
  args: [{ name: 'PATTERN', help: 'a regular expression, or literal text with -F', optional: true }],
  flags: {
    rev: { type: 'string', value: 'REV|A..B', default: 'HEAD', help: 'where to search, or between which two revs' },
    ...patternFlags,
    'files-with-matches': { type: 'boolean', short: 'l', help: 'only the paths of files that match' },
    count: { type: 'boolean', short: 'c', help: 'only how many lines match in each file' },
    context: { type: 'integer', short: 'C', value: 'N', help: operations.grep.parameters.context.help },
    regexp: { type: 'string', short: 'e', value: 'PATTERN', help: 'the pattern, when it begins with -' },
    'line-number': { type: 'boolean', short: 'n', help: 'accepted for habit: line numbers are always shown' },
    max: { type: 'integer', value: 'N', min: 1, help: operations.grep.parameters.maxCount.help },
    ...filterFlags,
  },
  examples: [
    { command: "coppice grep 'func (New|Open)' --lang go", does: 'a regular expression, in Go files' },
    { command: 'coppice grep -Fi todo --rev release/2', does: 'literal text on a branch that is not checked out' },
    { command: 'coppice grep -w retry --rev v1.0..v1.1', does: 'what changed between two tags' },
    { command: 'coppice grep -e --force --rev @worktree', does: 'a pattern that begins with -, in the files on disk' },
  ],
  surplusHint: 'to search another rev use --rev REV, to search some files --path GLOB',
  async run(context, { args, flags, given: flagsGiven }) {
    const explicit = flagsGiven.filter(({ name }) => name === 'regexp').map(({ value }) => value);
    const pattern = onePattern([...explicit, ...args]);
    const range = parseRevRange(flags.rev);
    const options = {
      ...fileFilter(flags),
      ...patternOptions(flags),
      ...given({
        maxCount: flags.max,
      }),
      ...context.call(range === undefined ? flags.rev : range.to),
    };
    const mode = flags['files-with-matches'] ? 'paths' : flags.count ? 'counts' : 'lines';
    if (range !== undefined) {
      if (flags.context !== undefined)
        throw new CoppiceError('USAGE', '-C does not work with a range', { hint: 'drop one' });
      return printRange(context, { pattern, range, options, mode });
    }
    const engine = await context.engine();
    if (mode !== 'lines') {
      const counts = engine.grepCountBatches(pattern, { ...options, rev: flags.rev });
      const print = (files: readonly FileMatchCount[]): void => writeCounts(context, files, mode === 'paths');
      const { found, rest } = await printBatches(context, counts, print);
      await noteUnsearched(context, rest.unsearched);
      return found ? 0 : 1;
    }
    const lines = engine.grepBatches(pattern, { ...options, ...given({ context: flags.context }), rev: flags.rev });
    const print = linePrinter(context, { pattern, options, groups: (flags.context ?? 0) > 0 });
    const { found, rest } = await printBatches(context, lines, print);
    if (rest.truncated) await noteTruncated(context, flags.max);
    await noteUnsearched(context, rest.unsearched);
    return found ? 0 : 1;
  },
});

interface RangeRequest {
  readonly pattern: string;
  readonly range: RevRange;
  readonly options: Parameters<Engine['grepRange']>[3] & GrepOptions;
  readonly mode: 'lines' | 'paths' | 'counts';
}

async function printRange(context: CommandContext, { pattern, range, options, mode }: RangeRequest): Promise<0 | 1> {
  const engine = await context.engine();
  // Counts are always of all.
  const { maxCount, ...whole } = options ?? {};
  const wanted = mode === 'lines' ? options : whole;
  const lines = engine.grepRangeBatches(pattern, range.from, range.to, wanted);
  let found: boolean;
  let rest: GrepRangeSummary;
  if (mode === 'lines') {
    const print = linePrinter(context, { pattern, options: options ?? {}, groups: false });
    ({ found, rest } = await printBatches(context, lines, print));
  } else {
    const all = await collectBatches(lines);
    context.clearProgress();
    writeCounts(context, countLines(all.items), mode === 'paths');
    found = all.items.length > 0;
    ({ rest } = all);
  }
  if (rest.truncated) await noteTruncated(context, maxCount);
  await noteUnsearched(context, rest.unsearched);
  return found ? 0 : 1;
}

interface Printed<R> {
  /** There was something to print. */
  readonly found: boolean;
  readonly rest: R;
}

/** Prints a list as it comes; leaves off once nobody reads it. */
async function printBatches<T, R>(
  context: CommandContext,
  batches: Batches<T, R>,
  print: (items: readonly T[]) => void | Promise<void>,
): Promise<Printed<R>> {
  let found = false;
  try {
    for (;;) {
      const next = await batches.next();
      context.clearProgress();
      if (next.done === true) return { found, rest: next.value };
      found = true;
      await print(next.value);
      await context.out.pass();
    }
  } finally {
    await batches.return(undefined as R);
  }
}

interface LinePrinting {
  readonly pattern: string;
  readonly options: GrepOptions;
  readonly groups: boolean;
}

function linePrinter(
  context: CommandContext,
  { pattern, options, groups }: LinePrinting,
): (lines: readonly (LineMatch | RangeLineMatch)[]) => void | Promise<void> {
  if (context.json) return (lines) => writeJsonLines(context.out, lines);
  const finder = context.paint.on ? createMatchFinder(pattern, options) : undefined;
  const writer = new LineWriter(context, { groups, finder });
  return (lines) => writer.write(lines);
}

/** Lines per file and side, in the order in which each first comes. */
function countLines(lines: readonly { path: string; side: '+' | '-' }[]): SidedCount[] {
  const counts = new Map<string, { path: string; side: '+' | '-'; count: number }>();
  for (const { path, side } of lines) {
    const key = side + path;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { path, side, count: 1 });
    else known.count++;
  }
  return [...counts.values()] satisfies FileMatchCount[];
}

function onePattern(patterns: readonly string[]): string {
  const [pattern, second] = patterns;
  if (pattern === undefined) {
    throw new CoppiceError('USAGE', 'coppice grep needs PATTERN: a regular expression, or literal text with -F', {
      hint: 'coppice grep --help shows how it is used',
    });
  }
  if (second !== undefined) {
    throw new CoppiceError('USAGE', `coppice grep takes one pattern, and '${second}' is a second`, {
      hint: "join patterns as 'one|other'; to search another rev use --rev REV, to search some files --path GLOB",
    });
  }
  return pattern;
}

/** The lines go out first, so that the note stands below them. */
async function noteTruncated(context: CommandContext, max: number | undefined): Promise<void> {
  context.out.flush();
  await context.io.stdout.drain();
  context.note(`stopped after ${String(max ?? 'many')} lines (--max); there are more`);
}
