import { CoppiceError, decodeBytes } from '../../base/index.js';
import { operations } from '../../api/index.js';
import { defineCommand } from '../command.js';
import { packageFilter, packageFlags, revFlag } from '../typed/filter-flags.js';
import { filePath } from '../typed/place.js';
import { singleRev } from '../typed/rev-range.js';
import { parseShowTarget } from '../typed/show-target.js';

export const command = defineCommand({
  name: 'show',
  summary: operations.show.summary,
  args: [{ name: '[REV:]PATH[:A-B]', help: 'a file (at a rev); :A-B or :A at the end picks lines, counted from 1' }],
  flags: { ...revFlag, ...packageFlags },
  examples: [
    { command: 'coppice show src/app.ts:10-20', does: 'lines of a file on disk' },
    { command: 'coppice show main:src/app.ts', does: 'the whole file, byte for byte' },
    { command: 'coppice show v1.2:src/app.ts:10-20', does: 'eleven of its lines' },
    { command: 'coppice show --deps node_modules/react/index.js', does: 'a file of a package' },
    { command: 'coppice show fork:try:src/app.ts', does: 'as a fork has it' },
  ],
  surplusHint: 'rev and path are one word: REV:PATH',
  elsewhere: {
    ...Object.fromEntries(
      'stat shortstat numstat name-only name-status summary oneline format pretty s no-patch p patch u w'
        .split(' ')
        .map((name) => [name, 'coppice compare REV~ REV lists the files that a commit changed; git show its lines']),
    ),
    n: 'line numbers: coppice grep "" PATH',
  },
  async run(context, { args, flags }) {
    const { rev, path: given, lines } = parseShowTarget(args[0]!, flags.rev !== undefined);
    const at = singleRev(flags.rev ?? rev, 'show');
    const path = filePath(context, { given, isFromHere: rev === undefined, rev: at });
    const engine = await context.engine();
    const shown = await engine
      .show(at, path, lines, { ...context.call(at ?? null), ...packageFilter(flags) })
      .catch(async (error: unknown) => {
        // `git show HEAD:src`: a folder's files.
        if (isCode(error, 'PATH_NOT_FOUND') && (error as CoppiceError).message.endsWith(' is a folder')) {
          const folder = rev === undefined ? given : `:/${path}`;
          const hint = `coppice files ${at === undefined ? '' : `--rev ${at} `}${folder} lists its files`;
          throw new CoppiceError('PATH_NOT_FOUND', (error as CoppiceError).message, { hint });
        }
        // `git show HEAD`: what is meant is a commit.
        const isRev = at === undefined && lines === undefined && isCode(error, 'PATH_NOT_FOUND');
        const named = isRev ? await engine.resolve(given).catch(() => undefined) : undefined;
        if (named === undefined) throw error;
        throw new CoppiceError('USAGE', `${given} is a rev, and a file is shown`, {
          hint: `coppice compare ${given}~ ${given} lists what a commit changed, coppice show ${given}:PATH shows a file`,
        });
      });
    context.clearProgress();
    if (context.json) {
      const { rev, path, startLine, endLine, content } = shown;
      context.out.json({ rev: rev.rev, commit: rev.commit, path, startLine, endLine, text: decodeBytes(content) });
    } else context.out.writeBytes(shown.content);
    return 0;
  },
});

const isCode = (error: unknown, code: string): boolean => error instanceof CoppiceError && error.code === code;
