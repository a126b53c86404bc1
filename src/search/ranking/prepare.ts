import type { Snapshot } from '../../snapshot/index.js';
import { FileLengths } from './evidence/file-lengths.js';
import { pathKinds } from './evidence/file-kinds.js';
import { PathTerms } from './evidence/path-terms.js';
import { prepareVectors } from '../vectors/similarity.js';
import type { ComparedSpace } from '../vectors/visible-vectors.js';

/** Makes what ranked searches need of a snapshot as a whole and what is kept beside it, so that the first of them finds it made. */
export async function prepareRanking(snapshot: Snapshot, spaces: readonly ComparedSpace[]): Promise<void> {
  if (!snapshot.keepsTables) return;
  void snapshot.statistics;
  await FileLengths.of(snapshot);
  await PathTerms.of(snapshot);
  await pathKinds(snapshot);
  for (const space of spaces) await prepareVectors(snapshot, space);
}
