import { GlobBudget, compileGlob } from './path-glob.js';

/**
 * A predicate on paths (`src/a/b.ts`: `/` between names, none at the start) from patterns of two kinds:
 *
 * - A **glob**, if it has one of `* ? [ {`. Case matters. `*` and `?` do not cross `/`; `**` between slashes is any
 *   number of folders, none included; `[a-z]`, `[!a-z]`; `{a,b}`; `\` takes the next character literally. A glob
 *   without `/` is matched against the file's own name in any folder (`*.ts`); one with `/` against the whole
 *   path (`src/*.ts`; a leading `/` changes nothing but that: `/*.ts` is the root's files). One that
 *   ends in `/` is everything below the folders it names.
 * - Else a **substring** of the path, read with a `/` before it, so that `/src/` is a folder's whole name, the
 *   root's too. Case matters only if the pattern has an upper-case letter.
 * - One that begins with `./`, or is made of more steps than it needs (`src/../lib`), is a **place**: that very file, or all below
 *   that folder. `\` between names is `/`: nobody means an escaped letter.
 *
 * A path passes when it matches at least one pattern, if there are any without `!`, and none of those with `!`.
 * Empty patterns say nothing. USAGE when they are too many, or their braces spell out too much: each path is compared with all.
 */
export function compilePathFilter(patterns: readonly string[]): (path: string) => boolean {
  const including: ((path: string) => boolean)[] = [];
  const excluding: ((path: string) => boolean)[] = [];
  const budget = new GlobBudget();
  for (const pattern of patterns) {
    const excludes = pattern.startsWith('!');
    const bare = excludes ? pattern.slice(1) : pattern;
    if (bare !== '') (excludes ? excluding : including).push(compilePathPattern(bare, budget));
  }
  return (path) =>
    (including.length === 0 || including.some((matches) => matches(path))) &&
    !excluding.some((matches) => matches(path));
}

function compilePathPattern(given: string, budget: GlobBudget): (path: string) => boolean {
  const pattern = given.replace(/\\(?=[\p{L}\p{N}_.@-])/gu, '/');
  const place = placeOf(pattern);
  const isGlob = /[*?[{]/.test(place ?? pattern);
  if (!isGlob) budget.take(1, pattern.length);
  if (place !== null) {
    if (place === '') return () => true;
    if (isGlob) return compileGlob(place, budget);
    return (path) => path === place || path.startsWith(`${place}/`);
  }
  if (!isGlob) return compileSubstring(pattern);
  const matches = compileGlob(pattern.replace(/^\//, '').replace(/\/$/, '/**'), budget);
  if (pattern.includes('/')) return matches;
  return (path) => matches(path.slice(path.lastIndexOf('/') + 1));
}

/** The steps from the root, if the pattern is one of steps. */
function placeOf(pattern: string): string | null {
  const names = pattern.split('/');
  if (!names.some((name) => name === '.' || name === '..')) return null;
  const steps: string[] = [];
  for (const name of names) {
    if (name === '..') steps.pop();
    else if (name !== '.' && name !== '') steps.push(name);
  }
  return steps.join('/');
}

function compileSubstring(part: string): (path: string) => boolean {
  if (part !== part.toLowerCase()) return (path) => `/${path}`.includes(part);
  return (path) => `/${path}`.toLowerCase().includes(part);
}
