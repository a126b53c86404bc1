import { randomBytes } from 'node:crypto';

import { nowMs, uniqueSuffix } from '../../base/index.js';
import { leasePrefix } from '../../store/index.js';
import type { ForkEntry } from '../../store/index.js';
import { leaseNotFound, requireLease } from '../revs/find-fork.js';
import { recordFork } from './forks.js';
import type { Session } from '../session/session.js';
import { checkTtl } from '../revs/ttl.js';
import type { CallOptions, LeaseInfo } from '../types.js';

/** See `Engine.lease`. */
export async function leaseRev(
  session: Session,
  rev: string,
  call: CallOptions & { ttlMs?: number },
): Promise<LeaseInfo> {
  const ttlMs = checkTtl(call.ttlMs);
  for (;;) {
    const name = leasePrefix + randomBytes(8).toString('hex');
    const made = await recordFork(session, name, rev, { ...call, ttlMs });
    if (made !== null) return leaseInfo(made.entry);
  }
}

/** See `Engine.renewLease`. */
export async function renewLease(session: Session, lease: string, ttlMs: number | undefined): Promise<LeaseInfo> {
  const heldMs = checkTtl(ttlMs);
  const entry = await requireLease(session, lease);
  const { repo, name, root, commit } = entry;
  const at = nowMs();
  const until = at + heldMs;
  const isRenewed = session.store.tryRecord({ t: 'renew', n: uniqueSuffix(), repo, name, at, until });
  // Its tree may have been collected as garbage just before the record.
  const isStored = session.snapshots.findRoot(Buffer.from(root, 'base64url')) !== null;
  if (!isRenewed || (!isStored && commit === null)) throw leaseNotFound(lease);
  return leaseInfo({ ...entry, until });
}

/** See `Engine.releaseLease`. */
export async function releaseLease(session: Session, lease: string): Promise<void> {
  const { repo, name } = await requireLease(session, lease);
  session.store.tryRecord({ t: 'drop', n: uniqueSuffix(), repo, name });
}

const leaseInfo = ({ name, rev, commit, tree, until }: ForkEntry): LeaseInfo => ({
  lease: name,
  rev,
  commit,
  tree,
  expiresMs: until!,
});
