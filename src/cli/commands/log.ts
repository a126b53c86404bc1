import { CoppiceError } from '../../base/index.js';
import { operations } from '../../api/index.js';
import { parseRevRange } from '../../model/index.js';
import { defineCommand, given } from '../command.js';
import type { CommandContext } from '../context.js';
import { pathBelow } from '../typed/place.js';
import { countFlag, fileFilter, filterFlags } from '../typed/filter-flags.js';
import { plural } from '../terminal/format.js';
import { formatLineHistory, formatOccurrenceChange } from '../results/log-output.js';
import { createSpanFinder } from '../results/match-finder.js';
import { patternFlags, patternOptions } from '../typed/pattern-flags.js';

/** So often the output is waited for, lest a slow reader makes it pile up. */
const resultsPerDrain = 256;

/** Flags of git log, and what to type here. */
const elsewhere: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      [
        'p patch stat shortstat numstat graph author committer since until after before grep reverse format pretty date ' +
          'name-only name-status no-merges merges decorate abbrev-commit no-patch u cc m diff-filter topo-order date-order',
        'git log has it: here lines of code are searched, in all of history',
      ],
      ['follow', 'a file that moves changes nothing: its lines are found wherever they were'],
      ['L', 'give text of the line as PATTERN'],
      ['all branches tags remotes', 'name the branches: coppice log PATTERN main v1.x'],
    ] as const
  ).flatMap(([names, hint]) => names.split(' ').map((name) => [name, hint])),
);

export const command = defineCommand({
  name: 'log',
  summary: operations.log.summary,
  usage: '[flags] PATTERN [REV…] [-- PATH…]',
  description:
    'For each distinct matching line of the history of the REVs: the commits after which some file has it more often (+) or\n' +
    'less often (-) than before, newest first, and the branches and tags that have it now. A file that only moved, byte for\n' +
    'byte, changes nothing. A merge counts where it differs from all of its parents; along the first parents of a REV also\n' +
    'where it differs from the first alone, marked (merge). A..B is what B reaches and A does not. History that is not\n' +
    'indexed yet is indexed first.',
  args: [
    {
      name: 'PATTERN REV',
      help: 'a regular expression, or literal text with -F; then whose history: REVs, A..B (default HEAD)',
      optional: true,
      many: true,
    },
  ],
  flags: {
    rev: {
      type: 'string',
      many: true,
      value: 'REV|A..B',
      help: 'the same as REV after the pattern',
    },
    ...patternFlags,
    'pickaxe-text': {
      type: 'string',
      short: 'S',
      value: 'TEXT',
      help: 'as git log -S: the same as --commits -F TEXT',
    },
    'pickaxe-pattern': { type: 'string', short: 'G', value: 'PATTERN', help: 'the same as --commits PATTERN' },
    'pickaxe-regex': { type: 'boolean', help: 'what follows -S is a pattern, as in git log' },
    oneline: {
      type: 'boolean',
      habits: ['no-pager', 'pickaxe-all', 'no-color-moved'],
      help: 'accepted for habit: --commits has a line for each',
    },
    'first-parent': { type: 'boolean', help: 'only along first parents; merges count against the first' },
    commits: { type: 'boolean', help: 'the commits that change how often PATTERN occurs, as git log -S' },
    max: { ...countFlag, bare: true, help: 'stop after N lines (or commits)' },
    ...filterFlags,
  },
  examples: [
    { command: 'coppice log parseConfig', does: 'every line with it that ever was, and who brought and took it' },
    { command: "coppice log -F 'retry(' main v1.x", does: 'in the history of two branches' },
    { command: 'coppice log -w TODO v1.0..v1.1 --path src/', does: 'between two tags, in some files' },
    {
      command: 'coppice log --commits --first-parent MAX_RETRIES',
      does: 'the merges and commits of HEAD that touched it',
    },
  ],
  elsewhere,
  async run(context, { args, plainArgs, flags }) {
    const { place } = context;
    const words = readWords(args, plainArgs, flags);
    const { pattern, literal, isPickaxe } = words;
    const { revs, paths } = await readPlaces(context, words);
    const first = revs[0] ?? 'HEAD';
    const { max } = flags;
    const options = {
      ...fileFilter({ ...flags, path: [...flags.path, ...paths.map((path) => pathBelow(path))] }, place),
      ...patternOptions({ ...flags, 'fixed-strings': literal }),
      ...given({
        firstParent: flags['first-parent'],
        maxCount: max === undefined ? undefined : max + 1, // one more tells that there are more
      }),
      ...context.call(`${parseRevRange(first)?.to ?? first} with its history`),
    };
    const engine = await context.engine();
    const { paint } = context;
    if (!isPickaxe && revs.length + paths.length === 0 && isNoPattern(context, pattern))
      context.note(`'${pattern}' is taken as the pattern: the commits of a file or range are listed by git log`);
    if (flags.commits || isPickaxe) {
      const found = engine.logCommits(pattern, revs, options);
      return printEach(context, found, { max, what: 'commit' }, (change) => formatOccurrenceChange(change, paint));
    }
    const spansOf = createSpanFinder(pattern, options);
    let separator = '';
    return printEach(context, engine.log(pattern, revs, options), { max, what: 'line' }, async (history) => {
      const [spans = []] = paint.on ? await spansOf([history.line]) : [];
      const text = separator + formatLineHistory(history, paint, spans);
      separator = '\n';
      return text;
    });
  },
});

interface Words {
  readonly pattern: string;
  readonly literal: boolean;
  /** It was given as git log takes it. */
  readonly isPickaxe: boolean;
  readonly revs: readonly string[];
  /** What stands after `--`. */
  readonly paths: readonly string[];
}

function readWords(
  args: readonly string[],
  plainArgs: number,
  flags: {
    readonly rev: readonly string[];
    readonly 'fixed-strings': boolean;
    readonly 'pickaxe-text': string | undefined;
    readonly 'pickaxe-pattern': string | undefined;
    readonly 'pickaxe-regex': boolean;
  },
): Words {
  const { 'pickaxe-text': text, 'pickaxe-pattern': expression } = flags;
  const given = text ?? expression;
  const before = args.slice(0, plainArgs);
  const after = args.slice(plainArgs);
  // `log -- -x`: a pattern that begins with a dash.
  const isAfter = given === undefined && before.length === 0;
  const [pattern, ...rest] = given !== undefined ? [given, ...before] : isAfter ? after : before;
  if (pattern === undefined) {
    throw new CoppiceError('USAGE', 'coppice log needs PATTERN: a regular expression, or literal text with -F', {
      hint: 'coppice log --help shows how it is used; git log lists commits',
    });
  }
  return {
    pattern,
    literal: flags['fixed-strings'] || (text !== undefined && !flags['pickaxe-regex']),
    isPickaxe: given !== undefined,
    revs: [...flags.rev, ...rest],
    paths: isAfter ? [] : after,
  };
}

/** What is no rev and is a file is one, as in git log, where it also may stand without `--`. */
async function readPlaces(context: CommandContext, { revs, paths }: Words): Promise<Pick<Words, 'revs' | 'paths'>> {
  const at = revs.findIndex((word) => context.isFile(word));
  if (at < 0) return { revs, paths };
  const engine = await context.engine();
  const isRev = await engine.resolve(revs[at]).then(
    () => true,
    () => false,
  );
  return isRev ? { revs, paths } : { revs: revs.slice(0, at), paths: [...revs.slice(at), ...paths] };
}

/** A file or a range of revs where text is expected. */
const isNoPattern = (context: CommandContext, word: string): boolean =>
  context.isFile(word) || /^[\w./~^@-]+\.\.[\w./~^@-]+$/.test(word);

async function printEach<T>(
  context: CommandContext,
  found: AsyncIterable<T>,
  { max, what }: { max: number | undefined; what: string },
  format: (item: T) => string | Promise<string>,
): Promise<0 | 1> {
  let count = 0;
  for await (const item of found) {
    if (count === 0) context.clearProgress();
    if (count === max) {
      // The output goes out first, so that the note stands below it.
      await context.out.end();
      context.note(`stopped after ${plural(count, what)} (--max); there are more`);
      break;
    }
    count++;
    if (context.json) context.out.json(item);
    else context.out.write(await format(item));
    if (count % resultsPerDrain === 0) await context.out.end();
  }
  return count > 0 ? 0 : 1;
}
