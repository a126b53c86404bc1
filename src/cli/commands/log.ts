import { operations } from '../../api/index.js';
import { parseRevRange } from '../../model/index.js';
import { defineCommand, given } from '../command.js';
import type { CommandContext } from '../context.js';
import { fileFilter, filterFlags } from '../filter-flags.js';
import { plural } from '../format.js';
import { formatLineHistory, formatOccurrenceChange } from '../log-output.js';
import { createSpanFinder } from '../match-finder.js';
import { patternFlags, patternOptions } from '../pattern-flags.js';

/** So often the output is waited for, lest a slow reader makes it pile up. */
const resultsPerDrain = 256;

export const command = defineCommand({
  name: 'log',
  summary: operations.log.summary,
  description:
    'For each distinct matching line of the history of the REVs: the commits after which some file has it more often (+) or\n' +
    'less often (-) than before, newest first, and the branches and tags that have it now. A file that only moved, byte for\n' +
    'byte, changes nothing. A merge counts where it differs from all of its parents; along the first parents of a REV also\n' +
    'where it differs from the first alone, marked (merge). A..B is what B reaches and A does not. History that is not\n' +
    'indexed yet is indexed first.',
  args: [
    { name: 'PATTERN', help: 'a regular expression, or literal text with -F' },
    { name: 'REV', help: 'whose history: a commit or A..B; HEAD when none is given', optional: true, many: true },
  ],
  flags: {
    ...patternFlags,
    'first-parent': { type: 'boolean', help: 'only along first parents; merges count against the first' },
    commits: { type: 'boolean', help: 'the commits that change how often PATTERN occurs, as git log -S' },
    max: { type: 'integer', value: 'N', min: 1, help: 'stop after N lines (or commits)' },
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
  async run(context, { args, flags }) {
    const [pattern, ...revs] = args as [string, ...string[]];
    const first = revs[0] ?? 'HEAD';
    const { max } = flags;
    const options = {
      ...fileFilter(flags, context.place),
      ...patternOptions(flags),
      ...given({
        firstParent: flags['first-parent'],
        maxCount: max === undefined ? undefined : max + 1, // one more tells that there are more
      }),
      ...context.call(`${parseRevRange(first)?.to ?? first} with its history`),
    };
    const engine = await context.engine();
    const { paint } = context;
    if (flags.commits) {
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
      context.out.flush();
      await context.io.stdout.drain();
      context.note(`stopped after ${plural(count, what)} (--max); there are more`);
      break;
    }
    count++;
    if (context.json) context.out.json(item);
    else context.out.write(await format(item));
    if (count % resultsPerDrain === 0) await context.io.stdout.drain();
  }
  return count > 0 ? 0 : 1;
}
