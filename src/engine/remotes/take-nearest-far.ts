import type { Oid } from '../../model/index.js';
import { rootKey } from '../../snapshot/index.js';
import type { Session, TreeOrigin } from '../session/session.js';
import type { CallOptions } from '../types.js';
import { indexedHere, orWithout } from './far.js';
import { openRemote } from './open-remote.js';
import { findPublished } from './published-repository.js';
import { isHere, nearestPublished } from './pull.js';
import { takeFar } from './take-far.js';

/**
 * Before a tree is indexed in a clone that has nothing near it: takes the nearest commit before it that is published in the cluster which is the remote, so
 * that its diff alone is indexed. A cluster that fails is told of and done without.
 */
export async function takeNearestFar(
  session: Session,
  { commit }: TreeOrigin,
  bases: readonly Oid[],
  call: CallOptions,
): Promise<void> {
  const { shared, snapshots, fingerprint, repository } = session;
  if (session.isPublished || repository.isPlain) return;
  if (bases.some((base) => snapshots.findRoot(rootKey(base, fingerprint)) !== null)) return;
  await orWithout(shared, indexedHere, call, async (_, patient) => {
    const wanted = commit ?? (await repository.head()).commit;
    const remote = openRemote(shared, shared.settings.remote!);
    const published = await findPublished(session, remote, patient);
    const near = await nearestPublished(session, published, wanted, call.signal);
    if (near === null || isHere(session, published.commits.get(near)!.tree)) return;
    await takeFar(session, remote, published, [near], patient);
  });
}
