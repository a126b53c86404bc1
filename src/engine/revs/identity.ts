import { CoppiceError, contentHash } from '../../base/index.js';
import type { Repository } from '../../git/index.js';
import { asRepositoryId } from '../../model/index.js';
import type { RepositoryId } from '../../model/index.js';
import type { RepositoryEntry, Store } from '../../store/index.js';

/** A repository that has no commit yet has no identity of its own either. */
export const emptyRepositoryId = asRepositoryId('empty');

/** The repository's identity: as it is `told`, as the store remembers it by its place, or its root commit; which is then remembered. */
export async function findIdentity(
  store: Store,
  repository: Repository,
  told: RepositoryId | null = null,
): Promise<RepositoryId> {
  const path = repository.commonDir;
  if (repository.isPlain) return folderIdentity(store, repository);
  for (const entry of told === null ? store.catalog.repositories.values() : []) {
    // Another repository may have taken that place since.
    if (entry.path === path && entry.id !== emptyRepositoryId && (await repository.find(entry.id)) !== null)
      return entry.id;
  }
  const root = told ?? (await repository.rootCommit());
  const id = root === null ? emptyRepositoryId : asRepositoryId(root);
  const known = [...store.catalog.repositories.values()].some((entry) => entry.id === id && entry.path === path);
  if (id !== emptyRepositoryId && !known) {
    remember(store, { id, path, name: repository.name });
  }
  return id;
}

/** What a folder without git is known by: its place is all that it has. */
function folderIdentity(store: Store, { commonDir: path, name }: Repository): RepositoryId {
  const id = asRepositoryId(`folder-${contentHash(path).toString('hex')}`);
  if (!store.catalog.repositories.has(`${id}/${path}`)) remember(store, { id, path, name, kind: 'folder' });
  return id;
}

function remember(store: Store, entry: RepositoryEntry): void {
  try {
    store.record({ t: 'repository', ...entry });
  } catch (error) {
    if (!isUnwritable(error)) throw error;
  }
}

/** A store that cannot be written is searched all the same. */
export const isUnwritable = (error: unknown): boolean =>
  error instanceof CoppiceError && (error.code === 'STORE_READ_ONLY' || error.code === 'STORE_FULL');
