import { isAbsolute } from 'node:path';
import { CoppiceError } from '../base/index.js';

/** The repository that is named, as an absolute path: who asks and who answers may stand in different folders. USAGE. */
export function checkRepoPath(repo: unknown, hint: string): string {
  if (typeof repo === 'string' && isAbsolute(repo) && !repo.includes('\0')) return repo;
  throw new CoppiceError('USAGE', `repo must be an absolute path, not ${JSON.stringify(repo)}`, { hint });
}
