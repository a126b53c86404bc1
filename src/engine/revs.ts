import { CoppiceError } from '../base/index.js';
import { repositorySource } from '../indexing/index.js';
import type { Edit, ObjectSource, StoredRoot } from '../indexing/index.js';
import type { Oid } from '../model/index.js';
import type { Snapshot } from '../snapshot/index.js';
import type { ForkEntry } from '../store/index.js';
import type { Session } from './session.js';
import type { CallOptions, Freshness, ResolvedRev } from './types.js';

export const worktreeRev = '@worktree';
const forkPrefix = 'fork:';

/** A REV, what it names, and where its objects come from. */
export interface Target {
  readonly resolved: ResolvedRev & { readonly tree: Oid; readonly commit: Oid | null };
  readonly source: ObjectSource;
  readonly fork: ForkEntry | null;
  /** A tree that it has most in common with, where that is known. */
  readonly near?: Oid | null;
}

/** Finds what a REV names: `@worktree`, `fork:NAME`, what git knows, else a fork of that name. */
export async function resolveTarget(session: Session, rev: string, call: CallOptions): Promise<Target> {
  if (rev === worktreeRev) return worktreeTarget(session, call);
  if (rev.startsWith(forkPrefix))
    return forkTarget(session, rev, await requireFork(session, rev.slice(forkPrefix.length)));
  const repository = await session.repository();
  const found = await repository.find(rev);
  if (found === null) {
    session.store.refresh();
    const fork = session.store.catalog.fork(await session.repositoryId(), rev);
    if (fork !== undefined) return forkTarget(session, rev, fork);
    if (rev.includes('..')) {
      throw new CoppiceError('USAGE', `one rev is needed here, not the range '${rev}'`, {
        hint: 'grep and search take A..B and tell what is new in B',
      });
    }
  }
  const { kind, commit, tree } = found ?? (await repository.resolve(rev));
  return { resolved: { rev, kind, commit, tree }, source: repositorySource(repository), fork: null };
}

/** FORK_NOT_FOUND names the forks there are. */
export async function requireFork(session: Session, name: string): Promise<ForkEntry> {
  const repo = await session.repositoryId();
  session.store.refresh();
  const fork = session.store.catalog.fork(repo, name);
  if (fork !== undefined) return fork;
  const names = [...session.store.catalog.forks()].filter((entry) => entry.repo === repo).map((entry) => entry.name);
  throw new CoppiceError('FORK_NOT_FOUND', `there is no fork named "${name}" of this repository`, {
    hint: names.length === 0 ? `make one with \`coppice fork ${name}\`` : `forks: ${names.slice(0, 10).join(', ')}`,
    data: { name },
  });
}

async function forkTarget(session: Session, rev: string, fork: ForkEntry): Promise<Target> {
  return { resolved: { rev, kind: 'fork', commit: fork.commit, tree: fork.tree }, source: await session.source, fork };
}

/** The work tree as a tree: HEAD's with what differs on disk laid over it. */
async function worktreeTarget(session: Session, call: CallOptions): Promise<Target> {
  const { OverlaySource, editTree } = await import('../indexing/index.js');
  const repository = await session.repository();
  const { head, changed } = await repository.worktreeChanges(call.signal);
  const overlay = new OverlaySource(repositorySource(repository), 'elsewhere');
  const edits = new Map<string, Edit>();
  for (const { path, kind } of changed) {
    const file =
      kind === null ? null : await repository.readWorktreeFile(path, { maxBytes: session.rules.maxFileBytes });
    if (file !== null) overlay.blobs.set(file.oid, { content: file.content, size: file.size });
    edits.set(path, file === null ? null : { kind: file.kind, oid: file.oid });
  }
  const headTree = head === null ? null : (await repository.readCommit(head)).tree;
  const tree = await editTree(headTree, edits, overlay, repository.objectFormat);
  const commit = tree === headTree ? head : null;
  return {
    resolved: { rev: worktreeRev, kind: 'worktree', commit, tree },
    source: overlay,
    fork: null,
    near: headTree,
  };
}

/** The target's stored root tree, which is indexed first if need be. */
export async function ensureTarget(session: Session, target: Target, call: CallOptions): Promise<StoredRoot> {
  const { fork, resolved, source } = target;
  if (fork !== null) {
    const key = Buffer.from(fork.root, 'base64url');
    const id = session.snapshots.findRoot(key);
    if (id !== null) return { id, key };
    if (fork.commit === null) {
      throw new CoppiceError('STORE_CORRUPT', `the tree of the fork "${fork.name}" is lost`, {
        hint: `its edits were only in the store; drop it with \`coppice drop ${fork.name}\``,
      });
    }
  }
  const { commit, tree } = resolved;
  return session.ensureTree(tree, source, { ...call, what: resolved.rev }, { commit, near: target.near ?? null });
}

export interface OpenedRev {
  readonly rev: ResolvedRev;
  /** Release it after use. */
  readonly snapshot: Snapshot;
  readonly freshness: Freshness;
}

/** Opens the snapshot of a REV. */
export async function openRev(session: Session, rev: string, call: CallOptions): Promise<OpenedRev> {
  const target = await resolveTarget(session, rev, call);
  const freshness = target.resolved.kind === 'worktree' ? 'live' : 'exact';
  return { rev: target.resolved, snapshot: await openTarget(session, target, call), freshness };
}

/** The target's snapshot; release it after use. */
export async function openTarget(session: Session, target: Target, call: CallOptions): Promise<Snapshot> {
  for (let tries = 0; ; tries++) {
    const { id, key } = await ensureTarget(session, target, call);
    try {
      return session.snapshots.open(id);
    } catch (error) {
      // Another process may have collected it as garbage between the look and the opening.
      if (session.snapshots.findRoot(key) === id || tries > 5) throw error;
    }
  }
}

/** Runs an action on the snapshot of a REV and releases it. */
export async function withRev<T>(
  session: Session,
  rev: string,
  call: CallOptions,
  action: (opened: OpenedRev) => Promise<T>,
): Promise<T> {
  const opened = await openRev(session, rev, call);
  try {
    return await action(opened);
  } finally {
    opened.snapshot.release();
  }
}
