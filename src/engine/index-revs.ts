import { elapsedMs, nowMs, throwIfAborted } from '../base/index.js';
import { SegmentSink } from '../indexing/index.js';
import type { Oid, RepositoryId, TreeId } from '../model/index.js';
import type { Repository } from '../git/index.js';
import type { RevEntry } from '../store/index.js';
import { ensureTarget, resolveTarget, worktreeRev } from './revs.js';
import type { Target } from './revs.js';
import type { Session } from './session.js';
import type { IndexOptions, IndexResult, IndexedRev } from './types.js';

/** Trees planned and read together when many commits are indexed. */
const historyBatch = 64;

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
  const results: IndexedRev[] = [];
  const targets: Target[] = [];
  for (const rev of names) {
    throwIfAborted(options.signal);
    const target = await resolveTarget(session, rev, options);
    targets.push(target);
    results.push(await indexTarget(session, target, options));
    recordRev(session, repository, repo, target);
  }
  const commits =
    options.history === true
      ? await indexHistory(session, targets, options)
      : targets.filter(({ resolved }) => resolved.commit !== null).length;
  return { revs: results, commits, tookMs: elapsedMs() - startMs };
}

async function indexTarget(session: Session, target: Target, options: IndexOptions): Promise<IndexedRev> {
  const startMs = elapsedMs();
  const before = totals(session);
  const { id } = await ensureTarget(session, target, options);
  const after = totals(session);
  const { fileCount, chunkCount, submoduleCount } = session.snapshots.rootNode(id);
  if (submoduleCount > 0) noteSubmodules(session, id);
  return {
    ...target.resolved,
    files: fileCount,
    chunks: chunkCount,
    newFiles: after.files - before.files,
    newChunks: after.chunks - before.chunks,
    newBytes: after.textBytes - before.textBytes,
    tookMs: elapsedMs() - startMs,
  };
}

function noteSubmodules(session: Session, root: TreeId): void {
  const snapshot = session.snapshots.open(root);
  const paths = snapshot.unfollowed.filter(({ kind }) => kind === 'submodule').map(({ path }) => path);
  snapshot.release();
  session.note(`submodules are not searched: ${paths.join(', ')}`);
}

/** What the live segments hold, by their ranges and sizes. */
export function totals(session: Session): { files: number; chunks: number; trees: number; textBytes: number } {
  let files = 0;
  let chunks = 0;
  let trees = 0;
  let textBytes = 0;
  for (const segment of session.snapshots.segments().segments) {
    files += segment.fileKeys.count;
    chunks += segment.docKeys.count;
    trees += segment.treeKeys.count;
    textBytes += segment.entry.textBytes;
  }
  return { files, chunks, trees, textBytes };
}

/** Every commit reachable from the targets, oldest first, so that each is a small step from what is there. */
async function indexHistory(session: Session, targets: readonly Target[], options: IndexOptions): Promise<number> {
  const repository = await session.repository();
  const tips = targets.flatMap(({ resolved }) => (resolved.commit === null ? [] : [resolved.commit]));
  const trees: Oid[] = [];
  const historyOptions = options.signal === undefined ? {} : { signal: options.signal };
  for await (const { tree } of repository.commits(tips, { oldestFirst: true, ...historyOptions })) trees.push(tree);
  const source = await session.source;
  await session.asWriter(options, async () => {
    const sink = new SegmentSink(session.snapshots);
    for (let from = 0; from < trees.length; from += historyBatch) {
      const batch = [...new Set(trees.slice(from, from + historyBatch))];
      await session.indexTrees(
        batch,
        source,
        options.signal === undefined ? {} : { signal: options.signal },
        sink,
        from + historyBatch >= trees.length,
      );
      options.onProgress?.({
        phase: 'index',
        done: Math.min(from + historyBatch, trees.length),
        total: trees.length,
        unit: 'commits',
        bytes: sink.newBytes,
        what: 'history',
      });
    }
  });
  return trees.length;
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
