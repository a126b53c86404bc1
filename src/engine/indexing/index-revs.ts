import { elapsedMs, throwIfAborted } from '../../base/index.js';
import type { TreeId } from '../../model/index.js';
import { prepareRanking } from '../../search/index.js';
import { nothingAdded, sumOfAdded } from '../trees/added.js';
import { comparedSpace } from '../shared/embeddings.js';
import { continueHistory, recordHistory } from './history.js';
import { provisionalFiles } from '../trees/incomplete-roots.js';
import { ensureTarget, openTarget, recordRev, resolveTarget, withTarget } from '../revs/revs.js';
import type { Target } from '../revs/revs.js';
import type { EnsuredRoot, Session } from '../session/session.js';
import type { IndexOptions, IndexResult, IndexedRev } from '../types.js';

/** For whom revs are indexed. */
export interface IndexRevsOptions extends IndexOptions {
  /** They are searched here next: what makes opening them quick is laid out. Default: true, but for many of them. */
  readonly searchedHere?: boolean;
}

/** Indexes revs, with `all` every branch and tag, with `history` every commit behind them. */
export async function indexRevs(
  session: Session,
  revs: readonly string[],
  options: IndexRevsOptions,
): Promise<IndexResult> {
  const startMs = elapsedMs();
  const { repository } = session;
  session.incomplete.forgetTries();
  const repo = await session.repositoryId();
  const names = new Set(revs.length > 0 ? revs : [options.deps === true ? session.defaultRev : 'HEAD']);
  if (options.all === true) {
    const refs = await repository.refs(options.signal);
    const counts = new Map<string, number>();
    for (const { shortName } of refs) counts.set(shortName, (counts.get(shortName) ?? 0) + 1);
    for (const { shortName, name, kind, commit } of refs) {
      if (kind === 'remote' || commit === null) continue;
      // A tag and a branch may share their short name; git then takes the tag.
      names.add(counts.get(shortName)! > 1 ? name : shortName);
    }
  }
  const targets: Target[] = [];
  for (const rev of names) {
    throwIfAborted(options.signal);
    targets.push(await resolveTarget(session, rev, options));
  }
  const tips = targets.flatMap(({ resolved }) => (resolved.commit === null ? [] : [resolved.commit]));
  // First, as it reads each blob of all revs once, in the order that suits git.
  const history = options.history === true ? await recordHistory(session, tips, options) : null;
  const results: IndexedRev[] = [];
  const submodules = new Set<string>();
  for (const target of targets) {
    throwIfAborted(options.signal);
    const indexAndRecord = async (now: Target): Promise<void> => {
      results.push(await indexTarget(session, now, options, submodules));
      if (options.deps === true) await (await session.packages()).view(now, {}, options);
      if (now.worktree === null || options.lasting !== false) recordRev(session, repo, now);
    };
    await withTarget(session, target.resolved.rev, options, indexAndRecord, target);
  }
  if (submodules.size > 0) session.shared.note(`submodules are not searched: ${[...submodules].join(', ')}`);
  const added = sumOfAdded([history?.added ?? nothingAdded, ...results]);
  return { revs: results, commits: history?.commits ?? tips.length, ...added, tookMs: elapsedMs() - startMs };
}

async function indexTarget(
  session: Session,
  target: Target,
  options: IndexRevsOptions,
  submodules: Set<string>,
): Promise<IndexedRev> {
  const startMs = elapsedMs();
  const { id, added, provisional } = await indexedTree(session, target, options);
  await session.shared.embeddings.coverRoot(id, { ...options, what: target.resolved.rev });
  const { searchedHere = options.history !== true && options.all !== true } = options;
  const { fileCount, chunkCount } = session.snapshots.treeNode(id);
  if (searchedHere) {
    const isWhole = added.newChunks === 0 || added.newChunks * stepShare >= chunkCount;
    session.shared.whenQuiet(`laying out ${target.resolved.rev}`, async () => {
      if (!session.snapshots.isThere(id)) return;
      await session.snapshots.keepFlat(id);
      if (isWhole) await prepareSearch(session, id);
    });
  }
  for (const path of submodulePaths(session, id)) submodules.add(path);
  return {
    ...target.resolved,
    files: fileCount,
    chunks: chunkCount,
    ...added,
    ...(provisional ? { provisional: (await provisionalFiles(session.shared, id)).length } : {}),
    tookMs: elapsedMs() - startMs,
  };
}

/** A step from what was there, with less than one part in so many new, leaves to the first search what takes a moment in a large tree. */
const stepShare = 10;

/** What searches make of a root as a whole is made now, and found by the first of them. */
async function prepareSearch({ snapshots, shared }: Session, root: TreeId): Promise<void> {
  const spaces = (await shared.embeddings.all()).map(comparedSpace);
  const snapshot = await snapshots.open(root);
  try {
    await prepareRanking(snapshot, spaces);
  } finally {
    snapshot.release();
  }
}

/** Paths of the submodules below a tree. */
function submodulePaths(session: Session, root: TreeId): string[] {
  const paths: string[] = [];
  const folders = [{ tree: root, prefix: '' }];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { submoduleCount, entries } = session.snapshots.treeNode(folder.tree);
    if (submoduleCount === 0) continue;
    for (const { kind, name, tree } of entries) {
      if (kind === 'submodule') paths.push(folder.prefix + name);
      else if (tree !== undefined) folders.push({ tree, prefix: `${folder.prefix}${name}/` });
    }
  }
  return paths;
}

/** The target's root tree; what has just been recorded need not be looked for again. */
async function indexedTree(
  session: Session,
  target: Target,
  options: IndexOptions,
): Promise<Pick<EnsuredRoot, 'id' | 'added' | 'provisional'>> {
  const { commit } = target.resolved;
  if (target.worktree !== null && options.lasting === false) {
    const snapshot = await openTarget(session, target, options);
    snapshot.release();
    return { id: snapshot.root, added: nothingAdded, provisional: false };
  }
  const recorded = options.history === true && commit !== null ? await session.recordedTree(commit) : null;
  if (recorded !== null) return { id: recorded, added: nothingAdded, provisional: false };
  const root = await ensureTarget(session, target, options);
  if (commit !== null && !root.provisional) await continueHistory(session, commit, root.id, options);
  return root;
}
