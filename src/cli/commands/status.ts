import { operations } from '../../api/index.js';
import { defineCommand } from '../command.js';
import { formatStatus } from '../results/status-output.js';

export const command = defineCommand({
  name: 'status',
  summary: operations.status.summary,
  args: [],
  flags: { all: { type: 'boolean', help: 'each tag and branch that is indexed, and what is held in memory' } },
  elsewhere: Object.fromEntries(
    's short b branch porcelain u untracked-files'
      .split(' ')
      .map((name) => [name, 'git status; coppice compare lists what is changed and not committed']),
  ),
  examples: [{ command: 'coppice status', does: 'the store, its repositories and their revs' }],
  async run(context, { flags }) {
    const engine = await context.engine();
    const status = await engine.status(context.call());
    context.clearProgress();
    if (context.json) context.out.json(status);
    else context.out.write(formatStatus(status, context.paint, flags.all));
    return 0;
  },
});
