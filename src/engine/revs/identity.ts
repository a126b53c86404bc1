import { CoppiceError } from '../../base/index.js';
import type { Repository } from '../../git/index.js';
import { asRepositoryId } from '../../model/index.js';
import type { RepositoryId } from '../../model/index.js';
import type { Store } from '../../store/index.js';

/** A repository that has no commit yet has no identity of its own either. */
export const emptyRepositoryId = asRepositoryId('empty');

/** The repository's identity: as the store remembers it by its place, else its root commit, which is then remembered. */
export async function findIdentity(store: Store, repository: Repository): Promise<RepositoryId> {
  const path = repository.commonDir;
  for (const entry of store.catalog.repositories.values()) {
    // Another repository may have taken that place since.
    if (entry.path === path && entry.id !== emptyRepositoryId && (await repository.find(entry.id)) !== null)
      return entry.id;
  }
  const root = await repository.rootCommit();
  const id = root === null ? emptyRepositoryId : asRepositoryId(root);
  const known = [...store.catalog.repositories.values()].some((entry) => entry.id === id && entry.path === path);
  if (id !== emptyRepositoryId && !known) {
    try {
      store.record({ t: 'repository', id, path, name: repository.name });
    } catch (error) {
      // A store that cannot be written is searched all the same.
      const code = error instanceof CoppiceError ? error.code : 'INTERNAL';
      if (code !== 'STORE_READ_ONLY' && code !== 'STORE_FULL') throw error;
    }
  }
  return id;
}
