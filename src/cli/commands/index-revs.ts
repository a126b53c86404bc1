import { CoppiceError } from '../../base/index.js';
import { operations } from '../../api/index.js';
import type { IndexedRev } from '../../engine/index.js';
import { defineCommand } from '../command.js';
import type { CommandContext } from '../context.js';
import { formatBytes, formatDuration, formatTable, plural, shortCommit } from '../terminal/format.js';
import { singleRev } from '../typed/rev-range.js';
import type { Paint } from '../terminal/style.js';

/** A table for a glance. */
const revsShown = 20;

export const command = defineCommand({
  name: 'index',
  summary: operations.index.summary,
  description:
    'Needed only to have it done beforehand: what is searched is indexed on first use, by its difference from what is\n' +
    'there. An interrupted run keeps what it has done.',
  args: [{ name: 'REV', help: 'what to index; HEAD when none is given', optional: true, many: true }],
  flags: {
    all: { type: 'boolean', help: operations.index.parameters.all.help },
    history: { type: 'boolean', help: operations.index.parameters.history.help },
    deps: { type: 'boolean', help: operations.index.parameters.deps.help },
  },
  elsewhere: {
    force: 'nothing needs it: what has changed is read; coppice doctor --repair mends a store',
    f: 'nothing needs it: what has changed is read; coppice doctor --repair mends a store',
  },
  examples: [
    { command: 'coppice index', does: 'the commit that is checked out' },
    { command: 'coppice index --all', does: 'every branch and tag' },
    { command: 'coppice index --deps', does: 'the files on disk, and the packages that are installed' },
    { command: 'coppice index main --history', does: 'every commit that main contains' },
  ],
  async run(context, { args, flags }) {
    for (const rev of args) singleRev(rev, 'index');
    const engine = await context.engine();
    const { all, history, deps } = flags;
    const revs = args.length > 0 || deps ? args : ['HEAD'];
    const result = await engine.index(revs, { ...context.call(), all, history, deps }).catch((error: unknown) => {
      throw orFolder(context, args, error);
    });
    context.clearProgress();
    if (context.json) context.out.json(result);
    else {
      context.out.write(formatTable(result.revs.slice(0, revsShown).map((rev) => revRow(rev, context.paint))));
      const more = result.revs.length - revsShown;
      if (more > 0) context.out.write(context.paint('dim', `… and ${plural(more, 'more rev')} (--json lists all)\n`));
      if (result.revs.length > 1 || flags.history === true) {
        const commits = plural(result.commits, flags.history === true ? 'new commit' : 'commit');
        const counted = `${plural(result.revs.length, 'rev')}, ${commits}, ${newOf(result)}`;
        context.out.write(`${counted} in ${formatDuration(result.tookMs)}\n`);
      }
    }
    return 0;
  },
});

/** `coppice index .`: a folder is no rev. */
function orFolder(context: CommandContext, args: readonly string[], error: unknown): unknown {
  const word = args.find((arg) => context.isFile(arg));
  if (word === undefined || !(error instanceof CoppiceError) || error.code !== 'REV_NOT_FOUND') return error;
  return new CoppiceError('USAGE', `${word} is a file or folder, and revs are indexed`, {
    hint: `coppice index, of this repository; coppice index --repo ${word}, of that one`,
  });
}

const newOf = ({ newFiles, newChunks, newBytes }: Pick<IndexedRev, 'newFiles' | 'newChunks' | 'newBytes'>): string =>
  `${plural(newFiles, 'new file')}, ${plural(newChunks, 'new chunk')}, ${formatBytes(newBytes)}`;

function revRow(rev: IndexedRev, paint: Paint): string[] {
  const fresh = rev.newFiles === 0 && rev.newChunks === 0 ? paint('dim', 'nothing new') : newOf(rev);
  return [
    paint('cyan', rev.rev),
    paint('dim', rev.kind === 'commit' ? shortCommit(rev.commit) : rev.kind),
    `${plural(rev.files, 'file')}, ${plural(rev.chunks, 'chunk')}`,
    fresh,
    paint('dim', formatDuration(rev.tookMs)),
  ];
}
