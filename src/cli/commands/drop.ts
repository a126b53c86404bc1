import { operations } from '../../api/index.js';
import { defineCommand } from '../command.js';

export const command = defineCommand({
  name: 'drop',
  summary: operations.drop.summary,
  description: 'What only this fork could see stays on disk until coppice gc.',
  args: [{ name: 'NAME', help: 'the fork' }],
  flags: {},
  examples: [{ command: 'coppice drop try', does: 'the name is free again' }],
  async run(context, { args }) {
    const name = args[0]!;
    await (await context.engine()).drop(name);
    if (context.json) context.out.json({ name, dropped: true });
    else context.out.write(`dropped ${context.paint('cyan', name)}\n`);
    return 0;
  },
});
