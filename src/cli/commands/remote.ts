import { CoppiceError } from '../../base/index.js';
import { defineCommand, given } from '../command.js';
import { formatBytes, plural } from '../terminal/format.js';
import { withPublisher } from './push.js';

const hourMs = 60 * 60 * 1000;

export const command = defineCommand({
  name: 'remote',
  summary: 'clean up what is published: remote gc REMOTE --keep NAME…',
  description:
    'Removes from a remote what no kept name reaches. Names are branches and tags as they were pushed, by globs (`*` crosses\n' +
    '`/`), or commits. Objects that nobody refers to any more stay for the grace time, as readers may be at them: a later gc\n' +
    'removes them. --dry-run tells exactly what would go.',
  usage: 'gc REMOTE --keep NAME… [--grace HOURS] [--only REPOSITORY] [--dry-run]',
  args: [
    { name: 'gc', help: 'the only thing to do so far' },
    { name: 'REMOTE', help: 'file:DIR, s3://BUCKET/PREFIX or opensearch://HOST:PORT/PREFIX' },
  ],
  flags: {
    keep: {
      type: 'string',
      value: 'NAME',
      many: true,
      help: 'a branch, tag, glob or commit that stays, with all it reaches',
    },
    grace: {
      type: 'integer',
      value: 'HOURS',
      default: 24,
      min: 0,
      help: 'how long what is unused stays for its readers',
    },
    only: { type: 'string', value: 'NAME', help: 'clean up this published repository alone' },
    'dry-run': { type: 'boolean', help: 'tell what would go, and change nothing' },
    sign: { type: 'string', value: 'KEY', help: 'file with the private key that the remote is signed with' },
  },
  examples: [
    { command: "coppice remote gc s3://team/coppice --keep main --keep 'v*' --dry-run", does: 'what would go' },
  ],
  async run(context, { args, flags }) {
    const [verb, remote] = args as [string, string];
    if (verb !== 'gc') {
      throw new CoppiceError('USAGE', `'${verb}' is nothing that can be done to a remote`, {
        hint: 'coppice remote gc REMOTE --keep NAME',
      });
    }
    const result = await withPublisher(context, (publisher) =>
      publisher.collect(remote, {
        ...context.call(),
        keep: flags.keep,
        dryRun: flags['dry-run'],
        graceMs: flags.grace * hourMs,
        ...given({
          only: flags.only,
          sign: flags.sign === undefined ? undefined : context.pathOf(flags.sign),
        }),
      }),
    );
    context.clearProgress();
    if (context.json) context.out.json(result);
    else {
      const would = result.dryRun ? 'would be ' : '';
      const documents = result.removedDocuments;
      for (const { name, commitsBefore, commitsAfter, bytesBefore, bytesAfter } of result.repositories) {
        const packs = `, ${formatBytes(bytesBefore)} of packs ${would}${formatBytes(bytesAfter)}`;
        context.out.write(
          `${context.paint('cyan', name)}  ${plural(commitsBefore - commitsAfter, 'commit')} of ${commitsBefore} ${would}dropped` +
            `${documents === undefined ? packs : ''}\n`,
        );
      }
      if (documents !== undefined) {
        const { snapshots, trees, files, chunks } = documents;
        const { removedForks: forks = 0 } = result;
        const expired = forks === 0 ? '' : `, ${plural(forks, 'expired fork')}`;
        context.out.write(
          `${plural(snapshots, 'snapshot')}, ${plural(trees, 'directory', 'directories')}, ${plural(files, 'file')}, ${plural(chunks, 'chunk')}${expired} ${would}removed; ` +
            `${plural(result.waitingObjects, 'snapshot')} wait for their grace to end\n`,
        );
        return 0;
      }
      context.out.write(
        `${plural(result.removedObjects, 'object')}, ${formatBytes(result.removedBytes)} ${would}removed; ` +
          `${plural(result.waitingObjects, 'object')}, ${formatBytes(result.waitingBytes)} wait for their grace to end\n`,
      );
    }
    return 0;
  },
});
