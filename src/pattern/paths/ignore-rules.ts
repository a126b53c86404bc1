import { compileGlob } from './path-glob.js';

interface Rule {
  readonly includes: boolean;
  readonly foldersOnly: boolean;
  readonly matches: (path: string) => boolean;
}

/** What a list of rules says of a path, which counts from the list's folder: left out, taken in again, or (null) nothing. */
export type IgnoreList = (path: string, isFolder: boolean) => 'out' | 'in' | null;

/** A list in gitignore's syntax. Takes time proportional to path times rule, whatever the rule: none becomes a regular expression. */
export function compileIgnoreList(text: string): IgnoreList {
  return compileRules(text.replace(/^\uFEFF/, ''));
}

/**
 * Which files a list in gitignore's syntax leaves out, of all below its folder. Case does not matter. A file in a folder that is left out
 * cannot be taken in again.
 */
export function compileIgnoreRules(text: string): (path: string) => boolean {
  const list = compileRules(text.toLowerCase());
  const isLeftOut = (path: string, isFolder: boolean): boolean => list(path, isFolder) === 'out';
  let lastFolder = '';
  let lastAnswer = false;
  const isFolderLeftOut = (folder: string): boolean => {
    if (folder === '') return false;
    // Files come folder by folder.
    if (folder !== lastFolder) {
      lastAnswer = isFolderLeftOut(parentOf(folder)) || isLeftOut(folder, true);
      lastFolder = folder;
    }
    return lastAnswer;
  };
  return (path) => {
    const lower = path.toLowerCase();
    return isFolderLeftOut(parentOf(lower)) || isLeftOut(lower, false);
  };
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

function compileRules(text: string): IgnoreList {
  const rules = text.split(/\r?\n/).flatMap(parseRule).reverse();
  return (path, isFolder) => {
    // The last rule that matches decides.
    const rule = rules.find(({ foldersOnly, matches }) => (isFolder || !foldersOnly) && matches(path));
    return rule === undefined ? null : rule.includes ? 'in' : 'out';
  };
}

function parseRule(line: string): Rule[] {
  // Spaces at the end mean nothing unless the first is escaped.
  let pattern = line.replace(/(?<!\\)((?:\\\\)*) +$/, '$1');
  if (pattern.trim() === '' || pattern.startsWith('#')) return [];
  const includes = pattern.startsWith('!');
  if (includes) pattern = pattern.slice(1);
  const foldersOnly = pattern.endsWith('/');
  if (foldersOnly) pattern = pattern.replace(/\/+$/, '');
  if (pattern === '') return [];
  const isAnchored = pattern.includes('/');
  const matches = compileGlob(pattern.replace(/^\//, ''));
  if (isAnchored) return [{ includes, foldersOnly, matches }];
  return [{ includes, foldersOnly, matches: (path) => matches(path.slice(path.lastIndexOf('/') + 1)) }];
}
