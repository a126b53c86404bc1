import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { revEnd } from './show-target.js';

/** The nearest folder that is a work tree's root, from `start` upwards, or null. */
export function findRoot(start: string): string | null {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (dirname(folder) === folder) return null;
  }
}

/** Where an answer says that something is. */
export interface Located {
  readonly path: string;
  /** Of a view: the root that the path counts from. */
  readonly repo?: string;
}

/** Where in a repository a command stands. */
export class Place {
  /** From the root, with `/`; empty at the root, outside of any work tree, and in the `.git` folder. */
  readonly folder: string;

  /** `folder`: from the root, as this system writes it; `isView`: several repositories are searched. */
  constructor(
    private readonly root: string | null,
    folder: string,
    readonly isView = false,
  ) {
    const names = folder.split(sep).join('/');
    this.folder = /^\.git(\/|$)/.test(names) ? '' : names;
  }

  /** A path from the root as people see it from here. */
  show(path: string): string {
    if (this.folder === '') return path;
    const mine = this.folder.split('/');
    const its = path.split('/');
    let common = 0;
    while (common < mine.length && common < its.length - 1 && mine[common] === its[common]) common++;
    return '../'.repeat(mine.length - common) + its.slice(common).join('/');
  }

  /** A pathspec that git would understand here: also one by an absolute path or a `file:` URL. */
  pathspec(given: string): string {
    const path = given.startsWith('file:///') ? fileURLToPath(given) : given;
    if (this.root === null || !isAbsolute(path)) return given;
    const below = relative(this.root, path).split(sep).join('/');
    if (/^\.\.(\/|$)/.test(below)) return given;
    return below === '' ? ':/' : `:/${below}`;
  }

  /** A `--path` that counts from here, `./x` or `../x`, as one that counts from the root. */
  pathFilter(given: string): string {
    const [, not, path] = /^(!?)(.*)$/s.exec(given)!;
    return `${not}${this.path(path!)}`;
  }

  /** A file from the root, named from here as a shell completes it, or by an absolute path in the work tree. */
  fileFromHere(given: string): string {
    const path = given.startsWith('file:///') ? fileURLToPath(given) : given;
    if (isAbsolute(path)) return this.root === null ? path : relative(this.root, path).split(sep).join('/');
    const steps: string[] = [];
    for (const name of `${this.folder}/${path}`.split('/')) {
      if (name === '..') steps.pop();
      else if (name !== '' && name !== '.') steps.push(name);
    }
    return steps.join('/');
  }

  /** A path as git takes it: from the root, but `./x` and `../x` from here. */
  path(given: string): string {
    return this.folder !== '' && /^\.\.?(\/|$)/.test(given) ? `./${this.folder}/${given}` : given;
  }
}

/**
 * The path from the root of a file that the command line names. After `REV:` it counts from the root, as git takes it; else from here.
 */
export function filePath(
  { place }: { readonly place: Place },
  {
    given,
    isFromHere,
    rev,
  }: { readonly given: string; readonly isFromHere: boolean; readonly rev: string | undefined },
): string {
  if (!isFromHere || isTreeRev(rev)) return place.path(given);
  return place.fileFromHere(given);
}

/** A path as git takes it, from here, as a filter. */
export const pathBelow = (path: string): string => {
  const [, not, rest] = /^(:!|:\^|:\(exclude\))?(.*)$/s.exec(path)!;
  const bare = rest!.replace(/^:\/|^:\(top\)/, '/');
  // Git has `*` cross folders.
  const crossing = bare.replace(/(^|\/)(?=\*[^/]*$)/, '$1**/');
  return `${not === undefined ? '' : '!'}${/^[./]/.test(crossing) ? crossing : `./${crossing}`}`;
};

/** True of `main:src`: a tree of its own, whose paths do not count from the repository's root. Not of `HEAD@{10:30}` and `:/words`, commits. */
export const isTreeRev = (rev: string | undefined): boolean =>
  rev !== undefined && revEnd(rev.replace(/^(lease|overlay):/, '')) > 0;

export type PathShower = (at: Located) => string;

/** Paths from the root: of a view, whose folders are repositories. */
export const fullPath = ({ isView }: Place): PathShower =>
  isView ? ({ repo, path }) => (repo === undefined ? path : `${repo}/${path}`) : ({ path }) => path;

/** How paths at a rev are shown to people who stand at a place. */
export const pathShower = (place: Place, rev: string | undefined): PathShower =>
  place.isView || isTreeRev(rev) ? fullPath(place) : ({ path }) => place.show(path);
