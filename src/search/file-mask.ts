import { CoppiceError } from '../base/index.js';
import { languageByAlias, languageNumber } from '../model/index.js';
import { compilePathFilter, compilePathspecs } from '../pattern/index.js';
import type { Snapshot } from '../snapshot/index.js';

/** Which files of a snapshot a search looks at. */
export interface FileFilter {
  readonly paths?: readonly string[];
  readonly languages?: readonly string[];
  /** As git reads them, in `folder`. */
  readonly pathspecs?: readonly string[] | undefined;
  /** From the root; without pathspecs only what is below it. */
  readonly folder?: string | undefined;
}

/** 1 for each file of the snapshot that passes, by position; null when all do. */
export type FileMask = Uint8Array | null;

export function fileMask(snapshot: Snapshot, filter: FileFilter): FileMask {
  const passes = compileFileFilter(filter);
  if (passes === null) return null;
  return Uint8Array.from(snapshot.files, ({ path, record }) => (passes(path, record.language) ? 1 : 0));
}

/** Whether a file passes, by its path and its position in the language table. */
export type FileTest = (path: string, language: number) => boolean;

const pathsMax = 1000;
const pathLengthMax = 4096;

/** Null when all files pass. */
export function compileFileFilter(filter: FileFilter): FileTest | null {
  const { paths = [], pathspecs = [], folder = '' } = filter;
  const given = [...paths, ...pathspecs, folder];
  if (given.length > pathsMax || given.some(({ length }) => length > pathLengthMax)) {
    throw new CoppiceError('USAGE', 'the path filters are too many or too long', {
      hint: `give at most ${pathsMax}, of at most ${pathLengthMax} characters each`,
    });
  }
  const languages = new Set((filter.languages ?? []).map(numberOfLanguage));
  const isEverywhere = folder === '' && pathspecs.length === 0;
  if (paths.length === 0 && languages.size === 0 && isEverywhere) return null;
  const passes = compilePathFilter([...paths]);
  const specs = isEverywhere ? null : compilePathspecs(pathspecs, folder);
  return (path, language) =>
    (languages.size === 0 || languages.has(language)) && passes(path) && (specs === null || specs.matches(path));
}

/** Of the paths and pathspecs that take files in, those that take in none of the snapshots' files. */
export function unmatchedPaths(snapshots: readonly Snapshot[], filter: FileFilter): string[] {
  const { paths = [], pathspecs = [], folder = '' } = filter;
  const files = snapshots.flatMap((snapshot) => snapshot.files);
  const none = paths.filter((path) => {
    if (path === '' || path.startsWith('!')) return false;
    const passes = compilePathFilter([path]);
    return !files.some((file) => passes(file.path));
  });
  if (pathspecs.length === 0) return none;
  return [...none, ...compilePathspecs(pathspecs, folder).unmatched(files.map(({ path }) => path))];
}

function numberOfLanguage(name: string): number {
  const id = languageByAlias(name);
  if (id === undefined) {
    throw new CoppiceError('USAGE', `unknown language "${name}"`, {
      hint: 'give a language such as typescript, ts, python, go, c++',
    });
  }
  return languageNumber(id);
}
