import type { FileMask } from '../../search/index.js';
import type { OpenedRev } from '../session/scope.js';
import type { SkippedFile } from '../store-types.js';
import { placeOf } from './places.js';

type Searched = Pick<OpenedRev, 'snapshot' | 'origin' | 'leftOut'>;

/**
 * The files that git grep would look into and an exact search does not: larger than the last bound, or missing; after them packages that could
 * not be read. Not those that the user's rules leave out. In order of path.
 */
export function unsearchedFiles({ snapshot, origin, leftOut = [] }: Searched, mask: FileMask): SkippedFile[] {
  const positions = snapshot.derived.once('unsearched', () =>
    snapshot.files.flatMap(({ record }, i) =>
      record.skipped === 'too-large' || record.skipped === 'missing' ? [i] : [],
    ),
  );
  const files = positions.flatMap((i): SkippedFile[] => {
    if (mask !== null && mask[i] === 0) return [];
    const { path, record } = snapshot.files[i]!;
    return [{ ...placeOf(origin(path)), reason: record.skipped!, sizeBytes: record.sizeBytes }];
  });
  return [...files, ...leftOut];
}
