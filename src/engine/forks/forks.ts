import { CoppiceError, compareBytewise, elapsedMs, nowMs, uniqueSuffix } from '../../base/index.js';
import { clusterIdMin } from '../../model/index.js';
import { isLease } from '../../store/index.js';
import type { ForkEntry } from '../../store/index.js';
import { requireFork } from '../revs/find-fork.js';
import { shorten } from '../limits.js';
import { ensureTarget, withTarget, worktreeRev } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import { checkTtl } from '../revs/ttl.js';
import type { CallOptions, ForkInfo, ForkResult } from '../types.js';

export const forkInfo = ({ name, rev, commit, tree, at, until }: ForkEntry): ForkInfo => ({
  name,
  rev,
  commit,
  tree,
  createdMs: at,
  expiresMs: until ?? null,
});

/** Makes a fork of a REV: one small record, whatever the size of what it sees. */
export async function forkRev(
  session: Session,
  name: string,
  from: string,
  call: CallOptions & { ttlMs?: number },
): Promise<ForkResult> {
  checkForkName(name);
  const ttlMs = call.ttlMs === undefined ? undefined : checkTtl(call.ttlMs, Infinity);
  const made = await recordFork(session, name, from, { ...call, ttlMs });
  if (made === null) {
    throw new CoppiceError('FORK_EXISTS', `there is a fork named "${name}" already`, {
      hint: `choose another name, or remove it with \`coppice drop ${name}\``,
      data: { name },
    });
  }
  return { ...forkInfo(made.entry), tookMs: made.tookMs };
}

/** Records a name for what a REV names; null when there is one already. */
export async function recordFork(
  session: Session,
  name: string,
  from: string,
  call: CallOptions & { ttlMs: number | undefined },
): Promise<{ entry: ForkEntry; tookMs: number } | null> {
  const { store } = session;
  const repo = await session.repositoryId();
  const { target, id, root } = await withTarget(session, from, call, async (target) => {
    const { id, key } = await ensureTarget(session, target, call);
    return { target, id, root: key.toString('base64url') };
  });
  const { commit, tree } = target.resolved;
  const startMs = elapsedMs();
  const at = nowMs();
  const expiry = call.ttlMs === undefined ? {} : { until: at + call.ttlMs };
  const entry: ForkEntry = { repo, name, rev: from, commit, tree, root, at, ...expiry };
  store.refresh();
  if (id >= clusterIdMin && !isLease(entry) && !session.hasCluster) {
    // What can be edited has to be in the store.
    const { takePublished } = await import('../remotes/auto-take.js');
    await takePublished(session, commit, call);
    return recordFork(session, name, from, call);
  }
  if (id >= clusterIdMin && !isLease(entry)) {
    if (store.catalog.fork(repo, name) !== undefined) return null;
    const { recordFarFork } = await import('../remotes/far-forks.js');
    const outcome = await recordFarFork(session, entry, call);
    // Now it is looked for anew, and made here where it can be.
    if (outcome === 'gone') return recordFork(session, name, from, call);
    return outcome === 'made' ? { entry, tookMs: elapsedMs() - startMs } : null;
  }
  if (store.catalog.expiredForks(at).some((fork) => fork.repo === repo && fork.name === name))
    store.tryRecord({ t: 'drop', n: uniqueSuffix(), repo, name, at });
  if (!store.tryRecord({ t: 'fork', n: uniqueSuffix(), ...entry })) return null;
  const tookMs = elapsedMs() - startMs;
  // Garbage may have been collected between the look and the record; from now on it is kept.
  if (id < clusterIdMin && session.snapshots.findRoot(Buffer.from(root, 'base64url')) === null)
    await ensureTarget(session, target, call);
  return { entry, tookMs };
}

/** The repository's forks by name. */
export async function listedForks(session: Session): Promise<ForkEntry[]> {
  const repo = await session.repositoryId();
  session.store.refresh();
  const own = session.store.catalog.forksOf(repo);
  return [...own, ...(await farForks(session))].sort((a, b) => compareBytewise(a.name, b.name));
}

async function farForks(session: Session): Promise<readonly ForkEntry[]> {
  if (!session.hasCluster) return [];
  const { listFarForks } = await import('../remotes/far-forks.js');
  return listFarForks(session, {});
}

/** See `Engine.forks`. */
export async function listForks(session: Session): Promise<ForkInfo[]> {
  return (await listedForks(session)).map(forkInfo);
}

export async function dropFork(session: Session, name: string): Promise<void> {
  const fork = await requireFork(session, name);
  const { repo } = fork;
  if (fork !== session.store.catalog.fork(repo, name) && session.hasCluster) {
    const { dropFarFork } = await import('../remotes/far-forks.js');
    return dropFarFork(session, name, {});
  }
  session.store.tryRecord({ t: 'drop', n: uniqueSuffix(), repo, name });
}

/** FORK_NAME_INVALID unless the name can stand where a REV stands. */
function checkForkName(name: string): void {
  const invalid = (why: string): CoppiceError =>
    new CoppiceError('FORK_NAME_INVALID', `"${shorten(name)}" cannot be a fork's name: ${why}`, {
      hint: 'use letters, digits, "-", "_", "." and "/", as for a branch',
      data: { name: shorten(name) },
    });
  if (name === '') throw invalid('it is empty');
  if (Buffer.byteLength(name) > 200) throw invalid('it is longer than 200 bytes');
  if (name.startsWith('-')) throw invalid('it begins with "-"');
  if (name === worktreeRev || name.startsWith('@') || name === 'HEAD') throw invalid('it means something else');
  if (name.includes('..') || /[\s~^:?*[\]\\{}"'`$&|;<>()!#%]/.test(name))
    throw invalid('it has characters that revs give a meaning');
  if (/[\u0000-\u001f\u007f\ud800-\udfff]/.test(name)) throw invalid('it has control characters');
  if (/^\/|\/$|\/\/|(?:^|\/)\.|\.$|\.lock$/.test(name))
    throw invalid('its "/" and "." are not placed as in a branch name');
}
