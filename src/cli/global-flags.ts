import type { FlagTable, FlagValues } from './command.js';

/** Flags that every command takes, before or after its name. */
export const globalFlags = {
  repo: { type: 'string', value: 'DIR', help: 'the repository: a work tree, a bare repository or a .git folder' },
  store: {
    type: 'string',
    value: 'DIR',
    help: "where the index is kept (default $COPPICE_HOME, else the user's data folder)",
  },
  json: { type: 'boolean', help: 'machine-readable output on stdout' },
  color: { type: 'string', value: 'WHEN', choices: ['auto', 'always', 'never'], help: 'when to colour' },
  'no-color': { type: 'boolean', help: 'the same as --color never' },
  help: { type: 'boolean', short: 'h', help: 'what the command does, its flags and examples' },
} as const satisfies FlagTable;

export type GlobalValues = FlagValues<typeof globalFlags>;
