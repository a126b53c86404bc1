import { CoppiceError } from '../../base/index.js';
import { operations } from '../../api/index.js';
import type { ComparedFile } from '../../engine/index.js';
import { parseRevRange } from '../../model/index.js';
import { defineCommand } from '../command.js';
import { fileFilter, filterFlags, nullFlag } from '../filter-flags.js';
import { noteMore } from '../note-more.js';
import { pathShower } from '../place.js';
import { quotePath } from '../quote-path.js';
import type { Colour } from '../style.js';

/** As git diff --name-status marks them. */
const marks: Readonly<Record<ComparedFile['change'], readonly [string, Colour]>> = {
  added: ['A', 'green'],
  removed: ['D', 'red'],
  modified: ['M', 'yellow'],
};

export const command = defineCommand({
  name: 'compare',
  summary: operations.compare.summary,
  usage: '[flags] A..B | [A [B]]',
  description:
    'A line for each file: A added, M modified, D deleted in B, as git diff --name-status. Without B what lies on disk is\n' +
    'compared, without A with HEAD. coppice grep PATTERN --rev A..B looks at the lines.',
  args: [{ name: 'REV', help: 'A..B, or A and B', optional: true, many: true }],
  flags: {
    ...filterFlags,
    'name-only': { type: 'boolean', help: 'only the paths' },
    max: { type: 'integer', short: 'n', value: 'N', min: 1, default: 1_000_000, help: 'at most so many' },
    ...nullFlag,
  },
  elsewhere: {
    'name-status': 'that is what is printed',
    stat: 'coppice grep -c "" --rev A..B counts the lines',
    p: 'git diff shows the lines; coppice grep "" --rev A..B those that only one side has',
  },
  examples: [
    { command: 'coppice compare', does: 'what is changed and not committed' },
    { command: 'coppice compare v1.0..v1.1 --path src/', does: 'between two tags, in some files' },
    { command: 'coppice compare v1.0 fork:try', does: 'what a fork changes' },
  ],
  async run(context, { args, flags }) {
    const { from, to } = readEnds(args);
    const { place, out, paint } = context;
    const engine = await context.engine();
    const options = { ...fileFilter(flags, place), limit: flags.max, ...context.call(to) };
    const result = await engine.compare(from, to, options);
    context.clearProgress();
    const { files, total, freshness } = result;
    const shownPath = pathShower(place, to);
    if (context.json) {
      const end = ({ rev, commit }: typeof result.from): object => ({ rev, commit });
      out.json({ from: end(result.from), to: end(result.to), files, total, freshness });
      return files.length > 0 ? 0 : 1;
    }
    for (const file of files) {
      const [mark, colour] = marks[file.change];
      const shown = flags.null ? shownPath(file) : quotePath(shownPath(file));
      const head = flags['name-only'] ? '' : `${paint(colour, mark)}${flags.null ? '\0' : '\t'}`;
      out.write(`${head}${shown}${flags.null ? '\0' : '\n'}`);
    }
    await noteMore(context, { shown: files.length, total, flag: '-n' });
    return files.length > 0 ? 0 : 1;
  },
});

function readEnds(args: readonly string[]): { from: string; to: string } {
  const [first = 'HEAD', second, third] = args;
  const range = parseRevRange(first);
  if (third !== undefined || (range !== undefined && second !== undefined)) {
    throw new CoppiceError('USAGE', `coppice compare takes two revs, not ${args.join(' ')}`, {
      hint: '--path looks at some files: coppice compare A B --path src/',
    });
  }
  return range ?? { from: first, to: second ?? '@worktree' };
}
