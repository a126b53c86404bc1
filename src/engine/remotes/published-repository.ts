import type { RepositoryId } from '../../model/index.js';
import { asRepositoryId } from '../../model/index.js';
import type { Publications, PublishedCommit, PublishedHead } from '../../remote/index.js';
import type { Session } from '../session/session.js';

/** What a remote has of one repository. */
export interface PublishedRepository {
  /** Its identity at the remote. */
  readonly id: RepositoryId;
  readonly head: PublishedHead;
  /** Commits of our indexing rules. */
  readonly commits: ReadonlyMap<string, PublishedCommit>;
}

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
  /** What was read so short a time ago will do: see `Publications.head`. */
  readonly ageMsMax?: number | undefined;
}

/**
 * What is published of a session's repository. A shallow clone does not know its root commit, and so not its identity: it is the
 * published repository that has its commits.
 */
export async function findPublished(session: Session, remote: Publications, call: Call): Promise<PublishedRepository> {
  const own = await session.repositoryId();
  const found = await published(session, remote, own, call);
  if (found.head.version !== null || !session.repository.isShallow) return found;
  const { commit } = await session.repository.head();
  if (commit === null) return found;
  const near = [commit, ...(await session.repository.readCommit(commit)).parents];
  for (const { id } of await remote.repositories(call)) {
    const other = await published(session, remote, asRepositoryId(id), call);
    if (near.some((oid) => other.commits.has(oid))) return other;
  }
  return found;
}

async function published(
  { fingerprint }: Session,
  remote: Publications,
  id: RepositoryId,
  call: Call,
): Promise<PublishedRepository> {
  const head = await remote.head(id, call);
  return { id, head, commits: await remote.commits(head, fingerprint, call) };
}
