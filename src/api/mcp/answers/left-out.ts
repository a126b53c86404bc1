import { plural, showPath } from './code-text.js';

interface LeftOut {
  /** What is counted: `line`, `file`. */
  readonly unit: string;
  /** Of several, where it is not the unit with an s. */
  readonly units?: string;
  readonly count: number;
  /** There may be more than counted. */
  readonly atLeast?: boolean;
  /** Where they are. */
  readonly places?: string;
  /** How many are in the answer. */
  readonly shown: number;
  /** How to get at them; starts with a verb. */
  readonly ways: readonly string[];
}

/** What an answer says at its end about what had no room in it; null when all had. */
export function leftOutNote({ unit, units = `${unit}s`, count, atLeast, places, shown, ways }: LeftOut): string | null {
  if (count === 0 && atLeast !== true) return null;
  const more = plural(count, `more ${unit}`, `more ${units}`);
  const counted = count === 0 ? `more ${units}` : `${atLeast === true ? 'at least ' : ''}${more}`;
  const where = places === undefined || places === '' ? '' : `: ${places}`;
  const all = shown === 0 ? ['raise max_tokens', ...ways] : ways;
  const sentence = all.join(', or ');
  return `… ${counted}${where}. ${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

const groupsShown = 4;

/** Where things are, by the folders that tell them apart: `120 in src/, 14 in test/, 3 in README.md`. */
export function summarizePaths(counts: ReadonlyMap<string, number>): string {
  const depth = commonFolder([...counts.keys()]).length;
  const groups = new Map<string, number>();
  for (const [path, count] of counts) {
    const slash = path.indexOf('/', depth);
    const group = slash < 0 ? path : path.slice(0, slash + 1);
    groups.set(group, (groups.get(group) ?? 0) + count);
  }
  const sorted = [...groups].sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, groupsShown).map(([group, count]) => `${count} in ${showPath(group)}`);
  const rest = sorted.slice(groupsShown);
  const others = rest.reduce((sum, [, count]) => sum + count, 0);
  if (rest.length > 0) shown.push(`${others} in ${plural(rest.length, 'other place')}`);
  return shown.join(', ');
}

/** The folder that all paths are in, with its slash; empty at the top. */
function commonFolder(paths: readonly string[]): string {
  let folder = paths[0]?.slice(0, paths[0].lastIndexOf('/') + 1) ?? '';
  for (const path of paths) {
    while (!path.startsWith(folder)) folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1);
  }
  return folder;
}
