import { allowsFeedback } from '../../engine/index.js';
import { defineOperation, defineStream } from '../operation.js';

export const repositories = defineOperation({
  name: 'repositories',
  summary: 'the repositories that the store knows',
  effect: 'none',
  repo: 'none',
  parameters: {},
  list: 'repositories',
  run: async ({ host: { engines } }) => ({
    repositories: await engines.repositories(),
    /** Whether the settings let clients say which hits answered (`add-label` with `feedback`). */
    feedback: allowsFeedback(engines.storePath),
  }),
});

export const events = defineStream({
  name: 'events',
  summary: 'what happens in a repository, as it happens',
  description:
    'Items of kind `changed` (its work tree, its HEAD, its refs) and `progress` (of indexing). Ends when the client goes.',
  effect: 'none',
  repo: 'required',
  parameters: {},
  stream: (context) => context.host.events(context.repo(), context.call.signal),
});

export const sweep = defineOperation({
  name: 'sweep',
  summary: 'read a work tree again, whatever its watcher says',
  description:
    'For changes that cause no events, such as writes through a memory map. The daemon does it now and then by itself.',
  effect: 'store',
  repo: 'required',
  parameters: {},
  run: async (context) => {
    await context.host.sweep(context.repo(), context.call.signal);
    return { swept: true };
  },
});

export const daemon = defineOperation({
  name: 'daemon',
  summary: 'about the process that answers',
  effect: 'none',
  repo: 'none',
  parameters: {},
  run: (context) => Promise.resolve(context.host.describe()),
});

export const listenHttp = defineOperation({
  name: 'listen-http',
  summary: 'listen for HTTP on loopback, and tell where and with which token',
  effect: 'process',
  repo: 'none',
  parameters: { port: { type: 'integer', min: 0, max: 65_535, default: 0, help: 'the port; 0 is any free one' } },
  run: (context, { port }) => context.host.listenHttp(port),
});

export const shutDown = defineOperation({
  name: 'shut-down',
  summary: 'end the daemon once what it does is done',
  effect: 'process',
  repo: 'none',
  parameters: {},
  run: (context) => {
    context.host.shutDown();
    return Promise.resolve({ pid: process.pid });
  },
});
