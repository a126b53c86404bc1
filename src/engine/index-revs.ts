import { elapsedMs, nowMs, throwIfAborted } from '../base/index.js';
import type { RepositoryId, TreeId } from '../model/index.js';
import type { Repository } from '../git/index.js';
import type { RevEntry } from '../store/index.js';
import { continueHistory, recordHistory } from './history.js';
import { ensureTarget, resolveTarget, worktreeRev } from './revs.js';
import type { Target } from './revs.js';
import type { Session } from './session.js';
import type { IndexOptions, IndexResult, IndexedRev } from './types.js';

/** Indexes revs, with `all` every branch and tag, with `history` every commit behind them. */
export async function indexRevs(
  session: Session,
  revs: readonly string[],
  options: IndexOptions,
): Promise<IndexResult> {
  const startMs = elapsedMs();
  const repository = await session.repository();
  const repo = await session.repositoryId();
  const names = revs.length > 0 ? [...revs] : ['HEAD'];
  if (options.all === true) {
    const refs = await repository.refs(options.signal);
    for (const { shortName, name, kind, commit } of refs) {
      if (kind === 'remote' || commit === null || names.includes(shortName)) continue;
      // A tag and a branch may share their short name; git then takes the tag.
      names.push(refs.some((other) => other.shortName === shortName && other.name !== name) ? name : shortName);
    }
  }
  const before = totals(session);
  const targets: Target[] = [];
  for (const rev of names) {
    throwIfAborted(options.signal);
    targets.push(await resolveTarget(session, rev, options));
  }
  const tips = targets.flatMap(({ resolved }) => (resolved.commit === null ? [] : [resolved.commit]));
  // First, as it reads each blob of all revs once, in the order that suits git.
  const commits = options.history === true ? await recordHistory(session, tips, options) : tips.length;
  const results: IndexedRev[] = [];
  for (const target of targets) {
    throwIfAborted(options.signal);
    results.push(await indexTarget(session, target, options));
    recordRev(session, repository, repo, target);
  }
  return { revs: results, commits, ...growth(before, totals(session)), tookMs: elapsedMs() - startMs };
}

async function indexTarget(session: Session, target: Target, options: IndexOptions): Promise<IndexedRev> {
  const startMs = elapsedMs();
  const before = totals(session);
  const { id } = await ensureTarget(session, target, options);
  if (target.resolved.commit !== null) await continueHistory(session, target.resolved.commit, id, options);
  const { fileCount, chunkCount, submoduleCount } = session.snapshots.rootNode(id);
  if (submoduleCount > 0) noteSubmodules(session, id);
  return {
    ...target.resolved,
    files: fileCount,
    chunks: chunkCount,
    ...growth(before, totals(session)),
    tookMs: elapsedMs() - startMs,
  };
}

function noteSubmodules(session: Session, root: TreeId): void {
  const snapshot = session.snapshots.open(root);
  const paths = snapshot.unfollowed.filter(({ kind }) => kind === 'submodule').map(({ path }) => path);
  snapshot.release();
  session.note(`submodules are not searched: ${paths.join(', ')}`);
}

type Totals = ReturnType<typeof totals>;

const growth = (before: Totals, after: Totals): Pick<IndexedRev, 'newFiles' | 'newChunks' | 'newBytes'> => ({
  newFiles: after.files - before.files,
  newChunks: after.chunks - before.chunks,
  newBytes: after.textBytes - before.textBytes,
});

/** What the live segments hold, by their ranges and sizes. */
export function totals(session: Session): Record<'files' | 'chunks' | 'trees' | 'commits' | 'textBytes', number> {
  let files = 0;
  let chunks = 0;
  let trees = 0;
  let commits = 0;
  let textBytes = 0;
  for (const segment of session.snapshots.segments().segments) {
    files += segment.fileKeys.count;
    chunks += segment.docKeys.count;
    trees += segment.treeKeys.count;
    commits += segment.commitKeys.count;
    textBytes += segment.entry.textBytes;
  }
  return { files, chunks, trees, commits, textBytes };
}

/** Remembers the name, so that `status` can tell how fresh it is. Writes only what changed; a full oid is no name. */
function recordRev(session: Session, repository: Repository, repo: RepositoryId, { resolved }: Target): void {
  if (resolved.kind === 'fork' || resolved.rev === resolved.commit) return;
  const kind: RevEntry['kind'] =
    resolved.rev === worktreeRev ? 'worktree' : (repository.refKind(resolved.rev) ?? 'rev');
  const known = session.store.catalog.revs.get(`${repo}/${resolved.rev}`);
  if (known?.tree === resolved.tree && known.commit === resolved.commit) return;
  session.store.record({
    t: 'rev',
    repo,
    name: resolved.rev,
    kind,
    commit: resolved.commit,
    tree: resolved.tree,
    at: nowMs(),
  });
}
