import type { IndexedRev } from '../../engine/index.js';
import { defineCommand } from '../command.js';
import { formatBytes, formatDuration, formatTable, plural, shortCommit } from '../format.js';
import { singleRev } from '../rev-range.js';
import type { Paint } from '../style.js';

export const command = defineCommand({
  name: 'index',
  summary: 'index revs ahead of their first search',
  description:
    'Needed only to have it done beforehand: what is searched is indexed on first use, by its difference from what is\n' +
    'there. An interrupted run keeps what it has done.',
  args: [{ name: 'REV', help: 'what to index; HEAD when none is given', optional: true, many: true }],
  flags: {
    all: { type: 'boolean', help: 'every branch and tag as well' },
    history: { type: 'boolean', help: 'every commit reachable from them as well' },
  },
  examples: [
    { command: 'coppice index', does: 'the commit that is checked out' },
    { command: 'coppice index --all', does: 'every branch and tag' },
    { command: 'coppice index main --history', does: 'every commit that main contains' },
  ],
  async run(context, { args, flags }) {
    for (const rev of args) singleRev(rev, 'index');
    const engine = await context.engine();
    const revs = args.length > 0 ? args : ['HEAD'];
    const result = await engine.index(revs, { ...context.call(), all: flags.all, history: flags.history });
    context.clearProgress();
    if (context.json) context.out.json(result);
    else {
      context.out.write(formatTable(result.revs.map((rev) => revRow(rev, context.paint))));
      if (result.revs.length > 1 || result.commits > result.revs.length) {
        const counted = `${plural(result.revs.length, 'rev')}, ${plural(result.commits, 'commit')}`;
        context.out.write(`${counted} in ${formatDuration(result.tookMs)}\n`);
      }
    }
    return 0;
  },
});

function revRow(rev: IndexedRev, paint: Paint): string[] {
  const fresh =
    rev.newFiles === 0 && rev.newChunks === 0
      ? paint('dim', 'nothing new')
      : `${plural(rev.newFiles, 'new file')}, ${plural(rev.newChunks, 'new chunk')}, ${formatBytes(rev.newBytes)}`;
  return [
    paint('cyan', rev.rev),
    paint('dim', rev.kind === 'commit' ? shortCommit(rev.commit) : rev.kind),
    `${plural(rev.files, 'file')}, ${plural(rev.chunks, 'chunk')}`,
    fresh,
    paint('dim', formatDuration(rev.tookMs)),
  ];
}
