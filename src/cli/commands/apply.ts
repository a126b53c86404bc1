import { CoppiceError } from '../../base/index.js';
import { operations } from '../../api/index.js';
import type { ApplyStep } from '../../engine/index.js';
import { defineCommand, type GivenFlag } from '../command.js';
import type { Io } from '../io.js';
import { formatDuration, plural } from '../terminal/format.js';
import { readInput } from '../typed/input-file.js';
import { singleRev } from '../typed/rev-range.js';

export const command = defineCommand({
  name: 'apply',
  summary: operations.apply.summary,
  usage: 'NAME (--commit REV | --patch FILE | --put PATH=FILE | --rm PATH)…',
  description: 'The steps are taken in the order given, all of them or none. - in place of FILE reads standard input.',
  args: [{ name: 'NAME', help: 'the fork' }],
  flags: {
    commit: { type: 'string', many: true, value: 'REV', help: 'go forward to this commit, or take over its diff' },
    patch: { type: 'string', many: true, value: 'FILE', help: 'apply a unified diff, as git diff writes' },
    put: { type: 'string', many: true, value: 'PATH=FILE', help: 'give PATH the content of FILE' },
    rm: { type: 'string', many: true, value: 'PATH', help: 'remove PATH' },
  },
  examples: [
    { command: 'git diff | coppice apply try --patch -', does: 'what is changed but not committed' },
    { command: 'coppice apply try --put src/a.ts=draft.ts --rm src/b.ts', does: 'two edits at once' },
    { command: 'coppice apply review --commit origin/main', does: 'follow a branch' },
  ],
  async run(context, { args, given }) {
    const steps = await readSteps(given, context.io);
    const engine = await context.engine();
    const result = await engine.apply(args[0]!, steps, context.call());
    context.clearProgress();
    const { name, rev, commit, tree, changedFiles, newChunks, tookMs } = result;
    if (context.json) context.out.json({ name, rev, commit, tree, changedFiles, newChunks, tookMs });
    else {
      const changed = `${plural(changedFiles, 'file')} changed, ${plural(newChunks, 'new chunk')}`;
      context.out.write(`${context.paint('cyan', name)}: ${changed} in ${formatDuration(tookMs)}\n`);
    }
    return 0;
  },
});

/** The steps in the order of the command line, with the files they name. */
export async function readSteps(flags: readonly GivenFlag[], io: Io): Promise<ApplyStep[]> {
  const steps: ApplyStep[] = [];
  let stdinTaken = false;
  const read = async (file: string): Promise<Uint8Array> => {
    if (file === '-' && stdinTaken) {
      throw new CoppiceError('USAGE', 'standard input can be read only once', {
        hint: 'give - to one step and files to the others',
      });
    }
    stdinTaken ||= file === '-';
    return readInput(io, file);
  };
  for (const { name, value } of flags) {
    if (name === 'commit') steps.push({ kind: 'commit', rev: singleRev(value, 'apply') ?? value });
    else if (name === 'patch') steps.push({ kind: 'patch', patch: await read(value) });
    else if (name === 'rm') steps.push({ kind: 'remove', path: value });
    else if (name === 'put') {
      // The first `=` ends the path: files named on the way in are likelier to hold one than paths of a repository.
      const at = value.indexOf('=');
      if (at < 1 || at === value.length - 1) {
        throw new CoppiceError('USAGE', `--put needs PATH=FILE, not '${value}'`, {
          hint: 'PATH=- reads standard input',
        });
      }
      steps.push({ kind: 'put', path: value.slice(0, at), content: await read(value.slice(at + 1)) });
    }
  }
  if (steps.length === 0) {
    throw new CoppiceError('USAGE', 'coppice apply needs a step to take', {
      hint: 'give --commit REV, --patch FILE, --put PATH=FILE or --rm PATH',
    });
  }
  return steps;
}
