import { operations } from '../../api/index.js';
import { defineCommand } from '../command.js';
import { formatBytes, formatCount, formatDuration, plural } from '../terminal/format.js';

export const command = defineCommand({
  name: 'gc',
  summary: operations.gc.summary,
  args: [],
  flags: { 'dry-run': { type: 'boolean', help: operations.gc.parameters.dryRun.help } },
  examples: [{ command: 'coppice gc --dry-run', does: 'is it worth it?' }],
  async run(context, { flags }) {
    const engine = await context.engine();
    const result = await engine.gc({ ...context.call(), dryRun: flags['dry-run'] });
    context.clearProgress();
    if (context.json) {
      context.out.json(result);
      return 0;
    }
    const dropped = result.chunksBefore - result.chunksAfter;
    const verb = result.dryRun ? 'would reclaim' : 'reclaimed';
    const amount = `${formatBytes(result.reclaimedBytes)}, ${formatCount(dropped)} of ${plural(result.chunksBefore, 'chunk')}`;
    const nothing = dropped === 0 && result.reclaimedBytes === 0;
    const took = context.paint('dim', `(${formatDuration(result.tookMs)})`);
    context.out.write(`${nothing ? 'nothing to reclaim' : `${verb} ${amount}`} ${took}\n`);
    return 0;
  },
});
