import { CoppiceError, closest, nowMs } from '../../base/index.js';
import type { ObjectSource } from '../../indexing/index.js';
import type { Oid, RepositoryId, TreeId } from '../../model/index.js';
import { rootKey } from '../../snapshot/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { isLease, leasePrefix } from '../../store/index.js';
import type { ForkEntry, RevEntry } from '../../store/index.js';
import { nothingAdded } from '../trees/added.js';
import { findFork, leaseNotFound, requireFork, requireLease } from './find-fork.js';
import { isUnwritable } from './identity.js';
import { isTooLong, shorten } from '../limits.js';
import { provisionalFiles } from '../trees/incomplete-roots.js';
import type { EnsuredRoot, Session } from '../session/session.js';
import { loadIndexing } from '../shared/load-indexing.js';
import type { OpenedRev, Scope } from '../session/scope.js';
import type { CallOptions, Freshness, ResolvedRev } from '../types.js';
import type { WorktreeState } from '../worktree/worktree.js';

export const worktreeRev = '@worktree';
export const forkPrefix = 'fork:';
export const overlayPrefix = 'overlay:';

/** When files change again and again while they are indexed. */
const triesMax = 5;

/** A REV, what it names, and where its objects come from. */
export interface Target {
  readonly resolved: ResolvedRev & { readonly tree: Oid; readonly commit: Oid | null };
  readonly source: ObjectSource;
  /** The fork or lease that it is. */
  readonly fork: ForkEntry | null;
  /** The work tree that it is, or lies over. */
  readonly worktree: WorktreeState | null;
  /** Of what differs from HEAD in it; null for what is no work tree. */
  readonly differs: { readonly files: number; readonly bytes: number } | null;
  /** Trees that it has most in common with, where these are known. */
  readonly near: readonly Oid[];
}

/** Finds what a REV names: `@worktree`, `fork:NAME`, `lease:ID`, `overlay:ID`, what git knows, else a fork of that name. */
export async function resolveTarget(session: Session, rev: string, call: CallOptions): Promise<Target> {
  if (isTooLong(rev)) {
    throw new CoppiceError('REV_NOT_FOUND', `no such rev: '${shorten(rev)}'`, {
      hint: 'a rev is a line of text, not a file',
    });
  }
  // A folder without git is what lies on disk.
  if (rev === worktreeRev || (rev === 'HEAD' && session.repository.isPlain)) return worktreeTarget(session, call);
  if (rev.startsWith(forkPrefix))
    return forkTarget(session, rev, await requireFork(session, rev.slice(forkPrefix.length)));
  if (rev.startsWith(leasePrefix)) return forkTarget(session, rev, await requireLease(session, rev));
  if (rev.startsWith(overlayPrefix)) return session.overlays.target(rev.slice(overlayPrefix.length), call);
  const { repository } = session;
  const found = await repository.find(rev);
  if (found === null) {
    const fork = await findForkOrNone(session, rev);
    if (fork !== null) return forkTarget(session, rev, fork);
    if (rev.includes('..')) {
      throw new CoppiceError('USAGE', `one rev is needed here, not the range '${rev}'`, {
        hint: 'grep and search take A..B and tell what is new in B',
      });
    }
  }
  const { kind, commit, tree } =
    found ?? (await repository.resolve(rev).catch((error: unknown) => withNearOurs(session, rev, error)));
  return { ...plain, resolved: { rev, kind, commit, tree }, source: session.source };
}

/** Of a rev that is not found and not spelled much like a name of git's: says what of ours is, the work tree's name or a fork. */
async function withNearOurs(session: Session, rev: string, error: unknown): Promise<never> {
  const near = error instanceof CoppiceError && error.code === 'REV_NOT_FOUND' ? error.data['near'] : undefined;
  if (!Array.isArray(near) || near.length > 0) throw error;
  const forks = session.store.catalog.forksOf(await session.repositoryId());
  const names = [worktreeRev, ...forks.flatMap((fork) => (isLease(fork) ? [] : fork.name))];
  const ours = closest(rev, names);
  if (ours === undefined) throw error;
  throw new CoppiceError('REV_NOT_FOUND', `no such rev: '${rev}'`, {
    hint: `did you mean ${ours}?`,
    data: { rev, near: [ours] },
  });
}

/** A rev may be no fork at all: a cluster that does not tell is no reason not to look further. */
async function findForkOrNone(session: Session, name: string): Promise<ForkEntry | null> {
  try {
    return await findFork(session, name);
  } catch (error) {
    if (!(error instanceof CoppiceError) || !error.code.startsWith('REMOTE_')) throw error;
    session.shared.note(`forks are not looked for: ${error.message}`);
    return null;
  }
}

const plain = { fork: null, worktree: null, differs: null, near: [] };

function forkTarget(session: Session, rev: string, fork: ForkEntry): Target {
  const { commit, tree } = fork;
  return {
    ...plain,
    resolved: { rev, kind: isLease(fork) ? 'lease' : 'fork', commit, tree },
    source: session.source,
    fork,
  };
}

async function worktreeTarget(session: Session, call: CallOptions): Promise<Target> {
  const worktree = await session.worktree.read(call);
  const { commit, tree, source, headTree, changes, files } = worktree;
  const resolved = { rev: worktreeRev, kind: 'worktree' as const, commit, tree };
  const differs = { files: changes.changed.length, bytes: files.bytes };
  return { ...plain, resolved, source, worktree, differs, near: headTree === null ? [] : [headTree] };
}

/**
 * Runs an action on what a REV names, or on `first` if it was resolved already; once more on what it names then, when files
 * of the work tree changed before they could be indexed.
 */
export async function withTarget<T>(
  session: Session,
  rev: string,
  call: CallOptions,
  action: (target: Target) => Promise<T>,
  first?: Target,
): Promise<T> {
  let target = first ?? (await resolveTarget(session, rev, call));
  for (let tries = 1; ; tries++) {
    try {
      return await action(target);
    } catch (error) {
      if (target.worktree?.files.isOutdated !== true || tries === triesMax) throw error;
      session.worktree.forget();
      target = await resolveTarget(session, rev, call);
    }
  }
}

/** The target's stored root tree, which is indexed first if need be. */
export async function ensureTarget(session: Session, target: Target, call: CallOptions): Promise<EnsuredRoot> {
  const { fork, resolved, source, worktree, near } = target;
  if (fork !== null) {
    const stored = await forkRoot(session, fork, call);
    if (stored !== null) return stored;
    if (fork.commit === null) {
      if (isLease(fork)) throw leaseNotFound(fork.name);
      throw new CoppiceError('STORE_CORRUPT', `the tree of the fork "${fork.name}" is lost`, {
        hint: `its edits were only in the store; drop it with \`coppice drop ${fork.name}\``,
      });
    }
  }
  const { commit, tree } = resolved;
  const root = await session.ensureTree(tree, source, { ...call, what: resolved.rev }, { commit, near });
  worktree?.files.forgetContents();
  if (session.repository.isPlain && resolved.kind === 'worktree' && !root.provisional)
    await recordFolder(session, target);
  return root;
}

/** A folder without git has no other name by which what is stored of it is kept. */
async function recordFolder(session: Session, target: Target): Promise<void> {
  try {
    recordRev(session, await session.repositoryId(), target);
  } catch (error) {
    if (!isUnwritable(error)) throw error;
  }
}

/** Remembers the name, so that `status` can tell how fresh it is. Writes only what changed; a full oid is no name. */
export function recordRev(session: Session, repo: RepositoryId, { resolved }: Target): void {
  if (!['commit', 'tree', 'worktree'].includes(resolved.kind) || resolved.rev === resolved.commit) return;
  const kind: RevEntry['kind'] =
    resolved.kind === 'worktree' ? 'worktree' : (session.repository.refKind(resolved.rev) ?? 'rev');
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

/**
 * A fork's root as it was recorded, or whole if it was recorded incomplete and has become so. Files that fell back for a reason that is not in them are
 * analysed again, from the store where only that has them. Null when it is not stored.
 */
async function forkRoot(session: Session, fork: ForkEntry, call: CallOptions): Promise<EnsuredRoot | null> {
  const { snapshots, shared, fingerprint } = session;
  const found = (key: Buffer): EnsuredRoot | null => {
    const id = snapshots.findRoot(key);
    return id === null ? null : { id, key, provisional: false, added: nothingAdded };
  };
  const key = Buffer.from(fork.root, 'base64url');
  const wholeKey = rootKey(fork.tree, fingerprint);
  const whole = found(wholeKey);
  const stored = found(key) ?? (await session.farRoot(key, call));
  if (whole !== null || stored === null || key.equals(wholeKey)) return whole ?? stored;
  if ((await provisionalFiles(shared, stored.id)).length === 0) return stored;
  const { OverlaySource, StoredSource } = await loadIndexing();
  const source = new OverlaySource(new StoredSource(snapshots, stored.id, session.source), 'kept');
  return session.ensureTree(fork.tree, source, call, { commit: null, near: [] });
}

/** Opens the snapshot of a REV. */
export function openRev(session: Session, rev: string, call: CallOptions): Promise<OpenedRev> {
  const open = async (target: Target): Promise<OpenedRev> => {
    const snapshot = await openTarget(session, target, call);
    const rev = target.resolved;
    const freshness = freshnessOf(session, target);
    return { rev, freshness, snapshot, origin: (path) => ({ path, labels: {}, rev, freshness, session }) };
  };
  return session.shared.giveWayTo(() => withTarget(session, rev, call, open));
}

/** Tells how fresh an answer of a target is at the moment of asking. */
export const freshnessOf =
  (session: Session, { worktree }: Target): (() => Promise<Freshness>) =>
  () =>
    worktree === null ? Promise.resolve('exact') : session.worktree.freshness(worktree);

/** The target's root tree, in memory where it need not be stored; indexed first if need be. */
export async function ensureRoot(session: Session, target: Target, call: CallOptions): Promise<TreeId> {
  return (await session.volatile.ensure(target, call)) ?? (await ensureTarget(session, target, call)).id;
}

/** The target's snapshot; release it after use. */
export async function openTarget(session: Session, target: Target, call: CallOptions): Promise<Snapshot> {
  const inMemory = await session.volatile.open(target, call);
  if (inMemory !== null) return inMemory;
  for (let tries = 0; ; tries++) {
    const { id, key } = await ensureTarget(session, target, call);
    try {
      return await session.snapshots.open(id);
    } catch (error) {
      // Another process may have collected it as garbage between the look and the opening.
      if (session.snapshots.findRoot(key) === id || tries > 5) throw error;
    }
  }
}

/** Runs an action on the snapshot of a REV and releases it. */
export async function withRev<T>(
  scope: Scope,
  rev: string | undefined,
  call: CallOptions,
  action: (opened: OpenedRev) => Promise<T>,
): Promise<T> {
  const opened = await scope.open(rev, call);
  try {
    return await action(opened);
  } finally {
    opened.snapshot.release();
  }
}

/** Runs an action on the snapshots of two REVs and releases them. */
export function withRevs<T>(
  scope: Scope,
  from: string,
  to: string,
  call: CallOptions,
  action: (before: OpenedRev, after: OpenedRev) => Promise<T>,
): Promise<T> {
  return withRev(scope, from, call, (before) => withRev(scope, to, call, (after) => action(before, after)));
}

const byFreshness: readonly Freshness[] = ['stale', 'live', 'exact'];

/** Of several answers that of the one that is the least fresh. */
export async function leastFresh(...opened: readonly Pick<OpenedRev, 'freshness'>[]): Promise<Freshness> {
  const all = await Promise.all(opened.map(({ freshness }) => freshness()));
  return byFreshness.find((freshness) => all.includes(freshness)) ?? 'exact';
}
