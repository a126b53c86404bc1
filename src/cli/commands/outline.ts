import { operations } from '../../api/index.js';
import { defineCommand } from '../command.js';
import { revFlag } from '../typed/filter-flags.js';
import { printable } from '../terminal/format.js';
import { filePath } from '../typed/place.js';
import { singleRev } from '../typed/rev-range.js';
import { parseShowTarget } from '../typed/show-target.js';

export const command = defineCommand({
  name: 'outline',
  summary: operations.outline.summary,
  description: 'A line for each definition, indented by what it is in: its line number, its kind, and its head.',
  args: [{ name: '[REV:]PATH', help: 'a file (at a rev)' }],
  flags: { ...revFlag },
  examples: [
    { command: 'coppice outline src/app.ts', does: 'as it lies on disk' },
    { command: 'coppice outline v1.2:src/app.ts', does: 'at a tag' },
  ],
  surplusHint: 'rev and path are one word: REV:PATH',
  async run(context, { args, flags }) {
    const { rev, path: given } = parseShowTarget(args[0]!, flags.rev !== undefined);
    const at = singleRev(flags.rev ?? rev, 'outline');
    const path = filePath(context, { given, isFromHere: rev === undefined, rev: at });
    const engine = await context.engine();
    const outline = await engine.outline(at, path, context.call(at ?? null));
    context.clearProgress();
    const { symbols, freshness } = outline;
    if (context.json) {
      const { rev: asked, commit } = outline.rev;
      context.out.json({ rev: asked, commit, path: outline.path, symbols, freshness });
    } else {
      const { paint } = context;
      const width = String(symbols.at(-1)?.line ?? 0).length;
      for (const { line, kind, scope, name, signature } of symbols) {
        const depth = scope === '' ? 0 : scope.split('.').length;
        const number = paint('green', String(line).padStart(width));
        const head = signature === '' ? paint('bold', printable(name)) : printable(signature);
        context.out.write(`${number}  ${'  '.repeat(depth)}${paint('dim', kind)} ${head}\n`);
      }
    }
    return symbols.length > 0 ? 0 : 1;
  },
});
