import { CoppiceError } from '../../base/index.js';
import { isLease } from '../../store/index.js';
import type { ForkEntry } from '../../store/index.js';
import { emptyRepositoryId } from './identity.js';
import { shorten } from '../limits.js';
import type { Session } from '../session/session.js';

/** FORK_NOT_FOUND names the forks there are. */
export async function requireFork(session: Session, name: string): Promise<ForkEntry> {
  const repo = await session.repositoryId();
  const { store } = session;
  store.refresh();
  const fork = store.catalog.fork(repo, name);
  if (fork !== undefined && !isLease(fork)) return fork;
  const names = store.catalog
    .forksOf(repo)
    .slice(0, 10)
    .map((entry) => entry.name);
  throw new CoppiceError('FORK_NOT_FOUND', `there is no fork named "${shorten(name)}" of this repository`, {
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
