import { CoppiceError, elapsedMs } from '../../../base/index.js';
import type { Oid } from '../../../model/index.js';
import type { Publications } from '../../../remote/index.js';
import type { Session } from '../../session/session.js';
import { indexTips, refsOf } from './publication.js';
import type { PushOptions, PushResult } from './publication.js';
import { pushPacks } from './push-packs.js';
import { isCluster, pushToCluster } from './push-to-cluster.js';

const patienceMsDefault = 60_000;

/** Publishes revs: their contents first, which nobody sees, then one conditional write that makes them visible. */
export async function pushRevs(
  session: Session,
  remote: Publications,
  revs: readonly string[],
  options: PushOptions,
): Promise<PushResult> {
  const startMs = elapsedMs();
  const { signal, patienceMs = patienceMsDefault, history = false, noText = false, key = null, onProgress } = options;
  const isFar = isCluster(remote);
  if (isFar && noText) {
    throw new CoppiceError('USAGE', 'a cluster is searched where it is, so it needs the text', {
      hint: 'push without --no-text',
    });
  }
  const tips = await indexTips(session, revs, options);
  const refs = await refsOf(session, tips);
  const left = new Set<Oid>();
  const push = { tips, refs, history, noText, key, call: { signal, patienceMs }, onProgress, left };
  const { known, ...sent } = await (isFar ? pushToCluster : pushPacks)(session, remote, push);
  return {
    remote: remote.url,
    revs: tips.map(({ rev, commit }) => {
      const isPublished = !left.has(commit);
      return { rev, commit, isNew: isPublished && !known.has(commit), isPublished };
    }),
    ...sent,
    tookMs: elapsedMs() - startMs,
  };
}
