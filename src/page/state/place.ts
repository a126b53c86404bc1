import { encodeUrlText, parseQueryString } from './url-text.js';

/** Ways to search. `ranked` reads the query language; the others take a pattern or a name. */
export const modes = ['ranked', 'exact', 'symbols', 'history'] as const;
export type Mode = (typeof modes)[number];

/** In a comparison of A with B: which of them has it. */
export const sides = ['a', 'b', 'both'] as const;
export type Side = (typeof sides)[number];

export const dependencies = ['', 'with', 'only'] as const;
export type Dependencies = (typeof dependencies)[number];

/** 1-based, both inclusive. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

export interface FilePlace {
  readonly path: string;
  readonly rev: string;
  readonly lines: LineRange | null;
}

/** Where the user is. All of it is in the URL, so that back, forward, reload and links work. */
export interface Place {
  /** A place as the engine's `Where` has it: a path, a name, `view:NAME`, a glob, a JSON list; empty: the first one that the daemon knows. */
  readonly repo: string;
  /** What the project depends on: left out, searched with it, or searched instead. */
  readonly deps: Dependencies;
  readonly mode: Mode;
  readonly query: string;
  readonly rev: string;
  /** The rev that `rev` is compared with; empty for none. */
  readonly against: string;
  /** Of exact and history search. */
  readonly regex: boolean;
  readonly matchCase: boolean;
  readonly wholeWord: boolean;
  /** Results to ask for. */
  readonly limit: number;
  /** What narrows the results that came: language ids, a folder with a slash at its end (or empty), kinds, roots of a view, packages, a side. Without a query the folder is the one that is shown. */
  readonly languages: readonly string[];
  readonly folder: string;
  readonly kinds: readonly string[];
  readonly repos: readonly string[];
  readonly packages: readonly string[];
  readonly side: Side | null;
  /** The file that is open; null shows the results. */
  readonly file: FilePlace | null;
  /** In a file: the name whose definition and references are shown; empty for none. */
  readonly name: string;
}

/** The first answer is small enough to come as one types; more is asked for when it is wanted. */
export const firstLimit = 100;
export const limitMax = 10_000;

export const home: Place = {
  repo: '',
  deps: '',
  mode: 'ranked',
  query: '',
  rev: 'HEAD',
  against: '',
  regex: false,
  matchCase: false,
  wholeWord: false,
  limit: firstLimit,
  languages: [],
  folder: '',
  kinds: [],
  repos: [],
  packages: [],
  side: null,
  file: null,
  name: '',
};

/** Nothing narrows the results. */
export const notNarrowed = { languages: [], folder: '', kinds: [], repos: [], packages: [], side: null } as const;

/** What no longer means anything once something else is searched. */
export const unnarrowed = { ...notNarrowed, limit: firstLimit } as const;

/** Reads a URL's query string. What is missing or makes no sense gets its default. */
export function parsePlace(queryString: string): Place {
  const parameters = parseQueryString(queryString);
  const text = (name: string): string => parameters.get(name) ?? '';
  const list = (name: string): string[] =>
    text(name)
      .split(',')
      .filter((value) => value !== '');
  const rev = text('rev') || home.rev;
  const path = text('file');
  const limit = Number(text('n'));
  return {
    repo: text('repo'),
    deps: dependencies.find((deps) => deps === text('deps')) ?? '',
    mode: modes.find((mode) => mode === text('mode')) ?? home.mode,
    query: text('q'),
    rev,
    against: text('vs'),
    regex: text('regex') === '1',
    matchCase: text('case') === '1',
    wholeWord: text('word') === '1',
    limit: Number.isInteger(limit) && limit > 0 ? Math.min(limit, limitMax) : firstLimit,
    languages: list('lang'),
    folder: text('in'),
    kinds: list('kind'),
    repos: list('root'),
    packages: list('pkg'),
    side: sides.find((side) => side === text('side')) ?? null,
    file: path === '' ? null : { path, rev: text('at') || rev, lines: parseLines(text('lines')) },
    name: text('name'),
  };
}

/** The query string of a place, without the question mark: the same for the same place, defaults left out. */
export function formatPlace(place: Place): string {
  const { file } = place;
  const parameters: readonly (readonly [name: string, value: string | boolean])[] = [
    ['repo', place.repo],
    ['deps', place.deps],
    ['mode', place.mode === home.mode ? '' : place.mode],
    ['q', place.query],
    ['rev', place.rev === home.rev ? '' : place.rev],
    ['vs', place.against],
    ['regex', place.regex],
    ['case', place.matchCase],
    ['word', place.wholeWord],
    ['n', place.limit === firstLimit ? '' : String(place.limit)],
    ['lang', place.languages.join(',')],
    ['in', place.folder],
    ['kind', place.kinds.join(',')],
    ['root', place.repos.join(',')],
    ['pkg', place.packages.join(',')],
    ['side', place.side ?? ''],
    ['file', file?.path ?? ''],
    ['at', file === null || file.rev === place.rev ? '' : file.rev],
    ['lines', file?.lines ? formatLines(file.lines) : ''],
    ['name', file === null ? '' : place.name],
  ];
  return parameters
    .filter(([, value]) => value !== '' && value !== false)
    .map(([name, value]) => `${name}=${value === true ? '1' : encodeUrlText(value as string)}`)
    .join('&');
}

/** `12` or `12-20`. */
export function formatLines({ start, end }: LineRange): string {
  return start === end ? String(start) : `${start}-${end}`;
}

function parseLines(text: string): LineRange | null {
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text);
  if (match === null) return null;
  const start = Number(match[1]);
  const end = Number(match[2] ?? start);
  return start >= 1 && end >= start ? { start, end } : null;
}
