import { CoppiceError, type Batches } from '../../base/index.js';
import { operations } from '../../api/index.js';
import type { GrepOptions, LineMatch, RangeLineMatch, SkippedFile } from '../../engine/index.js';
import { parseRevRange, type RevRange } from '../../model/index.js';
import { defineCommand, given } from '../command.js';
import type { FlagTable, FlagValues } from '../command.js';
import type { CommandContext } from '../context.js';
import { fileFilter, filterFlags } from '../filter-flags.js';
import {
  LineWriter,
  MatchWriter,
  noteUnsearched,
  writeCounts,
  writeJsonLines,
  type SidedCount,
} from '../grep-output.js';
import type { LineLayout } from '../grep-output.js';
import { createMatchFinder, createSpanFinder } from '../match-finder.js';
import { patternFlags, patternOptions } from '../pattern-flags.js';
import { isTreeRev, pathShower } from '../place.js';

/** What other greps have flags for and this one always does. */
const habits = {
  'line-number': { type: 'boolean', short: 'n', help: 'accepted for habit: line numbers are always shown' },
  'with-filename': { type: 'boolean', short: 'H', help: 'accepted for habit: paths are always shown' },
  recursive: { type: 'boolean', short: 'r', help: 'accepted for habit: folders are always searched' },
  'binary-files-without-match': {
    type: 'boolean',
    short: 'I',
    help: 'accepted for habit: binary files are never searched',
  },
  'extended-regexp': {
    type: 'boolean',
    short: 'E',
    help: 'accepted for habit: one language of patterns is understood',
  },
  'perl-regexp': { type: 'boolean', short: 'P', aliases: ['pcre2'], help: 'accepted for habit: as -E' },
  'no-messages': { type: 'boolean', short: 's', help: 'accepted for habit: no file is left unread in silence' },
} as const satisfies FlagTable;

const flagTable = {
  rev: {
    type: 'string',
    value: 'REV|A..B',
    help: 'where to search, or between which two revs (default @worktree; HEAD where bare)',
  },
  ...patternFlags,
  'smart-case': {
    type: 'boolean',
    short: 'S',
    help: 'a and A are the same unless the pattern has an upper-case letter',
  },
  'invert-match': { type: 'boolean', short: 'v', help: operations.grep.parameters.invert.help },
  'only-matching': { type: 'boolean', short: 'o', help: 'only what matches, each match on a line' },
  'files-with-matches': {
    type: 'boolean',
    short: 'l',
    aliases: ['name-only'],
    help: 'only the paths of files that match',
  },
  count: { type: 'boolean', short: 'c', help: 'only how many lines match in each file' },
  quiet: { type: 'boolean', short: 'q', help: 'print nothing: the exit code tells' },
  'after-context': { type: 'integer', short: 'A', value: 'N', help: operations.grep.parameters.after.help },
  'before-context': { type: 'integer', short: 'B', value: 'N', help: operations.grep.parameters.before.help },
  context: { type: 'integer', short: 'C', value: 'N', help: operations.grep.parameters.context.help },
  regexp: { type: 'string', short: 'e', many: true, value: 'PATTERN', help: 'a pattern; of several any may match' },
  max: { type: 'integer', value: 'N', min: 1, help: operations.grep.parameters.maxCount.help },
  'max-count': { type: 'integer', short: 'm', value: 'N', min: 1, help: 'at most so many lines of each file' },
  'full-name': { type: 'boolean', help: 'paths from the root, not from the current folder' },
  heading: { type: 'boolean', help: 'the path once, above its lines (what a terminal gets)' },
  'no-heading': { type: 'boolean', help: 'the path before each line (what anything else gets)' },
  null: { type: 'boolean', short: 'z', aliases: ['0'], help: 'a zero byte after each path, which is written as it is' },
  ...filterFlags,
  ...habits,
} as const satisfies FlagTable;

type Flags = FlagValues<typeof flagTable>;

export const command = defineCommand({
  name: 'grep',
  summary: operations.grep.summary,
  usage: '[flags] PATTERN [PATHSPEC…]',
  description:
    'Prints path:line:text, sorted by path and line, of what is below the current folder, as git grep does. PATHSPEC\n' +
    "narrows: src, '*.ts', ../lib, ':!test', :/ for the root. With a range A..B: lines that only B has as +path:line:text\n" +
    'and lines that only A has as -path:line:text. A rev that is not indexed yet is indexed first.',
  args: [
    {
      name: 'PATTERN PATHSPEC',
      help: 'a regular expression, or literal text with -F (not after -e); then files or folders',
      optional: true,
      many: true,
    },
  ],
  flags: flagTable,
  examples: [
    { command: "coppice grep 'func (New|Open)' --lang go", does: 'a regular expression, in Go files' },
    { command: "coppice grep -Fi todo src ':!*.test.ts'", does: 'literal text in a folder, tests left out' },
    { command: 'coppice grep -Fi todo --rev release/2', does: 'on a branch that is not checked out' },
    { command: 'coppice grep -w retry --rev v1.0..v1.1', does: 'what changed between two tags' },
    { command: 'coppice grep -e --force', does: 'a pattern that begins with -' },
  ],
  async run(context, { args, flags }) {
    const { pattern, alternatives, pathspecs } = readPatterns(args, flags);
    const search = searchOf(context, flags, { pattern, alternatives, pathspecs });
    if (flags.quiet) return (await findAny(context, search)) ? 0 : 1;
    if (flags['files-with-matches'] || flags.count) return printCounts(context, search, flags);
    return printLines(context, search, flags);
  },
});

/** What is looked for and where, as the engine takes it. */
interface Search {
  readonly pattern: string;
  /** Undefined: where nobody says. */
  readonly rev: string | undefined;
  /** The two revs that `rev` is, if it is a range. */
  readonly range: RevRange | undefined;
  readonly options: Omit<GrepOptions, 'rev'>;
  readonly shownPath: (path: string) => string;
}

function searchOf(
  context: CommandContext,
  flags: Flags,
  { pattern, alternatives, pathspecs }: { pattern: string; alternatives: boolean; pathspecs: readonly string[] },
): Search {
  const { place } = context;
  const { rev } = flags;
  const range = rev === undefined ? undefined : parseRevRange(rev);
  const isWhole = isTreeRev(range?.to ?? rev);
  const literal = flags['fixed-strings'] && !alternatives;
  const ignoreCase = flags['ignore-case'] || (flags['smart-case'] && !hasUpperCase(pattern, literal));
  const options = {
    ...fileFilter(flags, place),
    ...patternOptions({ ...flags, 'fixed-strings': literal, 'ignore-case': ignoreCase }),
    ...(pathspecs.length > 0 ? { pathspecs: pathspecs.map((given) => place.pathspec(given)) } : {}),
    ...(place.folder === '' || isWhole ? {} : { folder: place.folder }),
    ...(flags['invert-match'] ? { invert: true } : {}),
    ...given({ maxCount: flags.max }),
    ...context.call(range?.to ?? rev ?? null),
  };
  const shownPath = flags['full-name'] ? (path: string): string => path : pathShower(place, range?.to ?? rev);
  return { pattern, rev, range, options, shownPath };
}

/** Any of several patterns, as one. */
function readPatterns(
  args: readonly string[],
  flags: Flags,
): { pattern: string; alternatives: boolean; pathspecs: readonly string[] } {
  const [first, ...rest] = flags.regexp;
  if (first === undefined) {
    const [pattern, ...pathspecs] = args;
    if (pattern !== undefined) return { pattern, alternatives: false, pathspecs };
    throw new CoppiceError('USAGE', 'coppice grep needs PATTERN: a regular expression, or literal text with -F', {
      hint: 'coppice grep --help shows how it is used',
    });
  }
  if (rest.length === 0) return { pattern: first, alternatives: false, pathspecs: args };
  const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const parts = flags.regexp.map((text) => (flags['fixed-strings'] ? escape(text) : `(?:${text})`));
  return { pattern: parts.join('|'), alternatives: true, pathspecs: args };
}

/** Whether a pattern has an upper-case letter that stands for itself. */
const hasUpperCase = (pattern: string, literal: boolean): boolean =>
  /\p{Lu}/u.test(literal ? pattern : pattern.replace(/\\(?:[pP](?:\{[^}]*\}|.)|.)|\(\?P?<[^>]*>|\[:\w+:\]/gsu, ''));

async function findAny(context: CommandContext, { pattern, rev, range, options }: Search): Promise<boolean> {
  const engine = await context.engine();
  const one = { ...options, maxCount: 1 };
  const lines =
    range === undefined
      ? engine.grepBatches(pattern, { ...one, ...given({ rev }) })
      : engine.grepRangeBatches(pattern, range.from, range.to, one);
  return (await printBatches<LineMatch, unknown>(context, lines, () => undefined)).found;
}

async function printCounts(context: CommandContext, search: Search, flags: Flags): Promise<0 | 1> {
  const { pattern, rev, range, shownPath } = search;
  // Counts are always of all.
  const { maxCount: _, ...options } = search.options;
  const engine = await context.engine();
  const layout = { pathsOnly: flags['files-with-matches'], shownPath, zero: flags.null };
  const print = (files: readonly SidedCount[]): void => writeCounts(context, files, layout);
  if (range === undefined) {
    const counts = engine.grepCountBatches(pattern, { ...options, ...given({ rev }) });
    const { found, rest } = await printBatches(context, counts, print);
    await noteMissed(context, rest, found);
    return found ? 0 : 1;
  }
  const lines = engine.grepRangeBatches(pattern, range.from, range.to, options);
  const counter = new RangeCounter();
  const { found, rest } = await printBatches(context, lines, (batch) => print(counter.add(batch)));
  print(counter.end());
  await noteMissed(context, rest, found);
  return found ? 0 : 1;
}

async function printLines(context: CommandContext, search: Search, flags: Flags): Promise<0 | 1> {
  const { pattern, rev, range, options } = search;
  const around = { context: flags.context, before: flags['before-context'], after: flags['after-context'] };
  const hasContext = Object.values(around).some((count) => count !== undefined);
  const print = linePrinter(context, search, flags, hasContext);
  const engine = await context.engine();
  if (range !== undefined) {
    if (hasContext) throw new CoppiceError('USAGE', '-A, -B and -C do not work with a range', { hint: 'drop them' });
    const found = await printBatches(context, engine.grepRangeBatches(pattern, range.from, range.to, options), print);
    return endOfLines(context, found, flags.max);
  }
  const lines = engine.grepBatches(pattern, { ...options, ...given(around), ...given({ rev }) });
  return endOfLines(context, await printBatches(context, lines, print), flags.max);
}

async function endOfLines(
  context: CommandContext,
  { found, rest }: Printed<Missed & { readonly truncated: boolean }>,
  max: number | undefined,
): Promise<0 | 1> {
  if (rest.truncated) await noteTruncated(context, max);
  await noteMissed(context, rest, found);
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

type Line = LineMatch & Partial<Pick<RangeLineMatch, 'side'>>;
type LinePrinter = (lines: readonly Line[]) => void | Promise<void>;

function linePrinter(context: CommandContext, search: Search, flags: Flags, groups: boolean): LinePrinter {
  const { pattern, range, options, shownPath } = search;
  const toPeople = context.io.stdout.isTerminal && !context.json && range === undefined;
  const layout: LineLayout = {
    groups,
    heading: !flags['no-heading'] && !flags.null && (flags.heading || toPeople),
    zero: flags.null,
    shownPath,
    finder: context.paint.on && options.invert !== true ? createMatchFinder(pattern, options) : undefined,
  };
  const max = flags['max-count'];
  const perFile =
    max === undefined
      ? (lines: readonly Line[]) => lines
      : perFileLimit(max, flags['after-context'] ?? flags.context ?? 0);
  if (context.json && !flags['only-matching']) return (lines) => writeJsonLines(context.out, perFile(lines));
  if (flags['only-matching']) {
    if (options.invert === true) return () => undefined; // as in grep: of a line that does not match no part does
    const writer = new MatchWriter(context, layout, createSpanFinder(pattern, options, { whole: true }));
    return (lines) => writer.write(perFile(lines));
  }
  const writer = new LineWriter(context, layout);
  return (lines) => writer.write(perFile(lines));
}

/** Lets so many matching lines of a file pass, and what stands around them; after the last a line that matches is one of those. */
function perFileLimit(max: number, after: number): (lines: readonly Line[]) => readonly Line[] {
  let file = '';
  let count = 0;
  let last = 0;
  return (lines) =>
    lines.flatMap((line) => {
      const its = (line.side ?? '') + line.path;
      if (its !== file) {
        file = its;
        count = 0;
      }
      if (count === max) return line.line <= last + after ? [{ ...line, column: 0, length: 0, context: true }] : [];
      if (line.context === true) return [line];
      count++;
      last = line.line;
      return [line];
    });
}

/** Counts lines per file and side as they come, path by path; of one path in the order in which each side first comes. */
class RangeCounter {
  private path = '';
  private counts: { path: string; side: '+' | '-'; count: number }[] = [];

  /** The counts of paths that are done. */
  add(lines: readonly { readonly path: string; readonly side: '+' | '-' }[]): SidedCount[] {
    const done: SidedCount[] = [];
    for (const { path, side } of lines) {
      if (path !== this.path) done.push(...this.end());
      this.path = path;
      const known = this.counts.find((count) => count.side === side);
      if (known === undefined) this.counts.push({ path, side, count: 1 });
      else known.count++;
    }
    return done;
  }

  /** Those of the last path. */
  end(): SidedCount[] {
    return this.counts.splice(0);
  }
}

/** The lines go out first, so that the note stands below them. */
async function noteTruncated(context: CommandContext, max: number | undefined): Promise<void> {
  context.out.flush();
  await context.io.stdout.drain();
  context.note(`stopped after ${String(max ?? 'many')} lines (--max); there are more`);
}

interface Missed {
  readonly unsearched: readonly SkippedFile[];
  readonly unmatched: readonly string[];
}

async function noteMissed(context: CommandContext, { unsearched, unmatched }: Missed, found: boolean): Promise<void> {
  await noteUnsearched(context, unsearched);
  const way = found ? '' : ' (a rev goes after --rev)';
  for (const path of unmatched) context.note(`no file matches '${path}'${way}`);
}
