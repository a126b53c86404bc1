import { operations } from '../../api/index.js';
import { defineCommand, given } from '../command.js';
import { countFlag } from '../typed/filter-flags.js';
import { formatCount, plural, printable } from '../terminal/format.js';
import { formatSpent } from '../results/model-output.js';
import { quotePath } from '../terminal/quote-path.js';
import { singleRev } from '../typed/rev-range.js';

/** So often the output is waited for, lest a slow reader makes it pile up. */
const itemsPerDrain = 64;

export const command = defineCommand({
  name: 'describe',
  summary: operations.describe.summary,
  description:
    'The model is "describe" in config.json of the store, or "chat". Each distinct chunk of code is described once per model,\n' +
    'whatever branches, forks and versions have it; public definitions come first, tests and vendored code last. What is\n' +
    'done is kept when it is interrupted. Searches then find code by what it does, in words that are nowhere in it.\n' +
    'Files that look like secrets are never sent.',
  args: [{ name: 'REV', help: 'what to describe; HEAD when none is given', optional: true, many: true }],
  flags: {
    'dry-run': { type: 'boolean', help: 'say what would be sent and what it would take, and send nothing' },
    budget: { type: 'integer', value: 'N', min: 1, help: operations.describe.parameters.budgetTokens.help },
    limit: { ...countFlag, help: operations.describe.parameters.limit.help },
  },
  examples: [
    { command: 'coppice describe --dry-run', does: 'what would be sent, chunk by chunk, and what it would cost' },
    { command: 'coppice describe --budget 200000', does: 'the most useful chunks of HEAD, for so many tokens' },
    { command: 'coppice describe main v1.2', does: 'what two revs have' },
  ],
  async run(context, { args, flags }) {
    for (const rev of args) singleRev(rev, 'describe');
    const engine = await context.engine();
    const call = context.call(args[0] ?? 'HEAD');
    if (flags['dry-run']) {
      let count = 0;
      let inputTokens = 0;
      let outputTokens = 0;
      let cost: number | undefined;
      for await (const planned of engine.describePlan(args, call)) {
        if (flags.limit !== undefined && count >= flags.limit) break;
        const tokens = planned.inputTokens + planned.outputTokens;
        if (flags.budget !== undefined && inputTokens + outputTokens + tokens > flags.budget) break;
        count++;
        inputTokens += planned.inputTokens;
        outputTokens += planned.outputTokens;
        if (planned.cost !== undefined) cost = (cost ?? 0) + planned.cost;
        context.clearProgress();
        if (context.json) context.out.json(planned);
        else
          context.out.write(
            `${quotePath(planned.path)}:${String(planned.startLine)}  ${context.paint('dim', `${formatCount(tokens)} tokens`)}\n`,
          );
        if (count % itemsPerDrain === 0) await context.out.pass();
      }
      context.clearProgress();
      const spent = { inputTokens, outputTokens, ...(cost !== undefined && { cost }) };
      context.note(`${plural(count, 'request')} would be sent: at most about ${formatSpent(spent)}`);
      return 0;
    }
    const options = { ...call, ...given({ budgetTokens: flags.budget, limit: flags.limit }) };
    const result = await engine.describe(args, options);
    context.clearProgress();
    if (context.json) context.out.json(result);
    else {
      const { model, described, left, failed, failure } = result;
      context.out.write(`${plural(described, 'chunk')} described by ${printable(model)}: ${formatSpent(result)}\n`);
      if (failed > 0)
        context.note(`of ${plural(failed, 'chunk')} nothing usable was said (${printable(failure ?? '')})`);
      if (left > 0) context.note(`${plural(left, 'chunk')} left: run it again to go on`);
    }
    return 0;
  },
});
