import { isAbsolute } from 'node:path';
import { CoppiceError } from '../base/index.js';

/**
 * The repository that is named, as an absolute path: who asks and who answers may stand in different folders. With `names`, by its
 * name: whoever asks cannot see the folders of who answers. USAGE.
 */
export function checkRepoPath(repo: unknown, hint: string, names = false): string {
  if (names) {
    if (typeof repo === 'string' && repo !== '' && repo.length <= 1000) return repo;
    throw new CoppiceError('USAGE', `repo must be a name of a repository here, not ${JSON.stringify(repo)}`, {
      hint: 'POST /v1/repositories lists them',
    });
  }
  if (typeof repo === 'string' && isAbsolute(repo) && !repo.includes('\0')) return repo;
  throw new CoppiceError('USAGE', `repo must be an absolute path, not ${JSON.stringify(repo)}`, { hint });
}
