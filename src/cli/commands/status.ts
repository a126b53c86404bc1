import { operations } from '../../api/index.js';
import { defineCommand } from '../command.js';
import { formatStatus } from '../status-output.js';

export const command = defineCommand({
  name: 'status',
  summary: operations.status.summary,
  args: [],
  flags: {},
  examples: [{ command: 'coppice status', does: 'the store, its repositories and their revs' }],
  async run(context) {
    const engine = await context.engine();
    const status = await engine.status(context.call());
    context.clearProgress();
    if (context.json) context.out.json(status);
    else context.out.write(formatStatus(status, context.paint));
    return 0;
  },
});
