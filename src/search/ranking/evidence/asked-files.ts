import type { Snapshot, SnapshotPaths } from '../../../snapshot/index.js';
import type { QueryTerm } from '../../query/query.js';

/** Files by their own name in lower case. */
function filesByName(paths: SnapshotPaths): ReadonlyMap<string, readonly number[]> {
  return paths.derived.once('filesByName', () => {
    const byName = new Map<string, number[]>();
    for (const [file, path] of paths.list.entries()) {
      const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
      const files = byName.get(name);
      if (files === undefined) byName.set(name, [file]);
      else files.push(file);
    }
    return byName;
  });
}

export interface AskedFiles {
  /** How well each file fits what is asked for: 1 for the one nearest to the root. */
  readonly values: ReadonlyMap<number, number>;
  /** The query is nothing but a path: what is asked for is the file itself, from its beginning. */
  readonly isAll: boolean;
}

/** The files that a query names by the end of their path: `package.json`, `lib/server.js`, `./lib/server.js:12`. */
export function askedFiles(snapshot: Snapshot, ranking: readonly QueryTerm[]): AskedFiles {
  const values = new Map<number, number>();
  let isAll = ranking.length === 1;
  for (const { text } of ranking) {
    const path = text
      .replace(/^\.?\//, '')
      .replace(/:\d+(?::\d+)?:?$/, '')
      .toLowerCase();
    if (!/[/.]/.test(path)) continue;
    const files = filesByName(snapshot.paths).get(path.slice(path.lastIndexOf('/') + 1)) ?? [];
    const ends = files.filter((file) => `/${snapshot.paths.list[file]!.toLowerCase()}`.endsWith(`/${path}`));
    if (ends.length === 0) isAll = false;
    for (const file of ends) {
      const depth = snapshot.paths.list[file]!.split('/').length - path.split('/').length;
      values.set(file, Math.max(values.get(file) ?? 0, 1 / (1 + depth)));
    }
  }
  return { values, isAll: isAll && values.size > 0 };
}
