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
