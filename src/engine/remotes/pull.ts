import { CoppiceError, elapsedMs, nowMs } from '../../base/index.js';
import { asOid } from '../../model/index.js';
import type { Oid } from '../../model/index.js';
import type { Publications } from '../../remote/index.js';
import { rootKey } from '../../snapshot/index.js';
import { resolveTarget } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import type { CallOptions } from '../types.js';
import { findPublished } from './published-repository.js';
import type { PublishedRepository } from './published-repository.js';
import { isCluster } from './pushing/push-to-cluster.js';
import { fetchPacks, takePacks } from './take.js';
import { takeFar } from './take-far.js';

export interface PullOptions extends CallOptions {
  /** The records of their history as well, so that `log` need not make them. */
  readonly history?: boolean;
  readonly patienceMs?: number;
}

export interface PullResult {
  readonly remote: string;
  readonly revs: readonly {
    readonly rev: string;
    readonly commit: Oid | null;
    /** The commit that was taken, or is here: an ancestor where the rev itself is not published; null where nothing near it is. */
    readonly taken: Oid | null;
  }[];
  readonly packs: number;
  /** Read of the remote. */
  readonly bytes: number;
  readonly chunks: number;
  readonly tookMs: number;
}

/** An ancestor is looked for among so many commits. */
export const ancestorsMax = 1000;

/** Takes revs, or what is published nearest to them, into the store. */
export async function pullRevs(
  session: Session,
  remote: Publications,
  revs: readonly string[],
  options: PullOptions,
): Promise<PullResult> {
  const startMs = elapsedMs();
  const published = await findPublished(session, remote, options);
  if (published.head.version === null) {
    const known = await remote.repositories(options);
    throw new CoppiceError('REMOTE_NOT_FOUND', `nothing of this repository is published at ${remote.url}`, {
      hint:
        known.length === 0
          ? `nothing at all is: publish with \`coppice push ${remote.url}\``
          : `it has ${known
              .slice(0, 5)
              .map(({ name }) => name)
              .join(', ')}`,
    });
  }
  const found: { rev: string; commit: Oid | null; tree: Oid; taken: Oid | null }[] = [];
  for (const rev of revs.length > 0 ? revs : ['HEAD']) {
    const { resolved } = await resolveTarget(session, rev, options);
    const taken = await nearestPublished(session, published, resolved.commit, options.signal);
    found.push({ rev, commit: resolved.commit, tree: resolved.tree, taken });
  }
  const commits = found.flatMap(({ taken }) => (taken === null ? [] : [taken]));
  const { packs, bytes, chunks } = isCluster(remote)
    ? await takeFar(session, remote, published, commits, options)
    : await takeAsPacks(session, remote, published, commits, options);
  const repo = await session.repositoryId();
  for (const { rev, commit, tree, taken } of found)
    if (taken === commit && commit !== null && rev !== commit) {
      const kind = session.repository.refKind(rev) ?? 'rev';
      session.store.record({ t: 'rev', repo, name: rev, kind, commit, tree, at: nowMs() });
    }
  const told = found.map(({ rev, commit, taken }) => ({ rev, commit, taken }));
  return { remote: remote.url, revs: told, packs, bytes, chunks, tookMs: elapsedMs() - startMs };
}

async function takeAsPacks(
  session: Session,
  remote: Publications,
  published: PublishedRepository,
  commits: readonly Oid[],
  options: PullOptions,
): Promise<Pick<PullResult, 'packs' | 'bytes' | 'chunks'>> {
  const request = { commits, history: options.history ?? false };
  const fetched = await fetchPacks(session, remote, published, request, options);
  return takePacks(session, remote, fetched, options);
}

/** The commit itself, or the nearest before it that is published. */
export async function nearestPublished(
  session: Session,
  { commits }: PublishedRepository,
  commit: Oid | null,
  signal?: AbortSignal,
): Promise<Oid | null> {
  if (commit === null) return null;
  if (commits.has(commit)) return commit;
  return session.repository.nearest(commit, new Set(Array.from(commits.keys(), asOid)), ancestorsMax, signal);
}

/** A published commit's tree is in the store. */
export const isHere = (session: Session, tree: string): boolean =>
  session.snapshots.findRoot(rootKey(asOid(tree), session.fingerprint)) !== null;
