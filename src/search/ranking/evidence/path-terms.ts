import { GenerationCache, TimeSlices, lowerBound } from '../../../base/index.js';
import type { Snapshot, SnapshotPaths, Table } from '../../../snapshot/index.js';
import { inverseDocumentFrequency, termKey, textTerms } from '../../../text/index.js';

/** Bytes, by rough count, for the terms of names: snapshots of one repository have nearly all of them in common. */
const nameCacheBytes = 8 * 1024 * 1024;
const termsOfNames = new GenerationCache<string, readonly string[]>(nameCacheBytes, (terms) => 150 + 30 * terms.length);

function termsOfName(name: string): readonly string[] {
  let terms = termsOfNames.get(name);
  if (terms === undefined) {
    terms = textTerms(name);
    termsOfNames.set(name, terms);
  }
  return terms;
}

/**
 * Which files of a snapshot have a term in their name or in a folder's, by position. Terms are by their keys (see text's `termKey`), ascending;
 * of each, files in `nameFiles` and runs of files (the first of each, and the one after its last) in `folderRuns`, from where `names` and
 * `folders` say to where the next term's begin.
 */
export class PathTerms {
  constructor(
    private readonly fileCount: number,
    private readonly columns: PathTermColumns,
  ) {}

  /** Made once for all snapshots that have these paths. */
  static of(snapshot: Snapshot): Promise<PathTerms> {
    const { paths } = snapshot;
    return paths.derived.once('pathTerms', async () => {
      const columns = await snapshot.tableOf(table, () => gatherPathTerms(paths));
      return new PathTerms(paths.list.length, columns);
    });
  }

  filesNamed(term: string): Uint32Array {
    const { names, nameFiles } = this.columns;
    const at = this.find(term);
    return at < 0 ? noFiles : nameFiles.subarray(names[at], names[at + 1]);
  }

  filesInFolder(term: string): Uint32Array {
    const { folders, folderRuns: runs } = this.columns;
    const at = this.find(term);
    if (at < 0) return noFiles;
    let count = 0;
    for (let i = folders[at]!; i < folders[at + 1]!; i += 2) count += runs[i + 1]! - runs[i]!;
    const files = new Uint32Array(count);
    count = 0;
    for (let i = folders[at]!; i < folders[at + 1]!; i += 2)
      for (let file = runs[i]!; file < runs[i + 1]!; file++) files[count++] = file;
    return files;
  }

  /** How much a term in a path says. */
  inverseFrequency(files: Uint32Array): number {
    return inverseDocumentFrequency(this.fileCount, files.length);
  }

  /** Place of a term; -1 when no path has it. */
  private find(term: string): number {
    const { high, low } = termKey(term);
    const { highs, lows } = this.columns;
    for (let at = lowerBound(highs, high); highs[at] === high; at++) if (lows[at] === low) return at;
    return -1;
  }
}

const noFiles = new Uint32Array(0);

type PathTermColumns = Readonly<
  Record<'highs' | 'lows' | 'names' | 'nameFiles' | 'folders' | 'folderRuns', Uint32Array>
>;

const table: Table<PathTermColumns> = {
  name: 'pathTerms-1',
  of: 'paths',
  read: (columns) => columns as PathTermColumns,
  columns: (columns) => columns,
};

interface PathTerm {
  readonly high: number;
  readonly low: number;
  readonly files: number[];
  readonly runs: number[];
}

async function gatherPathTerms(paths: SnapshotPaths): Promise<PathTermColumns> {
  const terms = new Map<string, PathTerm>();
  const termOf = (text: string): PathTerm => {
    let term = terms.get(text);
    if (term === undefined) terms.set(text, (term = { ...termKey(text), files: [], runs: [] }));
    return term;
  };
  const slices = new TimeSlices();
  for (const { folder, from, to } of folderRuns(paths.list)) {
    if (slices.isOver) await slices.next();
    for (const part of folder.split('/')) {
      for (const text of termsOfName(part)) {
        const { runs } = termOf(text);
        if (runs.length === 0 || runs[runs.length - 1]! < from) runs.push(from, to);
        else runs[runs.length - 1] = to;
      }
    }
    for (let file = from; file < to; file++) {
      if ((file & 63) === 0 && slices.isOver) await slices.next();
      for (const text of termsOfName(stemOfName(paths.list[file]!.slice(folder.length)))) {
        const { files } = termOf(text);
        if (files[files.length - 1] !== file) files.push(file);
      }
    }
  }
  const sorted = [...terms.values()].sort((a, b) => a.high - b.high || a.low - b.low);
  const starts = (of: (term: PathTerm) => readonly number[]): Uint32Array => {
    const ends = new Uint32Array(sorted.length + 1);
    for (const [i, term] of sorted.entries()) ends[i + 1] = ends[i]! + of(term).length;
    return ends;
  };
  return {
    highs: Uint32Array.from(sorted, ({ high }) => high),
    lows: Uint32Array.from(sorted, ({ low }) => low),
    names: starts(({ files }) => files),
    nameFiles: Uint32Array.from(sorted.flatMap(({ files }) => files)),
    folders: starts(({ runs }) => runs),
    folderRuns: Uint32Array.from(sorted.flatMap(({ runs }) => runs)),
  };
}

/** Files that follow one another and lie in one folder, which is named with its slash; '' for the root. */
export function* folderRuns(
  paths: readonly string[],
): Generator<{ readonly folder: string; readonly from: number; readonly to: number }> {
  for (let from = 0, to = 0; from < paths.length; from = to) {
    const folder = paths[from]!.slice(0, paths[from]!.lastIndexOf('/') + 1);
    for (to = from + 1; to < paths.length; to++)
      if (!paths[to]!.startsWith(folder) || paths[to]!.includes('/', folder.length)) break;
    yield { folder, from, to };
  }
}

/** A file's name without its extension: `app.module` of `app.module.ts`, `.gitignore` as it is. */
export function stemOfName(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

/** Names that say nothing of what is in the file: its folder's does. */
const generalNames = new Set(['index', 'mod', 'main', 'lib', '__init__', 'init', 'package', 'default']);

/** What a file is called, or its folder if the file's own name is a general one: `routing` for `routing/mod.rs`. */
export function nameOfFile(path: string): string {
  const slash = path.lastIndexOf('/');
  const name = stemOfName(path.slice(slash + 1));
  return slash > 0 && generalNames.has(name) ? path.slice(path.lastIndexOf('/', slash - 1) + 1, slash) : name;
}
