import { openHttp, storePathOf } from '../../daemon/index.js';
import { defineCommand } from '../command.js';
import { findRoot } from '../typed/place.js';

export const command = defineCommand({
  name: 'open',
  summary: 'the web page, in your browser',
  description:
    'Has the daemon listen on 127.0.0.1 and opens its page with a link that holds the token: do not pass it on. Nothing is\n' +
    'loaded from anywhere else.',
  args: [{ name: 'QUERY', help: 'what to search for at once', optional: true, many: true }],
  flags: {
    port: { type: 'integer', value: 'N', default: 0, help: 'the port; 0 is any free one' },
    'no-browser': { type: 'boolean', help: 'only print the link' },
  },
  examples: [
    { command: 'coppice open', does: 'search the repository around this folder' },
    { command: 'coppice open --no-browser', does: 'print the link' },
  ],
  async run(context, { args, flags }) {
    const { url, token } = await openHttp(context.startOptions(storePathOf(context.storeFolder)), flags.port);
    const repo = context.where;
    const query = args.length === 0 ? {} : { q: args.join(' ') };
    // What is searched where nobody says: what lies there, as in all commands.
    const rev = context.folder !== null && findRoot(context.folder) !== null ? { rev: '@worktree' } : {};
    const link = `${url}/#${new URLSearchParams({ token, repo, ...rev, ...query }).toString()}`;
    if (context.json) context.out.json({ url: link });
    else context.out.write(`${link}\n`);
    if (!flags['no-browser'] && !context.json) {
      const { default: open } = await import('open');
      const child = await open(link);
      child.on('error', () => context.note('no browser could be started; open the link yourself'));
    }
    return 0;
  },
});
