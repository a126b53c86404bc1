import { filterParameters, revParameter } from '../api/index.js';
import type { FileFilter } from '../engine/index.js';
import type { FlagTable, FlagValues } from './command.js';

/** The flags by which every kind of search is narrowed. */
export const filterFlags = {
  path: { type: 'string', many: true, value: 'GLOB', help: filterParameters.paths.help },
  lang: { type: 'string', many: true, value: 'L', help: filterParameters.languages.help },
} as const satisfies FlagTable;

export const revFlag = {
  rev: { type: 'string', value: 'REV', default: 'HEAD', help: revParameter.rev.help },
} as const satisfies FlagTable;

export function fileFilter({ path, lang }: FlagValues<typeof filterFlags>): FileFilter {
  return { ...(path.length > 0 ? { paths: path } : {}), ...(lang.length > 0 ? { languages: lang } : {}) };
}
