import { GenerationCache, TimeSlices } from '../../base/index.js';
import type { SnapshotPaths } from '../../snapshot/index.js';
import { inverseDocumentFrequency, textTerms } from '../../text/index.js';

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

/** Which files of a snapshot have a term in their name or in a folder's, by position. */
export class PathTerms {
  private readonly names = new Map<string, number[]>();
  /** Runs of files, one after the other: the first of each, and the one after its last. */
  private readonly folders = new Map<string, number[]>();

  private constructor(private readonly fileCount: number) {}

  /** Made once for all snapshots that have these paths. */
  static of(paths: SnapshotPaths): Promise<PathTerms> {
    return paths.derived.once('pathTerms', async () => {
      const terms = new PathTerms(paths.list.length);
      const slices = new TimeSlices();
      for (const { folder, from, to } of folderRuns(paths.list)) {
        if (slices.isOver) await slices.next();
        terms.addFolder(folder, from, to);
        for (let file = from; file < to; file++) {
          if ((file & 63) === 0 && slices.isOver) await slices.next();
          terms.addName(file, paths.list[file]!.slice(folder.length));
        }
      }
      return terms;
    });
  }

  private addName(file: number, name: string): void {
    for (const term of termsOfName(stemOfName(name))) {
      const files = this.names.get(term);
      if (files === undefined) this.names.set(term, [file]);
      else if (files[files.length - 1] !== file) files.push(file);
    }
  }

  private addFolder(folder: string, from: number, to: number): void {
    for (const part of folder.split('/')) {
      for (const term of termsOfName(part)) {
        const runs = this.folders.get(term);
        if (runs === undefined) this.folders.set(term, [from, to]);
        else if (runs[runs.length - 1]! < from) runs.push(from, to);
        else runs[runs.length - 1] = to;
      }
    }
  }

  filesNamed(term: string): readonly number[] {
    return this.names.get(term) ?? [];
  }

  filesInFolder(term: string): readonly number[] {
    const runs = this.folders.get(term) ?? [];
    const files: number[] = [];
    for (let i = 0; i < runs.length; i += 2) for (let file = runs[i]!; file < runs[i + 1]!; file++) files.push(file);
    return files;
  }

  /** How much a term in a path says. */
  inverseFrequency(files: readonly number[]): number {
    return inverseDocumentFrequency(this.fileCount, files.length);
  }
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
