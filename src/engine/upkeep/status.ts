import { CoppiceError, compareBytewise } from '../../base/index.js';
import type { Oid, RepositoryId } from '../../model/index.js';
import { rootKey } from '../../snapshot/index.js';
import { storeFormatVersion } from '../../store/index.js';
import type { Store } from '../../store/index.js';
import { resolveTarget } from '../revs/revs.js';
import { storedRoot } from '../trees/incomplete-roots.js';
import { viewInfo } from '../views/named-views.js';
import type { Session } from '../session/session.js';
import type { SharedStore } from '../shared/shared-store.js';
import type { PackagesStatus, RepositoryStatus, RevStatus, StatusResult, VectorStatus } from '../types.js';

/** What the store holds, and how fresh the revs of the repository at hand are. */
export async function storeStatus(shared: SharedStore, sessions: readonly Session[]): Promise<StatusResult> {
  const { store, snapshots } = shared;
  // Status is about the store: where git cannot be asked it says what it can.
  // A folder without git in which somebody happens to stand is none of the store's: to look at it may take long.
  const places = new Set(Array.from(store.catalog.repositories.values(), ({ path }) => path));
  const known = sessions.filter(({ repository }) => !repository.isPlain || places.has(repository.commonDir));
  const open = await Promise.all(
    known.map(async (session) => ({ session, id: await session.repositoryId().catch(() => null) })),
  );
  const { files, chunks, trees, commits, textBytes } = totals(shared);
  const holder = store.lockHolder();
  const repositories: RepositoryStatus[] = [];
  for (const { id, name, path } of store.catalog.repositories.values()) {
    const current = open.find((one) => one.id === id && one.session.repository.commonDir === path)?.session ?? null;
    repositories.push({
      id,
      name,
      path,
      revs: current === null ? knownRevs(store, id) : await freshRevs(current, id),
      forks: store.catalog.forksOf(id).length,
      ...(current === null ? { skipped: [], exactOnly: [], diagnostics: [] } : await headFiles(current)),
      ...(current === null ? {} : await packagesOf(current)),
    });
  }
  return {
    store: store.path,
    formatVersion: storeFormatVersion,
    maxExactBytes: shared.exactBytesMax,
    sizeBytes: store.sizeBytes(),
    segments: snapshots.segments().segments.length,
    chunks,
    files,
    trees,
    commits,
    textBytes,
    vectors: vectorStatus(shared),
    writer: holder === null ? null : { pid: holder.pid, command: holder.command, sinceMs: holder.sinceMs },
    memory: snapshots.memory,
    packages: store.packages.count,
    views: [...store.catalog.views.values()].map(viewInfo).sort((a, b) => compareBytewise(a.name, b.name)),
    repositories: repositories.sort((a, b) => compareBytewise(a.name, b.name)),
  };
}

/** What it depends on; nothing where that cannot be told. */
async function packagesOf(session: Session): Promise<{ packages?: PackagesStatus }> {
  try {
    const target = await resolveTarget(session, session.defaultRev, {});
    const status = await (await session.packages()).status(target, {});
    return status === null ? {} : { packages: status };
  } catch (error) {
    if (error instanceof CoppiceError) return {};
    throw error;
  }
}

/** What the live segments hold, by their ranges and sizes. */
function totals({ snapshots }: SharedStore): Record<'files' | 'chunks' | 'trees' | 'commits' | 'textBytes', number> {
  let files = 0;
  let chunks = 0;
  let trees = 0;
  let commits = 0;
  let textBytes = 0;
  for (const segment of snapshots.segments().segments) {
    files += segment.fileKeys.count;
    chunks += segment.docKeys.count;
    trees += segment.treeKeys.count;
    commits += segment.commitKeys.count;
    textBytes += segment.entry.textBytes;
  }
  return { files, chunks, trees, commits, textBytes };
}

function vectorStatus({ snapshots }: SharedStore): VectorStatus[] {
  const spaces = new Map<string, VectorStatus>();
  for (const segment of snapshots.segments().segments) {
    for (const id of segment.vectorSpaces) {
      const { space, count, sizeBytes } = segment.vectors(id)!;
      const before = spaces.get(id) ?? { ...space, chunks: 0, sizeBytes: 0 };
      spaces.set(id, { ...before, chunks: before.chunks + count, sizeBytes: before.sizeBytes + sizeBytes });
    }
  }
  return [...spaces.values()].sort(
    (a, b) => compareBytewise(a.model, b.model) || compareBytewise(a.revision, b.revision) || a.dimension - b.dimension,
  );
}

function knownRevs(store: Store, id: RepositoryId): RevStatus[] {
  return [...store.catalog.revs.values()]
    .filter(({ repo }) => repo === id)
    .map(({ name, kind, commit }) => ({ rev: name, kind, commit, state: 'indexed' as const }))
    .sort((a, b) => compareBytewise(a.rev, b.rev));
}

/** HEAD, branches and tags as git has them now, other revs as they were asked for, forks. */
async function freshRevs(session: Session, id: RepositoryId): Promise<RevStatus[]> {
  const { repository, store } = session;
  const known = new Map(knownRevs(store, id).map((rev) => [rev.rev, rev]));
  const asked: { rev: string; kind: RevStatus['kind'] }[] = [{ rev: 'HEAD', kind: 'rev' }];
  for (const { shortName, kind } of await repository.refs())
    if (kind !== 'remote') asked.push({ rev: shortName, kind });
  const listed = new Set(asked.map(({ rev }) => rev));
  for (const { rev, kind } of known.values())
    if (kind !== 'worktree' && !listed.has(rev)) asked.push({ rev, kind: 'rev' });
  // All at once, as git answers many sooner than one by one.
  const found = await Promise.all(asked.map(({ rev }) => repository.find(rev).catch(() => null)));
  const revs = asked.flatMap(({ rev, kind }, i): RevStatus[] => {
    const target = found[i] ?? null;
    if (target === null) return [];
    return [{ rev, kind, commit: target.commit, state: stateOf(session, target.tree, known.has(rev)) }];
  });
  for (const { rev, kind } of known.values())
    if (kind === 'worktree') revs.push({ rev, kind, commit: null, state: 'indexed' });
  for (const { name, commit } of store.catalog.forksOf(id))
    revs.push({ rev: name, kind: 'fork', commit, state: 'indexed' });
  return revs;
}

function stateOf({ shared, snapshots, fingerprint }: Session, tree: Oid, isKnown: boolean): RevStatus['state'] {
  if (snapshots.findRoot(rootKey(tree, fingerprint)) !== null) return 'indexed';
  if (storedRoot(shared, tree) !== null) return 'incomplete';
  return isKnown ? 'behind' : 'not-indexed';
}

async function headFiles(session: Session): Promise<Pick<RepositoryStatus, 'skipped' | 'exactOnly' | 'diagnostics'>> {
  const head = await session.repository.find('HEAD').catch(() => null);
  const root = head === null ? null : storedRoot(session.shared, head.tree);
  if (root === null) return { skipped: [], exactOnly: [], diagnostics: [] };
  const snapshot = await session.snapshots.open(root);
  try {
    return {
      exactOnly: snapshot.files.flatMap(({ path, record }) =>
        record.exactOnly ? [{ path, sizeBytes: record.sizeBytes }] : [],
      ),
      skipped: snapshot.files.flatMap(({ path, record }) =>
        record.skipped === null ? [] : [{ path, reason: record.skipped, sizeBytes: record.sizeBytes }],
      ),
      diagnostics: snapshot.files.flatMap(({ path, record }) =>
        record.diagnostics.map((diagnostic) => ({ ...diagnostic, path })),
      ),
    };
  } finally {
    snapshot.release();
  }
}
