import { operations } from '../../api/index.js';
import { defineCommand } from '../command.js';
import type { CommandContext } from '../context.js';
import { formatDuration, shortCommit } from '../terminal/format.js';
import { singleRev } from '../typed/rev-range.js';

export const command = defineCommand({
  name: 'fork',
  summary: operations.fork.summary,
  description: 'A fork is a name for a snapshot of its own, which apply moves forward. The repository is not touched.',
  args: [{ name: 'NAME', help: 'the name of the new fork' }],
  flags: { from: { type: 'string', value: 'REV', default: 'HEAD', help: operations.fork.parameters.from.help } },
  examples: [
    { command: 'coppice fork try', does: 'a fork of what is checked out' },
    { command: 'coppice fork review --from origin/main', does: 'a fork of another branch' },
  ],
  surplusHint: 'to start from another rev use --from REV',
  async run(context, { args, flags }) {
    const from = singleRev(flags.from, 'fork') ?? 'HEAD';
    const engine = await context.engine();
    const { name, rev, commit, tookMs } = await engine.fork(args[0]!, { ...context.call(from), from });
    context.clearProgress();
    if (context.json) context.out.json({ name, rev, commit, tookMs });
    else {
      const at = shortCommit(commit, 'with changes');
      context.out.write(`forked ${context.paint('cyan', name)} from ${rev} (${at}) in ${formatDuration(tookMs)}\n`);
    }
    await tellIfShadowed(context, name);
    return 0;
  },
});

/** A name of git's goes before a fork's: who makes a fork of that name ought to know. */
async function tellIfShadowed(context: CommandContext, name: string): Promise<void> {
  const engine = await context.engine();
  const other = await engine.resolve(name).catch(() => undefined);
  if (other === undefined || other.kind === 'fork') return;
  context.out.flush();
  context.note(`git has ${name} too, and --rev ${name} is git's: this fork is --rev fork:${name}`);
}
