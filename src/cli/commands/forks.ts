import { operations } from '../../api/index.js';
import { defineCommand } from '../command.js';
import { formatTable, formatTime, shortCommit } from '../terminal/format.js';

export const command = defineCommand({
  name: 'forks',
  summary: operations.forks.summary,
  args: [],
  flags: {},
  examples: [{ command: 'coppice forks', does: 'name, where it came from, the commit it equals, since when' }],
  async run(context) {
    const engine = await context.engine();
    const forks = await engine.forks();
    if (context.json) context.out.json({ forks });
    else if (forks.length === 0) context.note('no forks yet; coppice fork NAME makes one');
    else {
      const { paint } = context;
      const rows = forks.map((fork) => [
        paint('cyan', fork.name),
        `from ${fork.rev}`,
        shortCommit(fork.commit, 'edited'),
        paint('dim', formatTime(fork.createdMs)),
      ]);
      context.out.write(formatTable(rows));
    }
    return 0;
  },
});
