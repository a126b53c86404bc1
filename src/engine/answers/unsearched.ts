import type { FileMask } from '../../search/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import type { OpenedRev } from '../session/scope.js';
import type { SkippedFile } from '../store-types.js';
import { placeOf } from './places.js';

/**
 * The files that git grep would look into and an exact search does not: larger than the last bound, or missing. Not those that
 * the user's rules leave out. In order of path.
 */
export function unsearchedFiles(snapshot: Snapshot, mask: FileMask, origin: OpenedRev['origin']): SkippedFile[] {
  const positions = snapshot.derived.once('unsearched', () =>
    snapshot.files.flatMap(({ record }, i) =>
      record.skipped === 'too-large' || record.skipped === 'missing' ? [i] : [],
    ),
  );
  return positions.flatMap((i) => {
    if (mask !== null && mask[i] === 0) return [];
    const { path, record } = snapshot.files[i]!;
    return [{ ...placeOf(origin(path)), reason: record.skipped!, sizeBytes: record.sizeBytes }];
  });
}
