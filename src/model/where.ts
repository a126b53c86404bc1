/**
 * Where an engine looks, as one text, which is also how it is said over the wire:
 *
 * - an absolute path: the repository around it, or that very folder where there is none;
 * - `folder:PATH`: as a path, and it may be a folder as wide as the home folder;
 * - a name: the repository that the store knows by it;
 * - `view:NAME`: a view that was given a name;
 * - a name with `*` or `?`: all repositories with such names that the store knows, `*` being all of them;
 * - a JSON list of these, each perhaps with `@REV` behind: all of them together.
 */
export type Where = string;

export const folderPrefix = 'folder:';
export const viewPrefix = 'view:';
export const allRepositories = '*';

/** Several places as one. */
export const together = (places: readonly string[]): Where =>
  places.length === 1 && !isList(places[0]!) ? places[0]! : JSON.stringify(places);

export const isList = (where: Where): boolean => where.startsWith('[');
export const isGlob = (where: Where): boolean =>
  !isPath(where) && !where.startsWith(folderPrefix) && /[*?]/.test(where);
/** `/home/me/app`, `C:\\app`. */
const isPath = (where: Where): boolean => /^(?:[\\/]|[A-Za-z]:[\\/])/.test(where);

/** The path that a place is, `folder:` or not; a name is as it is. */
export const pathIn = (where: Where): string =>
  where.startsWith(folderPrefix) ? where.slice(folderPrefix.length) : where;

/** The places of a list, or the one that it is; none of what is no list for all that it begins like one. */
export function placesIn(where: Where): readonly string[] {
  if (!isList(where)) return where === '' ? [] : [where];
  try {
    return (JSON.parse(where) as unknown[]).map(String);
  } catch {
    return [];
  }
}

/** Whether it is several places, or may be. */
export const isView = (where: Where): boolean => isList(where) || where.startsWith(viewPrefix) || isGlob(where);
