import type { FileFilter } from '../engine/index.js';
import type { FlagTable, FlagValues } from './command.js';

/** The flags by which every kind of search is narrowed. */
export const filterFlags = {
  path: { type: 'string', many: true, value: 'GLOB', help: 'only these paths; !GLOB leaves out' },
  lang: { type: 'string', many: true, value: 'L', help: 'only these languages: go, typescript, ts' },
} as const satisfies FlagTable;

export const revFlag = {
  rev: { type: 'string', value: 'REV', default: 'HEAD', help: 'where to search' },
} as const satisfies FlagTable;

export function fileFilter({ path, lang }: FlagValues<typeof filterFlags>): FileFilter {
  return { ...(path.length > 0 ? { paths: path } : {}), ...(lang.length > 0 ? { languages: lang } : {}) };
}
