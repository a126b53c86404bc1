import type { ApplyStep } from '../../engine/index.js';
import { CoppiceError } from '../../base/index.js';
import { defineOperation } from '../operation.js';
import type { ParameterTable, ParameterValues } from '../operation.js';
import { contentFields, ttlParameter } from '../parameters.js';
import { visiting } from '../visitors.js';
import { fromWireContent } from '../wire-content.js';

const forkName = { name: { type: 'string', required: true, help: 'the fork' } } as const satisfies ParameterTable;

export const fork = defineOperation({
  name: 'fork',
  summary: 'a copy-on-write fork of a rev, to try edits on',
  description:
    'One small record, whatever the size of the repository. Nothing is checked out and git knows nothing of it.',
  effect: 'names',
  repo: 'required',
  parameters: {
    name: { type: 'string', required: true, help: "the new fork's name" },
    from: { type: 'string', default: 'HEAD', help: 'what to fork: any rev, also another fork or @worktree' },
    ttlMs: { ...ttlParameter.ttlMs, help: 'the fork drops itself so long after, in milliseconds' },
  },
  run: (context, { name, ...options }) => context.engine().fork(name, { ...options, ...context.call }),
});

const stepFields = {
  kind: { type: 'string', required: true, choices: ['commit', 'patch', 'put', 'remove'], help: 'what the step does' },
  rev: { type: 'string', help: 'of commit: go forward to it, or take over its diff' },
  path: { type: 'string', help: 'of put and remove: the file' },
  text: { ...contentFields.text, help: 'of put: the content; of patch: a unified diff, as git diff writes' },
  base64: { ...contentFields.base64, help: 'the same in base64, where it is no text' },
} as const satisfies ParameterTable;

export const apply = defineOperation({
  name: 'apply',
  summary: 'move a fork forward by a diff',
  description: 'The steps are taken in the order given, all of them or none.',
  effect: 'names',
  repo: 'required',
  parameters: {
    ...forkName,
    steps: { type: 'objects', required: true, maxItems: 10_000, fields: stepFields, help: 'what to apply, in order' },
  },
  async run(context, { name, steps }) {
    const { newChunks, ...told } = await context.engine().apply(name, steps.map(toStep), context.call);
    // What is new to the store tells what else is in it, in repositories that a visitor may not see.
    return visiting.getStore() === undefined ? { ...told, newChunks } : told;
  },
});

function toStep({ kind, rev, path, ...content }: ParameterValues<typeof stepFields>, index: number): ApplyStep {
  const needed = <T>(value: T | undefined, field: string): T => {
    if (value !== undefined) return value;
    throw new CoppiceError('USAGE', `steps/${index}: a step of kind ${kind} needs ${field}`, { data: { index } });
  };
  switch (kind) {
    case 'commit':
      return { kind, rev: needed(rev, 'rev') };
    case 'patch':
      return { kind, patch: needed(fromWireContent(content), 'text or base64') };
    case 'put':
      return { kind, path: needed(path, 'path'), content: needed(fromWireContent(content), 'text or base64') };
    case 'remove':
      return { kind, path: needed(path, 'path') };
  }
}

export const forks = defineOperation({
  name: 'forks',
  summary: 'the forks of the repository',
  effect: 'none',
  repo: 'required',
  parameters: {},
  list: 'forks',
  run: async (context) => ({ forks: await context.engine().forks() }),
});

export const drop = defineOperation({
  name: 'drop',
  summary: 'delete a fork',
  effect: 'names',
  repo: 'required',
  parameters: forkName,
  run: async (context, { name }) => {
    await context.engine().drop(name);
    return { name, dropped: true };
  },
});

export const lease = defineOperation({
  name: 'lease',
  summary: 'hold the snapshot of a rev for a task of many calls',
  description:
    'The lease is a rev: searched, it gives the same answers until it expires, whatever becomes of the branch or work tree ' +
    'that it was taken of.',
  effect: 'names',
  repo: 'required',
  parameters: {
    rev: { type: 'string', default: 'HEAD', help: 'what to hold' },
    ttlMs: { ...ttlParameter.ttlMs, help: 'how long, in milliseconds (10 minutes when left out, at most a day)' },
  },
  run: (context, { rev, ...options }) => context.engine().lease(rev, { ...options, ...context.call }),
});

const leaseName = { lease: { type: 'string', required: true, help: 'lease:ID' } } as const satisfies ParameterTable;

export const renewLease = defineOperation({
  name: 'renew-lease',
  summary: 'hold a lease for longer',
  effect: 'names',
  repo: 'required',
  parameters: { ...leaseName, ...ttlParameter },
  run: (context, { lease, ...options }) => context.engine().renewLease(lease, { ...options, ...context.call }),
});

export const releaseLease = defineOperation({
  name: 'release-lease',
  summary: 'let a lease go',
  effect: 'names',
  repo: 'required',
  parameters: leaseName,
  run: async (context, { lease }) => {
    await context.engine().releaseLease(lease);
    return { lease, released: true };
  },
});

const overlayId = {
  id: { type: 'string', required: true, maxLength: 100, help: "an id of the client's choice: letters, digits, . _ -" },
} as const satisfies ParameterTable;

export const putOverlay = defineOperation({
  name: 'put-overlay',
  summary: 'lay unsaved buffers over the work tree, to be searched as overlay:ID',
  description: 'What the id had before is replaced. The work tree shows through as it changes.',
  effect: 'names',
  repo: 'required',
  parameters: {
    ...overlayId,
    files: {
      type: 'objects',
      required: true,
      maxItems: 500,
      fields: {
        path: { type: 'string', required: true, help: 'the file, from the top of the repository' },
        removed: { type: 'boolean', help: 'the file is not there' },
        ...contentFields,
      },
      help: 'the buffers',
    },
    ttlMs: {
      ...ttlParameter.ttlMs,
      help: 'how long after the last put or use, in milliseconds (10 minutes when left out)',
    },
  },
  run: (context, { id, files, ...options }) => {
    const buffers = files.map(({ path, removed, ...content }, index) => {
      const bytes = fromWireContent(content);
      if ((bytes === undefined) !== (removed === true)) {
        throw new CoppiceError('USAGE', `files/${index}: give either text, base64 or removed`, { data: { index } });
      }
      return { path, content: bytes ?? null };
    });
    return context.engine().putOverlay(id, buffers, { ...options, ...context.call });
  },
});

export const dropOverlay = defineOperation({
  name: 'drop-overlay',
  summary: 'take an overlay away',
  effect: 'names',
  repo: 'required',
  parameters: overlayId,
  run: async (context, { id }) => {
    await context.engine().dropOverlay(id);
    return { id, dropped: true };
  },
});
