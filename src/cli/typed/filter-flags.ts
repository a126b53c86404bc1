import { filterParameters, packageParameters, revParameter } from '../../api/index.js';
import type { DependencyFilter, FileFilter } from '../../engine/index.js';
import { languageByAlias } from '../../model/index.js';
import type { FlagSpec, FlagTable, FlagValues } from '../command.js';
import type { Place } from './place.js';

/** The flags by which every kind of search is narrowed. */
export const filterFlags = {
  path: {
    type: 'string',
    short: 'g',
    aliases: ['glob'],
    habits: ['include'],
    many: true,
    value: 'GLOB',
    joins: (value) => /[*?./!]/.test(value),
    help: filterParameters.paths.help,
  },
  lang: {
    type: 'string',
    short: 't',
    aliases: ['type'],
    many: true,
    value: 'L',
    joins: (value) => languageByAlias(value) !== undefined,
    help: filterParameters.languages.help,
  },
  exclude: { type: 'string', aliases: ['ignore'], many: true, value: 'GLOB', help: 'the same as --path !GLOB' },
  'exclude-dir': {
    type: 'string',
    habits: ['ignore-dir', 'ignore-directory'],
    many: true,
    value: 'DIR',
    help: 'not what is in folders of this name',
  },
  'type-not': {
    type: 'string',
    short: 'T',
    many: true,
    value: 'L',
    joins: (value) => languageByAlias(value) !== undefined,
    help: 'not these languages',
  },
} as const satisfies FlagTable;

/** The flags that say in which packages to look. */
export const packageFlags = {
  deps: {
    type: 'string',
    implied: '*',
    value: 'NAME,…',
    help: 'in packages: react,@types/*,:direct; all without names',
  },
  'with-deps': { type: 'boolean', help: packageParameters.withDeps.help },
  fetch: { type: 'boolean', help: 'fetch packages that are not on disk from the registry' },
} as const satisfies FlagTable;

export const asksForPackages = (flags: FlagValues<typeof packageFlags>): boolean =>
  flags.deps !== undefined || flags['with-deps'];

export function packageFilter(flags: FlagValues<typeof packageFlags>): DependencyFilter {
  const { deps, fetch } = flags;
  return {
    ...(deps === undefined
      ? {}
      : {
          deps: deps
            .split(',')
            .map((name) => name.trim())
            .filter((name) => name !== ''),
        }),
    ...(flags['with-deps'] ? { withDeps: true } : {}),
    ...(fetch ? { fetch: true } : {}),
  };
}

/** Paths for other programs to read. */
export const nullFlag = {
  null: { type: 'boolean', short: 'z', aliases: ['0'], help: 'a zero byte after each path, which is written as it is' },
} as const satisfies FlagTable;

/** How many. Commands call it `max` where all is shown in order, `limit` where the best are; either is taken everywhere. */
export const countFlag = {
  type: 'integer',
  short: 'n',
  value: 'N',
  min: 1,
  habits: ['limit', 'max', 'max-count'],
} as const satisfies Partial<FlagSpec>;

export const revFlag = {
  rev: { type: 'string', value: 'REV', help: revParameter.rev.help },
} as const satisfies FlagTable;

export function fileFilter(
  { path, exclude, 'exclude-dir': folders, lang, 'type-not': typeNot }: FlagValues<typeof filterFlags>,
  place: Place,
): FileFilter {
  const not = exclude.map((glob) => `!${glob.replace(/^!/, '')}`);
  const paths = [...path, ...not, ...folders.map(withoutFolder)].map((given) => place.pathFilter(given));
  const languages = [...lang, ...typeNot.map((name) => `!${name}`)];
  return {
    ...(paths.length > 0 ? { paths } : {}),
    ...(languages.length > 0 ? { languages } : {}),
  };
}

/** `test`, wherever a folder has that name; `./test`, `a/test`: that one. */
function withoutFolder(given: string): string {
  const name = given.replace(/\/+$/, '');
  if (name.includes('/')) return `!${name.startsWith('.') ? name : `/${name}/`}`;
  return /[*?[{]/.test(name) ? `!**/${name}/` : `!/${name}/`;
}
