/** Ways to search in the view. */
export type Mode = 'ranked' | 'exact' | 'history';

/** What of a project is searched. */
export type Reach = 'own' | 'with dependencies' | 'dependencies';

/** A search of the view. */
export interface Asked {
  readonly mode: Mode;
  readonly query: string;
  /** Empty: what is on disk, unsaved changes included. */
  readonly rev: string;
  readonly reach: Reach;
}

/** A command of the language server, with its one argument. */
export interface ServerCommand {
  readonly command: string;
  readonly argument: Readonly<Record<string, unknown>>;
}

/** `/…/` is a regular expression; anything else is looked for as it stands. Letter case matters where there is a capital. */
export function patternOf(query: string): { pattern: string; literal: boolean; ignoreCase: boolean } {
  const regex = /^\/(.+)\/$/s.exec(query);
  const pattern = regex?.[1] ?? query;
  const letters = regex === null ? pattern : pattern.replace(/\\(?:[pP]\{[^}]*\}|.)/gs, '');
  return { pattern, literal: regex === null, ignoreCase: letters === letters.toLowerCase() };
}

/** What the language server is asked for a search. History knows nothing of packages: they are in no commit. */
export function commandOf({ mode, query, rev, reach }: Asked, limit: number): ServerCommand {
  const where = {
    ...(rev === '' ? {} : { rev }),
    ...(reach === 'own' || mode === 'history' ? {} : reach === 'dependencies' ? { deps: ['*'] } : { withDeps: true }),
  };
  switch (mode) {
    case 'ranked':
      return { command: 'coppice.search', argument: { query, limit, ...where } };
    case 'exact':
      return { command: 'coppice.grep', argument: { ...patternOf(query), maxCount: limit, ...where } };
    case 'history':
      return { command: 'coppice.log', argument: { ...patternOf(query), maxCount: limit, ...where } };
  }
}
