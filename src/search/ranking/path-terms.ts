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
  private readonly folders = new Map<string, number[]>();

  private constructor(private readonly fileCount: number) {}

  /** Made once for all snapshots that have these paths. */
  static of(paths: SnapshotPaths): Promise<PathTerms> {
    return paths.derived.once('pathTerms', async () => {
      const terms = new PathTerms(paths.list.length);
      const slices = new TimeSlices();
      for (const [file, path] of paths.list.entries()) {
        if (slices.isOver) await slices.next();
        terms.add(file, path);
      }
      return terms;
    });
  }

  private add(file: number, path: string): void {
    const parts = path.split('/');
    const name = parts.pop()!;
    for (const term of termsOfName(stemOfName(name))) append(this.names, term, file);
    for (const folder of parts) for (const term of termsOfName(folder)) append(this.folders, term, file);
  }

  filesNamed(term: string): readonly number[] {
    return this.names.get(term) ?? [];
  }

  filesInFolder(term: string): readonly number[] {
    return this.folders.get(term) ?? [];
  }

  /** How much a term in a path says. */
  inverseFrequency(files: readonly number[]): number {
    return inverseDocumentFrequency(this.fileCount, files.length);
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

function append(map: Map<string, number[]>, term: string, file: number): void {
  const files = map.get(term);
  if (files === undefined) map.set(term, [file]);
  else if (files.at(-1) !== file) files.push(file);
}
