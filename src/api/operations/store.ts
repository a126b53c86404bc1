import { defineOperation, defineStream } from '../operation.js';

export const index = defineOperation({
  name: 'index',
  summary: 'index revs ahead of their first search',
  description:
    'What is searched is indexed on first use, by its difference from what is there; this does it beforehand.',
  effect: 'store',
  repo: 'required',
  parameters: {
    revs: { type: 'strings', maxItems: 100_000, help: 'what to index; HEAD when none is given' },
    all: { type: 'boolean', help: 'every branch and tag as well' },
    history: { type: 'boolean', help: 'every commit reachable from them as well' },
    deps: { type: 'boolean', help: 'what the project depends on as well' },
  },
  run: (context, { revs, ...options }) => context.engine().index(revs ?? ['HEAD'], { ...options, ...context.call }),
});

const revsParameter = { revs: { type: 'strings', help: 'what to describe; HEAD when none is given' } } as const;

export const describe = defineOperation({
  name: 'describe',
  summary: 'have a model write what each chunk of code does, to be searched with',
  description:
    'The model is `describe` in `config.json`, or `chat`. Each distinct chunk is described once per model, those first that gain most. ' +
    'What is done is kept when the request is cancelled.',
  effect: 'store',
  repo: 'required',
  parameters: {
    ...revsParameter,
    budgetTokens: { type: 'integer', min: 1, help: 'stop before so many tokens are spent' },
    limit: { type: 'integer', min: 1, help: 'describe so many chunks at most' },
  },
  run: (context, { revs, ...options }) => context.engine().describe(revs ?? [], { ...options, ...context.call }),
});

export const describePlan = defineStream({
  name: 'describe-plan',
  summary: 'what describe would send, request by request',
  effect: 'store',
  repo: 'required',
  parameters: revsParameter,
  stream: (context, { revs }) => context.engine().describePlan(revs ?? [], context.call),
});

export const status = defineOperation({
  name: 'status',
  summary: 'what is indexed, how fresh it is, and how much it takes',
  effect: 'none',
  repo: 'required',
  parameters: {},
  run: async (context) => ({ ...(await context.engine().status(context.call)), daemon: context.host.describe() }),
});

export const views = defineOperation({
  name: 'views',
  summary: 'the views that have names: several repositories searched as one',
  effect: 'none',
  repo: 'none',
  parameters: {},
  list: 'views',
  run: async (context) => ({ views: await context.anywhere().views() }),
});

export const addView = defineOperation({
  name: 'add-view',
  summary: 'give several repositories a name, by which they are searched as one',
  description: 'It is then a place to look at: `view:NAME` as repo.',
  effect: 'names',
  repo: 'none',
  parameters: {
    name: { type: 'string', required: true, help: 'the name of the view' },
    roots: {
      type: 'strings',
      required: true,
      help: 'absolute paths or names of repositories, each perhaps with @REV behind; * for all that are known',
    },
    deps: { type: 'boolean', help: 'with the packages that they depend on' },
  },
  run: (context, { name, roots, deps }) =>
    context.anywhere().addView(name, roots, { ...context.call, ...(deps === true ? { deps } : {}) }),
});

export const dropView = defineOperation({
  name: 'drop-view',
  summary: 'forget a view; its repositories stay as they are',
  effect: 'names',
  repo: 'none',
  parameters: { name: { type: 'string', required: true, help: 'the name of the view' } },
  run: async (context, { name }) => {
    await context.anywhere().dropView(name);
    return { dropped: name };
  },
});

export const gc = defineOperation({
  name: 'gc',
  summary: 'give back what no ref, fork or lease reaches',
  effect: 'store',
  repo: 'required',
  parameters: { dryRun: { type: 'boolean', help: 'only say what would be given back' } },
  run: (context, options) => context.engine().gc({ ...options, ...context.call }),
});

export const doctor = defineOperation({
  name: 'doctor',
  summary: 'verify every checksum and invariant of the store',
  effect: 'store',
  repo: 'required',
  parameters: { repair: { type: 'boolean', help: 'make it whole again' } },
  run: (context, options) => context.engine().doctor({ ...options, ...context.call }),
});
