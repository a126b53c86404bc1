import { isAbsolute } from 'node:path';
import { CoppiceError } from '../base/index.js';
import { isView, pathIn, together } from '../model/index.js';
import type { Where } from '../model/index.js';

/**
 * Where a request looks. Paths are absolute: who asks and who answers may stand in different folders. With `names`, one repository by its
 * name and nothing else: whoever asks cannot see the folders of who answers, nor all of its repositories. USAGE.
 *
 * @param repo a place or a list of them, as engine's `Where` has them
 */
export function checkPlace(repo: unknown, hint: string, names = false): Where {
  if (names) {
    if (typeof repo === 'string' && repo !== '' && repo.length <= 1000) return repo;
    throw new CoppiceError('USAGE', `repo must be a name of a repository here, not ${JSON.stringify(repo)}`, {
      hint: 'POST /v1/repositories lists them',
    });
  }
  if (Array.isArray(repo) && repo.length > 0) return together(repo.map((place) => checkOne(place, hint)));
  return checkOne(repo, hint);
}

function checkOne(place: unknown, hint: string): string {
  if (
    typeof place === 'string' &&
    !place.includes('\0') &&
    (isAbsolute(pathIn(place)) || isView(place) || isName(place))
  )
    return place;
  throw new CoppiceError('USAGE', `repo must be an absolute path or a known name, not ${JSON.stringify(place)}`, {
    hint,
  });
}

const isName = (place: string): boolean =>
  place !== '' && !place.startsWith('.') && !/[\\/]/.test(place.split('@')[0]!);
