import type { Snapshot, SnapshotPaths } from '../../snapshot/index.js';
import type { Clause, Condition, Query, QueryTerm } from './query.js';

/** Folders of a snapshot, each with every end of its path that begins at a slash: `/src/lib/` and `/lib/`. */
function folderNames(paths: SnapshotPaths): ReadonlySet<string> {
  return paths.derived.once('folderNames', () => {
    const names = new Set<string>();
    let last = '';
    for (const path of paths.list) {
      const folder = path.slice(0, path.lastIndexOf('/') + 1);
      if (folder === last || folder === '') continue;
      last = folder;
      // All that are above it, and all ends of each.
      for (let end = folder.indexOf('/'); end >= 0; end = folder.indexOf('/', end + 1))
        for (let start = -1; start < end;) {
          names.add(`/${folder.slice(start + 1, end + 1)}`);
          start = folder.indexOf('/', start + 1);
        }
    }
    return names;
  });
}

/**
 * A query in which `/lib/` and `/src/lib/` are folders where the snapshot has some that are called so: hits must be in one. The notes
 * tell what would else have been a regular expression, and how to write that.
 */
export function withFolders(
  snapshot: Snapshot,
  query: Query,
): { readonly query: Query; readonly notes: readonly string[] } {
  if (!query.text.includes('/')) return { query, notes: [] };
  const names = folderNames(snapshot.paths);
  const notes: string[] = [];
  const folders = new Set<QueryTerm>();
  const isFolder = (text: string): boolean => /^\/.+\/$/.test(text) && names.has(text);
  const below = (text: string, offset: number): Condition => ({ kind: 'path', patterns: [text], offset });
  const convert = (clause: Clause): Clause => {
    const conditions = clause.conditions.map((condition): Condition => {
      switch (condition.kind) {
        case 'regex': {
          const folder = `/${condition.text}/`;
          if (!isFolder(folder)) return condition;
          notes.push(`${folder} is read as the folder; as a regular expression it is written /(?:${condition.text})/`);
          return below(folder, condition.offset);
        }
        case 'not':
          return { ...condition, clause: convert(condition.clause) };
        case 'or':
          return { ...condition, operands: condition.operands.map(convert) };
        default:
          return condition;
      }
    });
    for (const term of clause.terms) {
      if (!isFolder(term.text)) continue;
      folders.add(term);
      conditions.push(below(term.text, term.offset));
    }
    return { terms: clause.terms.filter((term) => !folders.has(term)), conditions };
  };
  const clause = convert(query.clause);
  if (notes.length === 0 && folders.size === 0) return { query, notes };
  const ranking = query.ranking.filter((term) => ![...folders].some(({ offset }) => offset === term.offset));
  return { query: { ...query, clause, ranking }, notes };
}
