import type { Publisher } from '../../engine/index.js';
import { CoppiceError } from '../../base/index.js';
import { defineCommand, given } from '../command.js';
import type { CommandContext } from '../context.js';
import { formatBytes, formatDuration, formatTable, plural, shortCommit } from '../terminal/format.js';

export const command = defineCommand({
  name: 'push',
  summary: 'publish the index of revs at a remote, for whoever pulls',
  description:
    'What the remote lacks is sent as packs, and made visible by one conditional write: any number may push at once, and\n' +
    'one that is killed leaves the remote as it was. A remote is file:DIR or s3://BUCKET/PREFIX (AWS_* variables or\n' +
    '~/.aws; AWS_ENDPOINT_URL for other servers than Amazon), or opensearch://HOST:PORT/PREFIX, which is searched where\n' +
    'it is. Revs are indexed first where they are not. Exits with 1 where one is not published, as objects of it are missing\n' +
    'here.',
  args: [
    { name: 'REMOTE', help: 'file:DIR, s3://BUCKET/PREFIX or opensearch://HOST:PORT/PREFIX' },
    { name: 'REV', help: 'what to publish; HEAD when none is given', optional: true, many: true },
  ],
  flags: {
    all: { type: 'boolean', help: 'every branch and tag' },
    history: { type: 'boolean', help: 'every commit behind them as well: for log, and to search any of them' },
    'no-text': { type: 'boolean', help: 'leave the text out: who pulls reads it from the repository' },
    sign: { type: 'string', value: 'KEY', help: 'file with a private ed25519 key (PEM) to sign with' },
  },
  examples: [
    { command: 'coppice push s3://team/coppice', does: 'publish the commit that is checked out' },
    { command: 'coppice push file:/mnt/coppice --all --history', does: 'publish every commit of every branch and tag' },
  ],
  async run(context, { args, flags }) {
    const [remote, ...revs] = args as [string, ...string[]];
    const result = await withPublisher(context, (publisher) =>
      publisher.push(remote, revs, {
        ...context.call(),
        all: flags.all,
        history: flags.history,
        noText: flags['no-text'],
        ...given({ sign: flags.sign === undefined ? undefined : context.pathOf(flags.sign) }),
      }),
    );
    context.clearProgress();
    if (context.json) context.out.json(result);
    else {
      const rows = result.revs
        .slice(0, revsShown)
        .map(({ rev, commit, isNew, isPublished }) => [
          context.paint('cyan', rev),
          context.paint('dim', shortCommit(commit)),
          !isPublished ? 'not published' : isNew ? 'published' : context.paint('dim', 'was there'),
        ]);
      context.out.write(formatTable(rows));
      const { commits, packs, documents, bytes } = result;
      const as = documents === undefined ? plural(packs, 'pack') : plural(documents, 'new document');
      const sent = `${plural(commits, 'new commit')}, ${as}, ${formatBytes(bytes)}`;
      context.out.write(`${sent} to ${result.remote} in ${formatDuration(result.tookMs)}\n`);
    }
    return result.revs.every(({ isPublished }) => isPublished) ? 0 : 1;
  },
});

const revsShown = 20;

/** Runs an action on the repository that is meant and what is published of it: in this process, whose environment has the credentials. */
export async function withPublisher<T>(
  context: CommandContext,
  action: (publisher: Publisher) => Promise<T>,
): Promise<T> {
  // Whoever lists all commands needs no engine.
  const { openPublisher } = await import('../../engine/index.js');
  const publisher = await openPublisher({
    ...given({ store: context.storeFolder }),
    repo: context.where,
    folder: context.io.cwd,
    onNote: (note) => context.note(note),
  });
  try {
    return await action(publisher);
  } finally {
    await publisher.close();
  }
}

/** The remote that is named, else the one of the settings. USAGE. */
export function remoteOr(address: string | undefined, publisher: Publisher): string {
  const remote = address ?? publisher.remote;
  if (remote !== null) return remote;
  throw new CoppiceError('USAGE', 'no remote is named', {
    hint: 'name one: file:DIR, s3://BUCKET/PREFIX or https://…; or set "remote" in config.json or COPPICE_REMOTE',
  });
}
