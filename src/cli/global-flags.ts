import type { FlagTable, FlagValues } from './command.js';

/** Flags that every command takes, before or after its name. */
export const globalFlags = {
  repo: {
    type: 'string',
    many: true,
    value: 'REPO',
    help: 'another repository: its folder or name, @REV behind; several are one view',
  },
  'all-repos': { type: 'boolean', help: 'all repositories that the store knows' },
  yes: { type: 'boolean', help: 'search all of a folder as wide as the home folder, which is no repository' },
  view: { type: 'string', value: 'NAME', help: 'the repositories of a named view (coppice view list)' },
  store: {
    type: 'string',
    value: 'DIR',
    help: "where the index is kept (default $COPPICE_HOME, else the user's data folder)",
  },
  json: { type: 'boolean', help: 'machine-readable output on stdout' },
  color: {
    type: 'string',
    habits: ['colour'],
    value: 'WHEN',
    implied: 'always',
    choices: ['auto', 'always', 'never'],
    help: 'when to colour',
  },
  'no-color': { type: 'boolean', habits: ['no-colour', 'nocolor'], help: 'the same as --color never' },
  help: { type: 'boolean', short: 'h', help: 'what the command does, its flags and examples' },
} as const satisfies FlagTable;

export type GlobalValues = FlagValues<typeof globalFlags>;
