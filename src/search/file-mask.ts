import { CoppiceError } from '../base/index.js';
import { languageByAlias, languageNumber } from '../model/index.js';
import { compilePathFilter } from '../pattern/index.js';
import type { Snapshot } from '../snapshot/index.js';

/** Which files of a snapshot a search looks at. */
export interface FileFilter {
  readonly paths?: readonly string[];
  readonly languages?: readonly string[];
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
  const paths = filter.paths ?? [];
  if (paths.length > pathsMax || paths.some(({ length }) => length > pathLengthMax)) {
    throw new CoppiceError('USAGE', 'the path filters are too many or too long', {
      hint: `give at most ${pathsMax}, of at most ${pathLengthMax} characters each`,
    });
  }
  const languages = new Set((filter.languages ?? []).map(numberOfLanguage));
  if (paths.length === 0 && languages.size === 0) return null;
  const passes = compilePathFilter([...paths]);
  return (path, language) => (languages.size === 0 || languages.has(language)) && passes(path);
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
