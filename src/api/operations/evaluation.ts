import { defineOperation, defineStream } from '../operation.js';

export const changes = defineStream({
  name: 'changes',
  summary: 'the newest commits with one parent, and which files they changed',
  effect: 'none',
  repo: 'required',
  parameters: {
    rev: { type: 'string', required: true, help: 'whose history' },
    maxCount: { type: 'integer', min: 1, max: 100_000, help: 'commits, at most' },
  },
  stream: (context, { rev, ...options }) => context.engine().changes(rev, { ...options, ...context.call }),
});

export const changedLines = defineOperation({
  name: 'changed-lines',
  summary: 'which lines of a file a commit changed, as its parent has them',
  effect: 'none',
  repo: 'required',
  parameters: {
    parent: { type: 'string', required: true, help: 'a full sha' },
    commit: { type: 'string', required: true, help: 'a full sha' },
    path: { type: 'string', required: true, help: 'from the root' },
  },
  run: async (context, { parent, commit, path }) => ({
    lines: await context.engine().changedLines(parent, commit, path, context.call),
  }),
});

export const addLabel = defineOperation({
  name: 'add-label',
  summary: 'add a question and its answer to a golden set',
  description:
    'Appends a line to `golden.jsonl` at the top of the work tree, or to `set`, a .jsonl file in it. With `feedback`, where ' +
    'the settings allow it, to a set in the store.',
  effect: 'names',
  repo: 'required',
  parameters: {
    query: { type: 'string', required: true, help: 'the question' },
    path: { type: 'string', required: true, help: 'the file that answers it, from the root' },
    startLine: { type: 'integer', min: 1, help: 'first line of the answer; without it the whole file' },
    endLine: { type: 'integer', min: 1, help: 'last line of the answer' },
    rev: { type: 'string', help: 'where the file is' },
    set: { type: 'string', help: 'a .jsonl file in the work tree (default golden.jsonl)' },
    feedback: { type: 'boolean', help: "an agent's: to the store's own set" },
    answered: { type: 'boolean', default: true, help: 'false: this place does not answer' },
  },
  run: (context, label) => context.engine().addLabel(label),
});
