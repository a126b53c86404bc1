import { compilePathFilter } from '../../pattern/index.js';
import type { FileMask } from '../../search/index.js';
import type { OpenedRev } from '../session/scope.js';

/** `repo:` and `-repo:` of a query. */
interface NameFilter {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Whether a repository is among those that a query means: by its name, a part of it, or a glob. */
export function matchesName(name: string, { include, exclude }: NameFilter): boolean {
  const matches = (pattern: string): boolean => compilePathFilter([pattern.replace(/^!/, '')])(name);
  return (include.length === 0 || include.some(matches)) && !exclude.some(matches);
}

/** The files of a view that are in such a root, of those that are in the mask. */
export function maskOfRepositories({ snapshot, origin }: OpenedRev, filter: NameFilter, mask: FileMask): FileMask {
  const { include, exclude } = filter;
  if (include.length + exclude.length === 0) return mask;
  const known = new Map<string, boolean>();
  const passes = (path: string): boolean => {
    const name = origin(path).labels.repo ?? '';
    let answer = known.get(name);
    if (answer === undefined) known.set(name, (answer = matchesName(name, filter)));
    return answer;
  };
  return Uint8Array.from(snapshot.files, ({ path }, i) => ((mask === null || mask[i] === 1) && passes(path) ? 1 : 0));
}
