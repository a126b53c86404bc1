import { defineList, defineOperation, defineStream, type ParameterTable } from '../operation.js';
import {
  filterParameters,
  freshnessParameter,
  lineParameters,
  packageParameters,
  patternParameters,
  rangeParameters,
  revParameter,
} from '../parameters.js';

export const search = defineOperation({
  name: 'search',
  summary: 'the best places for some words, ranked',
  description:
    'Words rank; `"exact phrase"` and `/regex/` match as they are, `-term` excludes, `or` and `( )` combine. Filters, each ' +
    'with `-` before it to exclude: `rev:` `repo:` `path:` (or `file:`) `lang:` `sym:` `kind:` `case:yes|no`. With a range ' +
    '`A..B` as rev: what B has new, ranked as in B. Words that are not there are read as the names nearest to them (`didYouMean`). A rev that is not indexed yet is indexed first, by its difference.',
  effect: 'store',
  repo: 'required',
  parameters: {
    query: { type: 'string', required: true, help: 'what to look for' },
    rev: { ...revParameter.rev, help: 'where to search (REV), or in what is new there (A..B)' },
    limit: { type: 'integer', min: 1, max: 10_000, default: 10, help: 'how many hits' },
    mode: {
      type: 'string',
      choices: ['hybrid', 'lexical', 'semantic'],
      default: 'hybrid',
      help: 'what ranks: words, meaning, or both',
    },
    weak: {
      type: 'boolean',
      help: 'weak hits also where there is nothing better',
    },
    explain: { type: 'boolean', help: 'each hit says what gave it its score' },
    effort: {
      type: 'string',
      choices: ['fast', 'best'],
      help: 'fast asks no model that the settings name; best (the default) does',
    },
    dryRun: { type: 'boolean', help: 'only says what would be sent to a model' },
    deadlineMs: patternParameters.deadlineMs,
    ...filterParameters,
    ...packageParameters,
    ...freshnessParameter,
  },
  list: 'hits',
  run: (context, { query, ...options }) => context.engine().search(query, { ...options, ...context.call }),
});

const grepParameters = {
  ...patternParameters,
  ...revParameter,
  ...lineParameters,
  maxCount: { type: 'integer', min: 1, help: 'stop after so many lines; counts are always of all' },
  ...filterParameters,
  ...packageParameters,
  ...freshnessParameter,
} as const satisfies ParameterTable;

export const grep = defineList({
  name: 'grep',
  summary: 'lines that match a pattern, exactly as git grep -n finds them',
  description: 'Sorted by path and line. A rev that is not indexed yet is indexed first, by its difference.',
  effect: 'store',
  repo: 'required',
  parameters: {
    ...grepParameters,
    context: { type: 'integer', min: 0, max: 1000, help: 'lines to show around each match' },
    before: { type: 'integer', min: 0, max: 1000, help: 'lines to show before each match (default: context)' },
    after: { type: 'integer', min: 0, max: 1000, help: 'lines to show after each match (default: context)' },
  },
  list: 'lines',
  batches: (context, { pattern, ...options }) => context.engine().grepBatches(pattern, { ...options, ...context.call }),
});

export const grepCounts = defineList({
  name: 'grep-counts',
  summary: 'how many lines of each file match a pattern',
  effect: 'store',
  repo: 'required',
  parameters: grepParameters,
  list: 'files',
  batches: (context, { pattern, ...options }) =>
    context.engine().grepCountBatches(pattern, { ...options, ...context.call }),
});

export const grepRange = defineList({
  name: 'grep-range',
  summary: 'matching lines that only one of two revs has',
  description: 'Lines that `to` has and `from` has not have the side `+`, the reverse `-`.',
  effect: 'store',
  repo: 'required',
  parameters: {
    ...patternParameters,
    ...rangeParameters,
    ...lineParameters,
    maxCount: { type: 'integer', min: 1, help: 'stop after so many lines' },
    ...filterParameters,
    ...packageParameters,
    ...freshnessParameter,
  },
  list: 'lines',
  batches: (context, { pattern, from, to, ...options }) =>
    context.engine().grepRangeBatches(pattern, from, to, { ...options, ...context.call }),
});

export const symbols = defineOperation({
  name: 'symbols',
  summary: 'definitions by name: exact, then prefix, subword and fuzzy',
  effect: 'store',
  repo: 'required',
  parameters: {
    name: { type: 'string', required: true, help: 'the name of a definition, or its beginning' },
    ...revParameter,
    kinds: { type: 'strings', help: 'only these kinds: function, class, method, type' },
    limit: { type: 'integer', min: 1, max: 10_000, default: 20, help: 'how many' },
    ...filterParameters,
    ...packageParameters,
    ...freshnessParameter,
  },
  list: 'symbols',
  run: (context, { name, ...options }) => context.engine().symbols(name, { ...options, ...context.call }),
});

export const definition = defineOperation({
  name: 'definition',
  summary: 'where a name is defined, the likeliest place first',
  description:
    'Definitions of exactly this name (letter case aside where none has the same), by name and scope, not by type. `isExact`: there is ' +
    'one. Otherwise those come first that are in the scope asked for (`Scope.name`), then near the use (`usedIn`, `usedOnLine`): same file, ' +
    'imported file, folder, language; definitions before declarations without a body. `near` has like names where there is none.',
  effect: 'store',
  repo: 'required',
  parameters: {
    name: {
      type: 'string',
      required: true,
      help: 'the name; Scope.name, Scope::name or Scope#name to say what it is in',
    },
    ...revParameter,
    usedIn: { type: 'string', help: 'a file that uses it: what is near comes first' },
    usedOnLine: { type: 'integer', min: 1, help: 'the line of that use, counted from 1' },
    kinds: { type: 'strings', help: 'only these kinds: function, class, method, type' },
    limit: { type: 'integer', min: 1, max: 10_000, default: 20, help: 'how many' },
    ...filterParameters,
    ...packageParameters,
    ...freshnessParameter,
  },
  list: 'definitions',
  run: (context, { name, ...options }) => context.engine().definition(name, { ...options, ...context.call }),
});

export const references = defineOperation({
  name: 'references',
  summary: 'where code uses a name, by the function around it',
  description:
    'Every line that has the name as a whole word, as `git grep -w`, but for lines that have it only in comments, strings, prose or data, which ' +
    '`lines` counts and `mentions` lists. What is comment or string is told by the rules of the language’s words. By name, not by type: ' +
    'other things of that name are among them.',
  effect: 'store',
  repo: 'required',
  parameters: {
    name: { type: 'string', required: true, help: 'the name; of Scope.name the last part is looked for' },
    ...revParameter,
    mentions: { type: 'boolean', help: 'comments, strings, prose and data too' },
    limit: { type: 'integer', min: 1, max: 1_000_000, default: 1000, help: 'stop after so many lines' },
    deadlineMs: patternParameters.deadlineMs,
    ...filterParameters,
    ...packageParameters,
    pathspecs: lineParameters.pathspecs,
    folder: lineParameters.folder,
    ...freshnessParameter,
  },
  list: 'groups',
  run: (context, { name, ...options }) => context.engine().references(name, { ...options, ...context.call }),
});

const logParameters = {
  ...patternParameters,
  revs: { type: 'strings', help: 'whose history: commits or A..B; HEAD when none is given' },
  firstParent: { type: 'boolean', help: 'only along first parents; merges count against the first' },
  maxCount: { type: 'integer', min: 1, help: 'stop after so many results' },
  ...filterParameters,
} as const;

export const log = defineStream({
  name: 'log',
  summary: 'when the lines that match came and went',
  description:
    'For each distinct matching line of the history of the revs: the commits after which some file has it more often or ' +
    'less often than before, newest first, and the branches and tags that have it now. History that is not indexed is ' +
    'indexed first.',
  effect: 'store',
  repo: 'required',
  parameters: logParameters,
  stream: (context, { pattern, revs, ...options }) =>
    context.engine().log(pattern, revs, { ...options, ...context.call }),
});

export const logCommits = defineStream({
  name: 'log-commits',
  summary: 'the commits that change how often a pattern occurs, as git log -S',
  effect: 'store',
  repo: 'required',
  parameters: logParameters,
  stream: (context, { pattern, revs, ...options }) =>
    context.engine().logCommits(pattern, revs, { ...options, ...context.call }),
});
