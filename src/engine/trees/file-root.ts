import { CoppiceError, throwIfAborted } from '../../base/index.js';
import type { Edit } from '../../indexing/index.js';
import type { Oid } from '../../model/index.js';
import { rootKey } from '../../snapshot/index.js';
import { loadIndexing } from '../shared/load-indexing.js';
import type { SharedStore } from '../shared/shared-store.js';
import type { CallOptions } from '../types.js';
import { nothingAdded } from './added.js';
import type { Added } from './added.js';
import { indexTrees } from './index-trees.js';
import { SeenFiles } from './seen-files.js';
import type { FileReader } from './seen-files.js';
import type { StoredRoot } from '../../indexing/index.js';

/** Files that are in no repository: a package's, an archive's. */
export interface FileSet extends FileReader {
  /** Paths of all files, as a tree of git's has them: `/` between names, no `.`, `..` or `.git` among them; in any order. */
  paths(signal?: AbortSignal): Promise<readonly string[]>;
}

export interface FileRoot extends StoredRoot {
  /** The oid that git would give the tree. */
  readonly oid: Oid;
  readonly added: Added;
}

/** Files read at once. */
const readsAtOnce = 16;
/** When files change again and again while they are read. */
const triesMax = 3;

/**
 * The stored root tree of some files, with the oids that git would give them, indexed first if need be: by its content, so that
 * the same files are one tree wherever they lie. To be kept by `gc` it needs a name (a record of kind `rev` in the catalog).
 *
 * @throws CoppiceError PATH_NOT_FOUND for a path that no file of a tree can have, OBJECT_MISSING when files change while they are read
 */
export async function storeFiles(
  shared: SharedStore,
  files: FileSet,
  call: CallOptions & { readonly what?: string },
): Promise<FileRoot> {
  for (let tries = 1; ; tries++) {
    const seen = new SeenFiles(files, null, shared.rules.maxFileBytes, null);
    try {
      return await storeSeen(shared, files, seen, call);
    } catch (error) {
      const mayPass = error instanceof CoppiceError && error.code === 'OBJECT_MISSING' && seen.isOutdated;
      if (!mayPass || tries === triesMax) throw error;
    }
  }
}

async function storeSeen(
  shared: SharedStore,
  files: FileSet,
  seen: SeenFiles,
  call: CallOptions & { readonly what?: string },
): Promise<FileRoot> {
  const { OverlaySource, checkTreePath, editTree } = await loadIndexing();
  const paths = await files.paths(call.signal);
  const edits = new Map<string, Edit>();
  for (let at = 0; at < paths.length; at += readsAtOnce) {
    throwIfAborted(call.signal);
    const batch = paths.slice(at, at + readsAtOnce);
    batch.forEach(checkTreePath);
    const found = await Promise.all(batch.map((path) => seen.look(path)));
    batch.forEach((path, i) => {
      const file = found[i] ?? null;
      if (file !== null) edits.set(path, { kind: file.kind, oid: file.oid });
    });
  }
  const source = new OverlaySource(seen, 'elsewhere');
  const oid = await editTree(null, edits, source, 'sha1');
  const key = rootKey(oid, shared.fingerprint);
  const find = (): FileRoot | null => {
    const id = shared.snapshots.findRoot(key);
    return id === null ? null : { id, key, oid, provisional: false, added: nothingAdded };
  };
  return (
    find() ??
    (await shared.asWriter(call, async () => {
      const stored = find(); // by another process, while we waited
      if (stored !== null) return stored;
      const { roots, added } = await indexTrees(shared, [oid], source, call);
      return { ...roots[0]!, oid, added };
    }))
  );
}
