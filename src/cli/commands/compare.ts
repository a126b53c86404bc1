import { CoppiceError } from '../../base/index.js';
import { operations } from '../../api/index.js';
import type { ComparedFile } from '../../engine/index.js';
import { parseRevRange } from '../../model/index.js';
import { defineCommand } from '../command.js';
import type { CommandContext } from '../context.js';
import { countFlag, fileFilter, filterFlags, nullFlag } from '../typed/filter-flags.js';
import { noteMore } from '../terminal/note-more.js';
import { pathBelow, pathShower } from '../typed/place.js';
import { quotePath } from '../terminal/quote-path.js';
import type { Colour } from '../terminal/style.js';

/** As git diff --name-status marks them. */
const marks: Readonly<Record<ComparedFile['change'], readonly [string, Colour]>> = {
  added: ['A', 'green'],
  removed: ['D', 'red'],
  modified: ['M', 'yellow'],
};

export const command = defineCommand({
  name: 'compare',
  summary: operations.compare.summary,
  usage: '[flags] [A..B | A [B]] [--] [PATHSPEC…]',
  description:
    'A line for each file: A added, M modified, D deleted in B, as git diff --name-status. Without B what lies on disk is\n' +
    'compared, without A with HEAD. coppice grep PATTERN --rev A..B looks at the lines.',
  args: [{ name: 'REV PATHSPEC', help: 'A..B, or A and B; then files or folders', optional: true, many: true }],
  flags: {
    ...filterFlags,
    'name-only': { type: 'boolean', help: 'only the paths' },
    max: { ...countFlag, default: 1_000_000, help: 'at most so many' },
    ...nullFlag,
    'name-status': {
      type: 'boolean',
      habits: ['no-renames', 'no-pager'],
      help: 'accepted for habit: that is what is printed',
    },
  },
  elsewhere: Object.fromEntries(
    (
      [
        ['stat shortstat numstat dirstat summary', 'coppice grep -c "" --rev A..B counts the lines'],
        [
          'p patch u U unified w b ignore-all-space word-diff color-words R exit-code quiet check W function-context',
          'git diff shows the lines; coppice grep "" --rev A..B those that only one side has',
        ],
        ['cached staged', 'git diff --cached; coppice compare lists all that is not committed'],
        ['diff-filter', "coppice compare A..B | grep '^A'"],
        ['M C find-renames', 'a file that moved is one deleted and one added'],
        ['merge-base', 'coppice compare $(git merge-base A B) B'],
      ] as const
    ).flatMap(([names, hint]) => names.split(' ').map((name) => [name, hint])),
  ),
  examples: [
    { command: 'coppice compare', does: 'what is changed and not committed' },
    { command: 'coppice compare v1.0..v1.1 --path src/', does: 'between two tags, in some files' },
    { command: "coppice compare v1.0 fork:try -- '*.ts'", does: 'what a fork changes in some files' },
  ],
  async run(context, { args, plainArgs, flags }) {
    const { place, out, paint } = context;
    const engine = await context.engine();
    const { from, to, paths } = await readWords(context, args, plainArgs);
    const filter = fileFilter({ ...flags, path: [...flags.path, ...paths.map(pathBelow)] }, place);
    const options = { ...filter, limit: flags.max, ...context.call(to) };
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
    if (files.length === 0)
      for (const path of paths.filter((one) => !context.isFile(one))) context.note(`no file that differs is '${path}'`);
    return files.length > 0 ? 0 : 1;
  },
});

interface Words {
  readonly from: string;
  readonly to: string;
  readonly paths: readonly string[];
}

/** Revs, then paths, as git diff takes them: what stands before `--`, or else is no file, is a rev. */
async function readWords(context: CommandContext, args: readonly string[], plainArgs: number): Promise<Words> {
  const isSplit = plainArgs !== Infinity;
  const before = isSplit ? args.slice(0, plainArgs) : args;
  const [first, second] = before;
  const range = first === undefined ? undefined : parseRevRange(first);
  let count = range === undefined ? Math.min(2, before.length) : 1;
  if (!isSplit && range === undefined) {
    // A rev goes before a file of the same name.
    if (first !== undefined && (await isPath(context, first))) count = 0;
    else if (second !== undefined && (await isPath(context, second))) count = 1;
  }
  if (isSplit && before.length > count) {
    throw new CoppiceError('USAGE', `coppice compare takes two revs, not ${before.join(' ')}`, {
      hint: 'paths go after them: coppice compare A B -- src',
    });
  }
  const ends = range ?? {
    from: count > 0 ? first! : 'HEAD',
    to: count > 1 ? second! : '@worktree',
  };
  return { ...ends, paths: args.slice(count) };
}

async function isPath(context: CommandContext, word: string): Promise<boolean> {
  if (!context.isFile(word)) return /[*?[]/.test(word);
  const engine = await context.engine();
  return engine.resolve(word).then(
    () => false,
    () => true,
  );
}
