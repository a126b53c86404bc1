import { operations } from '../../api/index.js';
import { defineCommand, given } from '../command.js';
import { countFlag } from '../typed/filter-flags.js';
import { formatTable, printable, shortCommit } from '../terminal/format.js';
import { noteMore } from '../terminal/note-more.js';

export const command = defineCommand({
  name: 'revs',
  summary: operations.revs.summary,
  description: 'They are not all that can be searched: any sha can, and what git rev-parse takes. * is checked out.',
  args: [{ name: 'TEXT', help: operations.revs.parameters.match.help, optional: true }],
  flags: {
    max: { ...countFlag, bare: true, default: 100, help: 'at most so many' },
    'name-only': { type: 'boolean', help: 'only the names' },
  },
  elsewhere: Object.fromEntries([
    ...'a all r remotes l list v vv'
      .split(' ')
      .map((name) => [name, 'coppice revs has branches, tags and forks; -n 100000 all of them']),
  ]),
  examples: [
    { command: 'coppice revs', does: 'HEAD, work trees, branches, tags from the newest, forks' },
    { command: 'coppice revs v1 --name-only', does: 'names with v1 in them' },
  ],
  async run(context, { args, flags }) {
    const engine = await context.engine();
    const { revs, truncated } = await engine.revs({
      ...given({ match: args[0] }),
      limit: flags.max,
      ...context.call(),
    });
    context.clearProgress();
    const { out, paint } = context;
    if (context.json) out.json({ revs, truncated });
    else if (flags['name-only']) for (const { rev } of revs) out.write(`${rev}\n`);
    else {
      const rows = revs.map(({ rev, kind, commit, current, indexed, path }) => [
        `${current ? '*' : ' '} ${paint('cyan', printable(rev))}`,
        kind,
        shortCommit(commit, '-'),
        indexed ? paint('green', 'indexed') : paint('dim', 'not indexed'),
        path ?? '',
      ]);
      out.write(formatTable(rows));
    }
    if (truncated && !context.json) await noteMore(context, { shown: revs.length, flag: '-n' });
    return revs.length > 0 ? 0 : 1;
  },
});
