import { filterParameters, revParameter } from '../api/index.js';
import type { FileFilter } from '../engine/index.js';
import type { FlagTable, FlagValues } from './command.js';
import type { Place } from './place.js';

/** The flags by which every kind of search is narrowed. */
export const filterFlags = {
  path: {
    type: 'string',
    short: 'g',
    aliases: ['glob'],
    many: true,
    value: 'GLOB',
    help: filterParameters.paths.help,
  },
  lang: {
    type: 'string',
    short: 't',
    aliases: ['type'],
    many: true,
    value: 'L',
    help: filterParameters.languages.help,
  },
} as const satisfies FlagTable;

export const revFlag = {
  rev: { type: 'string', value: 'REV', help: revParameter.rev.help },
} as const satisfies FlagTable;

export function fileFilter({ path, lang }: FlagValues<typeof filterFlags>, place: Place): FileFilter {
  return {
    ...(path.length > 0 ? { paths: path.map((given) => place.pathFilter(given)) } : {}),
    ...(lang.length > 0 ? { languages: lang } : {}),
  };
}
