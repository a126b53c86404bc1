import type { ShownText } from '../../engine/index.js';
import { defineOperation, defineStream } from '../operation.js';
import {
  filterParameters,
  freshnessParameter,
  packageParameters,
  placeParameters,
  rangeParameters,
  revParameter,
} from '../parameters.js';
import { toWireContent } from '../wire-content.js';

export const show = defineOperation({
  name: 'show',
  summary: 'the text of a file, or of some of its lines, at a rev',
  effect: 'store',
  repo: 'required',
  parameters: {
    rev: { ...revParameter.rev, help: 'where' },
    path: { type: 'string', required: true, help: 'the file, from the top of the repository' },
    start: { type: 'integer', min: 1, help: 'first line, counted from 1' },
    end: { type: 'integer', min: 1, help: 'last line; the first one when left out' },
    ...packageParameters,
    ...freshnessParameter,
  },
  async run(context, { rev, path, start, end, ...options }) {
    const from = start ?? (end === undefined ? undefined : 1);
    const lines = from === undefined ? undefined : { start: from, end: end ?? from };
    const shown = await context.engine().show(rev, path, lines, { ...options, ...context.call });
    const { content, ...rest }: ShownText = shown;
    return { ...rest, ...toWireContent(content) };
  },
});

export const resolve = defineOperation({
  name: 'resolve',
  summary: 'what a rev names',
  effect: 'none',
  repo: 'required',
  parameters: { rev: { ...revParameter.rev, help: 'the rev' } },
  run: (context, { rev }) => context.engine().resolve(rev, context.call),
});

export const outline = defineOperation({
  name: 'outline',
  summary: 'the definitions of a file',
  effect: 'store',
  repo: 'required',
  parameters: {
    rev: { ...revParameter.rev, help: 'where' },
    path: { type: 'string', required: true, help: 'the file, from the top of the repository' },
    ...packageParameters,
    ...freshnessParameter,
  },
  run: (context, { rev, path, ...options }) => context.engine().outline(rev, path, { ...options, ...context.call }),
});

export const files = defineOperation({
  name: 'files',
  summary: 'the files at a rev',
  effect: 'store',
  repo: 'required',
  parameters: {
    rev: { ...revParameter.rev, help: 'where' },
    limit: { type: 'integer', min: 1, max: 1_000_000, default: 1000, help: 'how many' },
    ...placeParameters,
    ...filterParameters,
    ...packageParameters,
    ...freshnessParameter,
  },
  list: 'files',
  run: (context, options) => context.engine().files({ ...options, ...context.call }),
});

const folderParameters = {
  path: { type: 'string', default: '', help: 'the folder, from the top of the repository; empty: the top' },
  rev: { ...revParameter.rev, help: 'where' },
  ...packageParameters,
  ...freshnessParameter,
} as const;

export const folder = defineOperation({
  name: 'folder',
  summary: 'what a folder holds directly, at a rev',
  description:
    'Folders first, with how many files are below them; one with nothing but another folder in it stands with that as `a/b`.',
  effect: 'store',
  repo: 'required',
  parameters: folderParameters,
  list: 'entries',
  run: (context, { path, ...options }) => context.engine().folder(path, { ...options, ...context.call }),
});

export const lastChanges = defineStream({
  name: 'last-changes',
  summary: 'which commit changed each entry of a folder last',
  description:
    'The newest first. Merges do not count, nor what is in no commit; above the roots of a view there is nothing to tell.',
  effect: 'store',
  repo: 'required',
  parameters: {
    ...folderParameters,
    deadlineMs: {
      type: 'integer',
      min: 1,
      max: 60_000,
      default: 3_000,
      help: 'give up after this long, in milliseconds',
    },
  },
  stream: (context, { path, ...options }) => context.engine().lastChanges(path, { ...options, ...context.call }),
});

export const compare = defineOperation({
  name: 'compare',
  summary: 'the files that differ between two revs',
  effect: 'store',
  repo: 'required',
  parameters: {
    ...rangeParameters,
    limit: { type: 'integer', min: 1, max: 1_000_000, default: 1000, help: 'how many' },
    ...filterParameters,
    ...freshnessParameter,
  },
  list: 'files',
  run: (context, { from, to, ...options }) => context.engine().compare(from, to, { ...options, ...context.call }),
});

export const revs = defineOperation({
  name: 'revs',
  summary: 'branches, tags, forks and work trees that can be searched',
  description: 'A rev need not be in this list: any sha, or what `git rev-parse` takes for one, can be searched.',
  effect: 'none',
  repo: 'required',
  parameters: {
    match: { type: 'string', help: 'only names that contain this' },
    limit: { type: 'integer', min: 1, max: 100_000, default: 100, help: 'how many' },
  },
  list: 'revs',
  run: (context, options) => context.engine().revs({ ...options, ...context.call }),
});
