import { CoppiceError, TimeSlices, closest, elapsedMs } from '../base/index.js';
import { languageByAlias, languageNumber, languages as allLanguages } from '../model/index.js';
import { compilePathFilter, compilePathspecs, type NamedPathTest } from '../pattern/index.js';
import type { Mounts, Snapshot } from '../snapshot/index.js';

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

/** PATTERN_TIMEOUT when it takes long to tell: many filters, many files. */
export async function fileMask(snapshot: Snapshot, filter: FileFilter, signal?: AbortSignal): Promise<FileMask> {
  const passes = compileFileFilter(filter, snapshot.mounts);
  return passes === null ? null : maskOf(snapshot, passes, signal);
}

const filterMsMax = 10_000;

/** The files that pass. PATTERN_TIMEOUT as `fileMask`. */
export async function maskOf({ files }: Snapshot, passes: FileTest, signal?: AbortSignal): Promise<Uint8Array> {
  const mask = new Uint8Array(files.length);
  const inTime = await visitFiles(files, signal, ({ path, record }, i) => {
    if (passes(path, record.language)) mask[i] = 1;
    return true;
  });
  if (inTime) return mask;
  throw new CoppiceError('PATTERN_TIMEOUT', `the path filters took longer than ${filterMsMax} ms`, {
    hint: 'give fewer of them, or shorter ones',
    data: { deadlineMs: filterMsMax },
  });
}

/**
 * Visits files until `visit` wants no more; other work of this thread gets its turn meanwhile. False when it had to leave off
 * because it took longer than filters may.
 */
async function visitFiles<F>(
  files: readonly F[],
  signal: AbortSignal | undefined,
  visit: (file: F, i: number) => boolean,
): Promise<boolean> {
  const slices = new TimeSlices(signal);
  const endMs = elapsedMs() + filterMsMax;
  for (const [i, file] of files.entries()) {
    if (!visit(file, i)) return true;
    if (!slices.isOver) continue;
    if (elapsedMs() > endMs) return false;
    await slices.next();
  }
  return true;
}

/** Whether a file passes, by its path and its position in the language table. */
export type FileTest = (path: string, language: number) => boolean;

const pathsMax = 1000;
const pathLengthMax = 4096;

type PathTest = (path: string) => boolean;

/**
 * Tests on paths of a snapshot: where it is one of several roots, a path is also meant as it is in its root. `either`: what takes a
 * path in by one of both; `both`: what has to hold of both.
 */
function pathTests(mounts: Mounts | null): Record<'either' | 'both', (test: PathTest) => PathTest> {
  if (mounts === null) return { either: (test) => test, both: (test) => test };
  const inside = (path: string): string => mounts.split(path)?.path ?? path;
  return {
    either: (test) => (path) => test(path) || test(inside(path)),
    both: (test) => (path) => test(path) && test(inside(path)),
  };
}

/** As `compilePathFilter`, for the paths of a snapshot. */
export function compileSnapshotPaths(paths: readonly string[], mounts: Mounts | null): PathTest {
  if (mounts === null) return compilePathFilter(paths);
  const { either, both } = pathTests(mounts);
  const including = either(compilePathFilter(paths.filter((path) => !path.startsWith('!'))));
  const excluding = both(compilePathFilter(paths.filter((path) => path.startsWith('!'))));
  return (path) => including(path) && excluding(path);
}

/** Null when all files pass. */
export function compileFileFilter(filter: FileFilter, mounts: Mounts | null = null): FileTest | null {
  const { paths = [], pathspecs = [], folder = '' } = filter;
  const given = [...paths, ...pathspecs, folder];
  if (given.length > pathsMax || given.some(({ length }) => length > pathLengthMax)) {
    throw new CoppiceError('USAGE', 'the path filters are too many or too long', {
      hint: `give at most ${pathsMax}, of at most ${pathLengthMax} characters each`,
    });
  }
  const languages = compileLanguages(filter.languages ?? []);
  const isEverywhere = folder === '' && pathspecs.length === 0;
  if (paths.length === 0 && languages === null && isEverywhere) return null;
  const passes = compileSnapshotPaths(paths, mounts);
  const specs = isEverywhere ? null : compilePathspecs(pathspecs, folder);
  const { either, both } = pathTests(mounts);
  const includes = either((path) => specs === null || specs.includes(path));
  const isLeft = both((path) => specs?.excludes(path) !== true);
  return (path, language) =>
    (languages === null || languages(language)) && passes(path) && includes(path) && isLeft(path);
}

/**
 * Of the paths and pathspecs that take files in, those that take in none of the snapshots' files. None when it takes long to tell:
 * it is a hint beside an answer, which is whole without it.
 */
export async function unmatchedPaths(
  snapshots: readonly { readonly files: readonly { readonly path: string }[]; readonly mounts?: Mounts | null }[],
  { paths = [], pathspecs = [], folder = '' }: FileFilter,
  signal?: AbortSignal,
): Promise<string[]> {
  const including = paths.filter((path) => path !== '' && !path.startsWith('!'));
  const left = new Set<NamedPathTest>([
    ...including.map((source) => ({ source, matches: compilePathFilter([source]) })),
    ...(pathspecs.length > 0 ? compilePathspecs(pathspecs, folder).including : []),
  ]);
  for (const { files, mounts } of snapshots) {
    const inTime = await visitFiles(files, signal, ({ path }) => {
      const inside = mounts?.split(path)?.path ?? path;
      for (const test of left) if (test.matches(path) || test.matches(inside)) left.delete(test);
      return left.size > 0;
    });
    if (!inTime) return [];
  }
  return [...left].map(({ source }) => source);
}

/** Null when any will do. Only those that are named, but not those after `!`. */
function compileLanguages(names: readonly string[]): ((language: number) => boolean) | null {
  if (names.length === 0) return null;
  const excluding = names.filter((name) => name.startsWith('!'));
  const included = new Set(names.filter((name) => !name.startsWith('!')).map(numberOfLanguage));
  const excluded = new Set(excluding.map((name) => numberOfLanguage(name.slice(1))));
  return (language) => (included.size === 0 || included.has(language)) && !excluded.has(language);
}

function numberOfLanguage(name: string): number {
  const id = languageByAlias(name);
  if (id === undefined) {
    const near = closest(
      name,
      allLanguages.flatMap((language) => [language.id, ...language.aliases]),
    );
    throw new CoppiceError('USAGE', `unknown language "${name}"`, {
      hint: near === undefined ? 'give a language such as typescript, ts, python, go, c++' : `did you mean ${near}?`,
    });
  }
  return languageNumber(id);
}
