import { operations } from '../../api/index.js';
import type { DoctorProblem } from '../../engine/index.js';
import { CoppiceError } from '../../base/index.js';
import { defineCommand, type ExitCode } from '../command.js';
import type { CommandContext } from '../context.js';
import { formatBytes, formatDuration, plural } from '../terminal/format.js';
import { formatError, type ReportedError } from '../report-error.js';
import { withPublisher } from './push.js';
import { quotePath } from '../terminal/quote-path.js';
import type { Paint } from '../terminal/style.js';

export const command = defineCommand({
  name: 'doctor',
  summary: operations.doctor.summary,
  description:
    'Exit code 2 while a problem is left. A repair drops what is damaged; it is indexed again on next use. With the\n' +
    'address of a search cluster that is verified: what its documents refer to is there, every number is given once,\n' +
    'each snapshot finds what its files have, and the texts of 500 files are those of their blobs.',
  args: [{ name: 'REMOTE', help: 'verify opensearch://HOST:PORT/PREFIX, not the store', optional: true }],
  flags: { repair: { type: 'boolean', help: 'put right what is found' } },
  examples: [{ command: 'coppice doctor --repair', does: 'verify and put right' }],
  async run(context, { args, flags }) {
    const [remote] = args as [string?];
    if (remote !== undefined) return examineRemote(context, remote, flags.repair);
    const engine = await context.engine();
    const result = await engine.doctor({ ...context.call(), repair: flags.repair });
    context.clearProgress();
    const error = leftOver(result.problems, flags.repair);
    if (context.json) context.out.json({ ...result, ...(error === undefined ? {} : { error }) });
    else {
      for (const problem of result.problems) context.out.write(formatProblem(problem, context.paint));
      for (const { tree, files } of result.provisional) {
        const names = files.slice(0, 3).map(({ path }) => quotePath(path));
        const more = files.length > names.length ? ', …' : '';
        context.out.write(
          `${context.paint('yellow', 'provisional')}  tree ${tree.slice(0, 10)}: ${plural(files.length, 'file')} cut by lines for now (${names.join(', ')}${more}): ` +
            `${files[0]!.message}\n          ${context.paint('dim', 'analysed again when it is next asked for')}\n`,
        );
      }
      const checked = `${plural(result.segmentsChecked, 'segment')}, ${formatBytes(result.bytesChecked)} verified`;
      const found = result.problems.length === 0 ? 'no problems' : plural(result.problems.length, 'problem');
      context.out.write(`${found}: ${checked} in ${formatDuration(result.tookMs)}\n`);
    }
    if (error === undefined) return 0;
    // Not thrown: under --json the one document has all problems and the error.
    context.out.flush();
    context.tell(formatError(error, context.errorPaint));
    return 2;
  },
});

async function examineRemote(context: CommandContext, address: string, repair: boolean): Promise<ExitCode> {
  if (repair) {
    throw new CoppiceError('USAGE', 'a cluster is not repaired', {
      hint: 'coppice remote gc REMOTE removes what nothing refers to; what is missing is pushed again under another prefix',
    });
  }
  const result = await withPublisher(context, (publisher) => publisher.examine(address, context.call()));
  context.clearProgress();
  const { problems, commits, documents, filesHashed, tookMs } = result;
  const error: ReportedError | undefined =
    problems.length === 0
      ? undefined
      : {
          code: 'REMOTE_INVALID',
          message: `${plural(problems.length, 'problem')} at ${result.remote}`,
          hint: problems[0]!.remedy,
        };
  if (context.json) context.out.json({ ...result, ...(error === undefined ? {} : { error }) });
  else {
    for (const problem of problems) context.out.write(formatProblem({ ...problem, repaired: false }, context.paint));
    const found = problems.length === 0 ? 'no problems' : plural(problems.length, 'problem');
    const { snapshots, trees, files, chunks } = documents;
    context.out.write(
      `${found}: ${plural(commits, 'commit')}, ${plural(snapshots, 'snapshot')}, ${plural(trees, 'directory', 'directories')}, ` +
        `${plural(files, 'file')} (${filesHashed} hashed), ${plural(chunks, 'chunk')} verified in ${formatDuration(tookMs)}\n`,
    );
  }
  if (error === undefined) return 0;
  context.out.flush();
  context.tell(formatError(error, context.errorPaint));
  return 2;
}

function leftOver(problems: readonly DoctorProblem[], repair: boolean): ReportedError | undefined {
  const left = problems.filter((problem) => !problem.repaired).length;
  if (left === 0) return undefined;
  const hint = repair ? 'delete the store and index again; the repository has all it needs' : 'coppice doctor --repair';
  return { code: 'STORE_CORRUPT', message: `${plural(left, 'problem')} in the store`, hint };
}

function formatProblem(problem: DoctorProblem, paint: Paint): string {
  const state = problem.repaired ? paint('green', 'repaired') : paint('red', 'damaged');
  return `${state}  ${problem.where}: ${problem.message}\n          ${paint('dim', problem.remedy)}\n`;
}
