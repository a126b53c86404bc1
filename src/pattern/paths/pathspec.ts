import { CoppiceError } from '../../base/index.js';
import { GlobBudget, compileGlob, compileWild } from './path-glob.js';

/** A pathspec of git's, read. Paths and `prefix` have `/` between names, none at the start or end. */
interface Pathspec {
  /** As it was given. */
  readonly source: string;
  readonly exclude: boolean;
  /** The folder, from the root, and what it matches from there; no name in it is `.` or `..`. */
  readonly path: string;
  readonly ignoreCase: boolean;
  readonly matching: 'literal' | 'wild' | 'glob';
}

/** Which paths some pathspecs mean. */
export interface PathspecMatcher {
  /** One of those that include matches, and none of those that exclude. */
  matches(path: string): boolean;
  includes(path: string): boolean;
  excludes(path: string): boolean;
  /** The including pathspecs one by one, as they were given. */
  readonly including: readonly NamedPathTest[];
}

/** Whether a path is one of those that `source` means. */
export interface NamedPathTest {
  readonly source: string;
  readonly matches: (path: string) => boolean;
}

const wildcards = /[*?[\\]/;

/**
 * Compiles pathspecs as git reads them in the folder `prefix` (from the root; empty for the root itself):
 *
 * - `src/lib` is that file, or all below that folder. `./x`, `../x` and `x/..` count from the folder; a path that leads out of the root is an error.
 * - With one of `* ? [` it is a pattern for the whole path, in which `*` and `?` cross `/`.
 * - `:/x`, `:(top)x`: from the root. `:!x`, `:^x`, `:(exclude)x`: all but these. `:(literal)`, `:(icase)`; `:(glob)`: `*` and `?` do not cross `/`, `**` does.
 *
 * Where only some are given that exclude, all else below the folder is meant. No pathspec at all is everything below the folder.
 *
 * @throws CoppiceError USAGE, also when they are too much to compare each path with
 * @see https://git-scm.com/docs/gitglossary#Documentation/gitglossary.txt-pathspec
 */
export function compilePathspecs(sources: readonly string[], prefix = ''): PathspecMatcher {
  const budget = new GlobBudget();
  const compile = (spec: Pathspec): NamedPathTest => ({ source: spec.source, matches: compileOne(spec, budget) });
  const all = sources.filter((source) => source !== ':').map((source) => parsePathspec(source, prefix));
  const excluding = all.filter(({ exclude }) => exclude).map(compile);
  const including = all.filter(({ exclude }) => !exclude).map(compile);
  const wanted = including.length > 0 ? including : [compile(parsePathspec('.', prefix))];
  const includes = (path: string): boolean => wanted.some((spec) => spec.matches(path));
  const excludes = (path: string): boolean => excluding.some((spec) => spec.matches(path));
  return { matches: (path) => includes(path) && !excludes(path), includes, excludes, including };
}

function parsePathspec(source: string, prefix: string): Pathspec {
  const { magic, rest } = readMagic(source);
  const from = magic.has('top') ? [] : prefix.split('/').filter((name) => name !== '');
  const names = [...from];
  for (const name of rest.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) {
      throw new CoppiceError('USAGE', `'${source}' leads out of the repository`, {
        hint: prefix === '' ? 'paths count from its root' : `paths count from ${prefix}; :/ is the root`,
      });
    }
  }
  const path = names.join('/') + (/\/\.{0,2}$/.test(rest) && names.length > 0 ? '/' : '');
  const isWild = wildcards.test(rest) && !magic.has('literal');
  return {
    source,
    exclude: magic.has('exclude'),
    path,
    ignoreCase: magic.has('icase'),
    matching: !isWild ? 'literal' : magic.has('glob') ? 'glob' : 'wild',
  };
}

const shortMagic: Readonly<Record<string, string>> = { '/': 'top', '!': 'exclude', '^': 'exclude' };
const longMagic = new Set(['top', 'exclude', 'icase', 'literal', 'glob']);

function readMagic(source: string): { magic: ReadonlySet<string>; rest: string } {
  const magic = new Set<string>();
  if (!source.startsWith(':')) return { magic, rest: source };
  if (source.startsWith(':(')) {
    const end = source.indexOf(')');
    if (end < 0) throw new CoppiceError('USAGE', `'${source}' has no closing )`, { hint: `write :(top)src` });
    for (const word of source.slice(2, end).split(',')) {
      if (word === '') continue;
      if (!longMagic.has(word)) {
        throw new CoppiceError('USAGE', `'${word}' in '${source}' is not understood`, {
          hint: `what is: ${[...longMagic].join(', ')}`,
        });
      }
      magic.add(word);
    }
    if (magic.has('literal') && magic.has('glob'))
      throw new CoppiceError('USAGE', `'${source}' is both literal and glob`, { hint: 'write one of them' });
    return { magic, rest: source.slice(end + 1) };
  }
  let at = 1;
  for (; at < source.length && source[at]! in shortMagic; at++) magic.add(shortMagic[source[at]!]!);
  if (source[at] === ':') at++;
  return { magic, rest: source.slice(at) };
}

function compileOne({ path, ignoreCase, matching }: Pathspec, budget: GlobBudget): (path: string) => boolean {
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const wanted = fold(path);
  // A folder's name is all that is below, and so is a pattern that is one when it is read as a name.
  const isBelow = (given: string): boolean =>
    wanted === '' || given === wanted || given.startsWith(wanted.endsWith('/') ? wanted : `${wanted}/`);
  // A name costs a path no more than a look at how it begins.
  budget.take(1, matching === 'literal' ? 0 : wanted.length);
  if (matching === 'literal') return (given) => isBelow(fold(given));
  const matches = matching === 'glob' ? compileGlob(wanted) : compileWild(wanted);
  return (given) => isBelow(fold(given)) || matches(fold(given));
}
