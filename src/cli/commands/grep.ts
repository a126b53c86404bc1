import type { Batches } from '../../base/index.js';
import { CoppiceError } from '../../base/index.js';
import { operations } from '../../api/index.js';
import type { FileMatchCount, LineMatch, MissingIndex, SkippedFile } from '../../engine/index.js';
import { defineCommand, given } from '../command.js';
import type { CommandContext } from '../context.js';
import { noteUnsearched, writeCounts, type SidedCount } from '../results/grep-output.js';
import { elsewhere, grepFlags, type GrepFlags } from '../grep/flags.js';
import { linePrinter } from '../grep/line-printer.js';
import { RangeCounter } from '../grep/range-counter.js';
import { readRequest, type GrepRequest } from '../grep/request.js';
import { createSpanFinder } from '../results/match-finder.js';
import { fullPath, type PathShower } from '../typed/place.js';

export const command = defineCommand({
  name: 'grep',
  summary: operations.grep.summary,
  usage: '[flags] PATTERN [REV] [--] [PATHSPEC…]',
  description:
    'Prints path:line:text, sorted by path and line, of what is below the current folder, as git grep does. PATHSPEC\n' +
    "narrows: src, '*.ts', ../lib, ':!test', :/ for the root. With a range A..B: lines that only B has as +path:line:text\n" +
    'and lines that only A has as -path:line:text. A rev that is not indexed yet is indexed first; it may also follow the\n' +
    'pattern, as in git grep.',
  args: [
    {
      name: 'PATTERN PATHSPEC',
      help: 'a regular expression, or literal text with -F (not after -e); then files or folders',
      optional: true,
      many: true,
    },
  ],
  flags: grepFlags,
  elsewhere,
  examples: [
    { command: "coppice grep 'func (New|Open)' --lang go", does: 'a regular expression, in Go files' },
    { command: "coppice grep -Fi todo src ':!*.test.ts'", does: 'literal text in a folder, tests left out' },
    { command: 'coppice grep -Fi todo --rev release/2', does: 'on a branch that is not checked out' },
    { command: 'coppice grep -w retry --rev v1.0..v1.1', does: 'what changed between two tags' },
    { command: 'coppice grep -e --force', does: 'a pattern that begins with -' },
  ],
  async run(context, { args, plainArgs, flags }) {
    const search = await readRequest(context, { args, plainArgs }, flags);
    if (flags['files-without-match']) return printFilesWithout(context, search, flags);
    if (flags.quiet) return (await findAny(context, search)) ? 0 : 1;
    if (flags['count-matches']) return printMatchCounts(context, search, flags);
    if (flags['files-with-matches'] || flags.count) return printCounts(context, search, flags);
    return printLines(context, search, flags);
  },
});

async function findAny(context: CommandContext, { pattern, rev, range, options }: GrepRequest): Promise<boolean> {
  const engine = await context.engine();
  const one = { ...options, maxCount: 1 };
  const lines =
    range === undefined
      ? engine.grepBatches(pattern, { ...one, ...given({ rev }) })
      : engine.grepRangeBatches(pattern, range.from, range.to, one);
  return (await printBatches<LineMatch, unknown>(context, lines, () => undefined)).found;
}

async function printCounts(context: CommandContext, search: GrepRequest, flags: GrepFlags): Promise<0 | 1> {
  const { pattern, rev, range, shownPath } = search;
  // Counts are always of all.
  const { maxCount: _, ...options } = search.options;
  const engine = await context.engine();
  const layout = countLayout(flags, shownPath);
  const print = (files: readonly SidedCount[]): void => writeCounts(context, files, layout);
  if (range === undefined) {
    const counts = engine.grepCountBatches(pattern, { ...options, ...given({ rev }) });
    const { found, rest } = await printBatches(context, counts, print);
    await noteMissed(context, search, rest, found);
    return found ? 0 : 1;
  }
  const lines = engine.grepRangeBatches(pattern, range.from, range.to, options);
  const counter = new RangeCounter();
  const { found, rest } = await printBatches(context, lines, (batch) => print(counter.add(batch)));
  print(counter.end());
  await noteMissed(context, search, rest, found);
  return found ? 0 : 1;
}

/** The files that are searched and have no line that matches. */
async function printFilesWithout(context: CommandContext, search: GrepRequest, flags: GrepFlags): Promise<0 | 1> {
  const { pattern, rev, range, shownPath } = search;
  if (range !== undefined) {
    throw new CoppiceError('USAGE', '-L does not work with a range', { hint: 'name one rev' });
  }
  const { maxCount: _, ...options } = search.options;
  // What is said of a pattern says nothing of files.
  const { literal: _l, ignoreCase: _i, wholeWord: _w, invert: _v, ...files } = options;
  const engine = await context.engine();
  const matching = new Set<string>();
  const named = fullPath(context.place);
  const counts = engine.grepCountBatches(pattern, { ...options, ...given({ rev }) });
  const { rest } = await printBatches(context, counts, (files) => files.forEach((file) => matching.add(named(file))));
  const listed = await engine.files({ ...files, ...given({ rev }), limit: filesMax });
  const without = listed.files.filter((file) => file.skipped === null && !matching.has(named(file)));
  if (!flags.quiet) {
    const shown = without.map((file) => ({ ...file, count: 0 }));
    writeCounts(context, shown, { ...countLayout(flags, shownPath), pathsOnly: true });
  }
  await noteMissed(context, search, rest, without.length > 0);
  return without.length > 0 ? 0 : 1;
}

const filesMax = 1_000_000;

const countLayout = (flags: GrepFlags, shownPath: PathShower): Parameters<typeof writeCounts>[2] => ({
  pathsOnly: flags['files-with-matches'],
  paths: !flags['no-filename'],
  shownPath,
  zero: flags.null,
});

/** How many matches each file has, of which a line may hold several. */
async function printMatchCounts(context: CommandContext, search: GrepRequest, flags: GrepFlags): Promise<0 | 1> {
  const { pattern, rev, range, shownPath } = search;
  if (range !== undefined) {
    throw new CoppiceError('USAGE', '--count-matches does not work with a range', { hint: '-c counts lines' });
  }
  const { maxCount: _, ...options } = search.options;
  const engine = await context.engine();
  const spansOf = createSpanFinder(pattern, options, { whole: true });
  const counts = new Map<string, FileMatchCount>();
  const named = fullPath(context.place);
  const lines = engine.grepBatches(pattern, { ...options, ...given({ rev }) });
  const { found, rest } = await printBatches(context, lines, async (batch) => {
    const spans = await spansOf(batch.map(({ text }) => text));
    batch.forEach(({ path, repo }, i) => {
      const file = { path, ...given({ repo }) };
      const count = (counts.get(named(file))?.count ?? 0) + spans[i]!.length;
      counts.set(named(file), { ...file, count });
    });
  });
  writeCounts(context, [...counts.values()], countLayout(flags, shownPath));
  await noteMissed(context, search, rest, found);
  return found ? 0 : 1;
}

async function printLines(context: CommandContext, search: GrepRequest, flags: GrepFlags): Promise<0 | 1> {
  const { pattern, rev, range, options } = search;
  const around = { context: flags.context, before: flags['before-context'], after: flags['after-context'] };
  const hasContext = Object.values(around).some((count) => count !== undefined);
  const print = linePrinter(context, search, flags, hasContext);
  const engine = await context.engine();
  if (range !== undefined) {
    if (hasContext) throw new CoppiceError('USAGE', '-A, -B and -C do not work with a range', { hint: 'drop them' });
    const found = await printBatches(context, engine.grepRangeBatches(pattern, range.from, range.to, options), print);
    return endOfLines(context, search, found);
  }
  const lines = engine.grepBatches(pattern, { ...options, ...given(around), ...given({ rev }) });
  return endOfLines(context, search, await printBatches(context, lines, print));
}

async function endOfLines(
  context: CommandContext,
  search: GrepRequest,
  { found, rest }: Printed<Missed & { readonly truncated: boolean }>,
): Promise<0 | 1> {
  if (rest.truncated) await noteTruncated(context, search.options.maxCount);
  await noteMissed(context, search, rest, found);
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

/** The lines go out first, so that the note stands below them. */
async function noteTruncated(context: CommandContext, max: number | undefined): Promise<void> {
  await context.out.end();
  context.note(`stopped after ${String(max ?? 'many')} lines (--max); there are more`);
}

interface Missed {
  readonly unsearched: readonly SkippedFile[];
  readonly unmatched: readonly string[];
  readonly index?: MissingIndex;
}

const missingIndexNotes: Readonly<Record<MissingIndex, string>> = {
  'being-made': 'answered by reading the files: the index is being made',
  none: 'answered by reading the files: there is no index yet (the daemon makes it, or coppice index)',
};

async function noteMissed(
  context: CommandContext,
  { pattern, options }: GrepRequest,
  { unsearched, unmatched, index }: Missed,
  found: boolean,
): Promise<void> {
  await noteUnsearched(context, unsearched, fullPath(context.place));
  if (index !== undefined) {
    await context.out.end();
    context.note(missingIndexNotes[index]);
  }
  // What git grep without -E takes for alternatives and counts.
  if (!found && options.literal !== true && /\\\||\\\{\d*,?\d*\\\}/.test(pattern))
    context.note('nothing; \\| and \\{ are characters here, as with -E: alternatives are a|b, counts a{2}');
  const way = found ? '' : ' (nor is a rev called so)';
  for (const path of unmatched) context.note(`no file matches '${path}'${way}`);
}
