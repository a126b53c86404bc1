import { defineCommand } from '../command.js';
import { formatBytes, formatDuration, formatTable, plural, shortCommit } from '../terminal/format.js';
import { remoteOr, withPublisher } from './push.js';

/** What is no rev: a URL, or a path that says so. */
const isAddress = /^(?:file|s3|https?|(?:open|elastic)searchs?):|^[/~]|^\.\.?\//;

export const command = defineCommand({
  name: 'pull',
  summary: 'take the index of revs from a remote, instead of making it here',
  description:
    'Takes what the store lacks of the revs, or of the nearest commit before them that is published. Every pack is checked:\n' +
    'by its hash, and its texts against the oids that git has for them. With "remote" in config.json or COPPICE_REMOTE every\n' +
    'command does this by itself before it would index, and REMOTE can be left out.',
  usage: '[REMOTE] [REV…] [--history]',
  args: [
    {
      name: 'REMOTE|REV',
      help: 'from where (file:DIR, s3://BUCKET/PREFIX, https://HOST/PATH, opensearch://HOST:PORT/PREFIX); what (HEAD)',
      optional: true,
      many: true,
    },
  ],
  flags: {
    history: { type: 'boolean', help: 'the history behind them as well, so that log need not index it' },
  },
  examples: [
    { command: 'coppice pull s3://team/coppice', does: 'the commit that is checked out' },
    { command: 'coppice pull https://ci.example.com/coppice main v2.0', does: 'these two' },
  ],
  async run(context, { args, flags }) {
    const result = await withPublisher(context, (publisher) => {
      // Without a remote of the configuration the first word has to be one, whatever it looks like.
      const isNamed = args[0] !== undefined && (publisher.remote === null || isAddress.test(args[0]));
      const [address, revs] = isNamed ? [args[0], args.slice(1)] : [undefined, args];
      return publisher.pull(remoteOr(address, publisher), revs, { ...context.call(), history: flags.history });
    });
    context.clearProgress();
    if (context.json) context.out.json(result);
    else {
      const rows = result.revs.map(({ rev, commit, taken }) => [
        context.paint('cyan', rev),
        context.paint('dim', shortCommit(commit)),
        taken === null
          ? 'nothing near it is published'
          : taken === commit
            ? 'is here'
            : `${shortCommit(taken)}, the nearest before it, is here`,
      ]);
      context.out.write(formatTable(rows));
      const packs = result.packs === 0 ? '' : `${plural(result.packs, 'pack')}, `;
      const took = `${packs}${plural(result.chunks, 'new chunk')}, ${formatBytes(result.bytes)}`;
      context.out.write(`${took} from ${result.remote} in ${formatDuration(result.tookMs)}\n`);
    }
    return result.revs.some(({ taken }) => taken !== null) ? 0 : 1;
  },
});
