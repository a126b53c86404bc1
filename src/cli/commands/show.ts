import { decodeBytes } from '../../base/index.js';
import { operations } from '../../api/index.js';
import { defineCommand } from '../command.js';
import { singleRev } from '../rev-range.js';
import { parseShowTarget } from '../show-target.js';

export const command = defineCommand({
  name: 'show',
  summary: operations.show.summary,
  args: [{ name: 'REV:PATH[:A-B]', help: 'a file at a rev; :A-B or :A at the end picks lines, counted from 1' }],
  flags: {},
  examples: [
    { command: 'coppice show main:src/app.ts', does: 'the whole file, byte for byte' },
    { command: 'coppice show v1.2:src/app.ts:10-20', does: 'eleven of its lines' },
    { command: 'coppice show fork:try:src/app.ts', does: 'as a fork has it' },
  ],
  surplusHint: 'rev and path are one word: REV:PATH',
  async run(context, { args }) {
    const target = parseShowTarget(args[0]!);
    const path = context.place.path(target.path);
    singleRev(target.rev, 'show');
    const engine = await context.engine();
    const shown = await engine.show(target.rev, path, target.lines, context.call(target.rev));
    context.clearProgress();
    if (context.json) {
      const { rev, path, startLine, endLine, content } = shown;
      context.out.json({ rev: rev.rev, commit: rev.commit, path, startLine, endLine, text: decodeBytes(content) });
    } else context.out.writeBytes(shown.content);
    return 0;
  },
});
