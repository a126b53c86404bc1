import { CoppiceError } from '../../base/index.js';
import { isLease, leasePrefix } from '../../store/index.js';
import type { ForkEntry } from '../../store/index.js';
import { emptyRepositoryId } from './identity.js';
import { shorten } from '../limits.js';
import type { Session } from '../session/session.js';

/** A fork of that name, of the store or of the cluster that is the remote. FORK_NOT_FOUND names the forks there are. */
export async function requireFork(session: Session, name: string): Promise<ForkEntry> {
  const fork = await findFork(session, name);
  if (fork === null || isLease(fork)) throw await forkNotFound(session, name);
  return fork;
}

/** The same; null when there is none. A lease counts. */
export async function findFork(session: Session, name: string): Promise<ForkEntry | null> {
  session.store.refresh();
  const fork = session.store.catalog.fork(await session.repositoryId(), name);
  if (fork !== undefined || name.startsWith(leasePrefix) || !session.hasCluster) return fork ?? null;
  const { findFarFork } = await import('../remotes/far-forks.js');
  return (await findFarFork(session, name, {}))?.entry ?? null;
}

export async function forkNotFound(session: Session, name: string): Promise<CoppiceError> {
  const repo = await session.repositoryId();
  const names = session.store.catalog
    .forksOf(repo)
    .slice(0, 10)
    .map((entry) => entry.name);
  return new CoppiceError('FORK_NOT_FOUND', `there is no fork named "${shorten(name)}" of this repository`, {
    hint: names.length === 0 ? `make one with \`coppice fork ${shorten(name)}\`` : `forks: ${names.join(', ')}`,
    data: { name: shorten(name) },
  });
}

/** LEASE_NOT_FOUND when there is none of that name, or it has expired. */
export async function requireLease(session: Session, lease: string): Promise<ForkEntry> {
  const repo = await session.repositoryId();
  const { store } = session;
  store.refresh();
  // It may have been taken before the repository had its first commit.
  const entry = store.catalog.fork(repo, lease) ?? store.catalog.fork(emptyRepositoryId, lease);
  if (entry === undefined || !isLease(entry)) throw leaseNotFound(lease);
  return entry;
}

export const leaseNotFound = (lease: string): CoppiceError =>
  new CoppiceError('LEASE_NOT_FOUND', `there is no lease "${shorten(lease)}" of this repository`, {
    hint: 'it has expired or was released: take a new one',
    data: { lease: shorten(lease) },
  });
