import type { ParameterTable } from './operation.js';

/** Parameters that several operations take, with one meaning. */
export const revParameter = {
  rev: {
    type: 'string',
    help: 'branch, tag, sha, fork, lease:ID, overlay:ID (default @worktree; HEAD where bare)',
  },
} as const satisfies ParameterTable;

export const freshnessParameter = {
  allowStale: {
    type: 'boolean',
    help: 'answer at once from the last known state of a watched work tree, and call it stale, instead of reading it first',
  },
} as const satisfies ParameterTable;

export const filterParameters = {
  paths: { type: 'strings', help: 'only these paths, globs or substrings; !GLOB leaves out' },
  languages: { type: 'strings', help: 'only these languages: go, typescript, ts; !go leaves out' },
} as const satisfies ParameterTable;

/** In which packages it is looked. */
export const packageParameters = {
  deps: {
    type: 'strings',
    help: 'in the packages that are installed (of another rev: locked), instead of the own files: react, @types/*, lodash@^4, !NAME, :direct, :prod; * for all',
  },
  withDeps: { type: 'boolean', help: 'in the own files and in packages' },
  fetch: {
    type: 'boolean',
    help: 'fetch packages that nobody has on disk from the registry that npm is configured to use',
  },
} as const satisfies ParameterTable;

export const patternParameters = {
  pattern: { type: 'string', required: true, help: 'a regular expression, or literal text with literal' },
  literal: { type: 'boolean', help: 'the pattern is literal text' },
  ignoreCase: { type: 'boolean', help: 'a and A are the same' },
  wholeWord: { type: 'boolean', help: 'whole words only' },
  deadlineMs: {
    type: 'integer',
    min: 1,
    max: 60_000,
    default: 10_000,
    help: 'give up with PATTERN_TIMEOUT after this long, in milliseconds',
  },
} as const satisfies ParameterTable;

/** Where in a repository one stands, and what is named there. */
export const placeParameters = {
  pathspecs: { type: 'strings', help: 'only these paths, as git reads them in folder' },
  folder: { type: 'string', help: 'only below this folder, from the root; pathspecs count from it' },
} as const satisfies ParameterTable;

/** Of a pattern's lines, and where they are. */
export const lineParameters = {
  invert: { type: 'boolean', help: 'the lines that do not match' },
  ...placeParameters,
} as const satisfies ParameterTable;

export const rangeParameters = {
  from: { type: 'string', required: true, help: 'the rev to compare with' },
  to: { type: 'string', required: true, help: 'the rev that is asked about' },
} as const satisfies ParameterTable;

export const ttlParameter = {
  ttlMs: { type: 'integer', min: 1, max: 86_400_000, help: 'how long from now, in milliseconds' },
} as const satisfies ParameterTable;

/** Bytes on the wire: text, or base64 where they are no valid UTF-8. */
export const contentFields = {
  text: { type: 'string', maxLength: 16_777_216, help: 'the content as text' },
  base64: { type: 'string', maxLength: 22_369_624, help: 'the content in base64, where it is no text' },
} as const satisfies ParameterTable;
