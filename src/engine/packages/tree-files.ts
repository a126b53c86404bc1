import type { ProjectEntry, ProjectFiles } from '../../dependencies/index.js';
import type { ObjectSource } from '../../indexing/index.js';
import type { Oid, TreeEntry } from '../../model/index.js';

const manifestBytesMax = 64 * 1024 * 1024;

/** The files of a project as a tree has them. */
export function treeFiles(root: Oid, source: ObjectSource): ProjectFiles {
  const folders = new Map<string, Promise<readonly TreeEntry[]>>();
  const entriesOf = (folder: string): Promise<readonly TreeEntry[]> => {
    let known = folders.get(folder);
    if (known === undefined) folders.set(folder, (known = folder === '' ? source.readTree(root) : below(folder)));
    return known;
  };
  const below = async (folder: string): Promise<readonly TreeEntry[]> => {
    const entry = await entryAt(folder);
    return entry?.kind === 'tree' ? source.readTree(entry.oid).catch(() => []) : [];
  };
  const entryAt = async (path: string): Promise<TreeEntry | undefined> => {
    const slash = path.lastIndexOf('/');
    const entries = await entriesOf(slash < 0 ? '' : path.slice(0, slash));
    return entries.find(({ name }) => name === path.slice(slash + 1));
  };
  return {
    async read(path) {
      const entry = await entryAt(path);
      if (entry?.kind !== 'file' && entry?.kind !== 'executable') return null;
      for await (const { content } of source.readBlobs([entry.oid], { maxBytes: manifestBytesMax })) return content;
      return null;
    },
    async list(folder) {
      return (await entriesOf(folder)).flatMap(({ name, kind }): ProjectEntry[] => {
        if (kind === 'tree') return [{ name, kind: 'folder' }];
        if (kind === 'symlink') return [{ name, kind: 'link' }];
        return kind === 'submodule' ? [] : [{ name, kind: 'file' }];
      });
    },
  };
}
