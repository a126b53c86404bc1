import { CoppiceError, elapsedMs, uniqueSuffix } from '../../base/index.js';
import {
  OverlaySource,
  SegmentSink,
  StoredSource,
  applyFilePatch,
  checkTreePath,
  diffTrees,
  editTree,
  entryAt,
  parsePatch,
} from '../../indexing/index.js';
import type { Edit } from '../../indexing/index.js';
import { hashBlob } from '../../git/index.js';
import type { ObjectFormat } from '../../git/index.js';
import type { EntryKind, Oid, TreeEntry } from '../../model/index.js';
import { requireFork } from '../revs/find-fork.js';
import { resolveTarget } from '../revs/revs.js';
import { forkInfo } from './forks.js';
import { indexTrees } from '../trees/index-trees.js';
import type { Session } from '../session/session.js';
import type { ApplyResult, ApplyStep, CallOptions } from '../types.js';

/** Commits that are looked back through to see whether a fork merely lags behind. */
const ancestryMax = 100_000;

/**
 * Moves a fork forward. Steps are taken in order on the fork's tree, in memory; then what is new is indexed, and
 * one record moves the fork: nothing is changed when a step fails.
 */
export async function applySteps(
  session: Session,
  name: string,
  steps: readonly ApplyStep[],
  call: CallOptions,
): Promise<ApplyResult> {
  const startMs = elapsedMs();
  if (steps.length === 0)
    throw new CoppiceError('USAGE', 'there is nothing to apply', { hint: 'give --commit, --patch, --put or --rm' });
  const local = session.store.catalog.fork(await session.repositoryId(), name);
  if ((await requireFork(session, name)) !== local && session.hasCluster) {
    const { applyFar } = await import('../remotes/apply-far.js');
    return applyFar(session, name, steps, call);
  }
  return session.shared.asWriter(call, async () => {
    const fork = await requireFork(session, name);
    const target = await resolveTarget(session, `fork:${name}`, call);
    // Not through ensureTarget's own lock: we hold it.
    const stored = session.snapshots.findRoot(Buffer.from(fork.root, 'base64url'));
    const rootId = stored ?? (await indexTrees(session.shared, [fork.tree], target.source, call)).roots[0]!.id;
    const source = new OverlaySource(new StoredSource(session.snapshots, rootId, session.source), 'kept');
    const state = new ForkState(session, source, fork.tree, fork.commit);
    for (const step of steps) await state.take(step);
    const sink = new SegmentSink(session.snapshots);
    const { roots } = await indexTrees(session.shared, [state.tree], source, call, { sink, baseOids: [fork.tree] });
    const root = roots[0]!.key.toString('base64url');
    const { repo, root: from } = fork;
    if (
      !session.store.tryRecord({
        t: 'move',
        n: uniqueSuffix(),
        repo,
        name,
        from,
        commit: state.commit,
        tree: state.tree,
        root,
      })
    ) {
      await requireFork(session, name); // it may have been dropped
      throw new CoppiceError('FORK_CONFLICT', `the fork "${name}" was moved by others meanwhile`, {
        hint: 'run the command again: it starts from what the fork is by then',
        data: { name },
      });
    }
    const changed = await diffTrees(fork.tree, state.tree, source);
    const moved = { ...fork, commit: state.commit, tree: state.tree };
    return {
      ...forkInfo(moved),
      changedFiles: changed.length,
      newChunks: sink.newChunks,
      tookMs: elapsedMs() - startMs,
    };
  });
}

/** A fork's tree while steps are taken. */
export class ForkState {
  constructor(
    private readonly session: Session,
    private readonly source: OverlaySource,
    public tree: Oid,
    public commit: Oid | null,
  ) {}

  async take(step: ApplyStep): Promise<void> {
    switch (step.kind) {
      case 'commit':
        return this.takeCommit(step.rev);
      case 'patch':
        return this.takePatch(step.patch);
      case 'put': {
        checkTreePath(step.path);
        const old = await entryAt(this.tree, step.path, this.source);
        const kind = old?.kind === 'executable' ? 'executable' : 'file';
        return this.edit(new Map([[step.path, { kind, oid: this.addBlob(step.content) }]]));
      }
      case 'remove': {
        checkTreePath(step.path);
        const old = await entryAt(this.tree, step.path, this.source);
        if (old === null || old.kind === 'tree') {
          const what = old === null ? `the fork has no file ${step.path}` : `${step.path} is a folder in the fork`;
          throw new CoppiceError('PATH_NOT_FOUND', what, {
            hint: old === null ? 'coppice files lists what it has' : 'remove the files below it, each by its path',
            data: { path: step.path },
          });
        }
        return this.edit(new Map([[step.path, null]]));
      }
    }
  }

  /**
   * A fork that stands at an ancestor goes forward to the commit itself. Otherwise the commit's own diff (against its
   * first parent) is taken over, file by file; a file that both sides changed is a conflict.
   */
  private async takeCommit(rev: string): Promise<void> {
    const { resolved } = await resolveTarget(this.session, rev, {});
    if (resolved.commit === null) {
      throw new CoppiceError('REV_NOT_FOUND', `${rev} is not a commit`, {
        hint: 'give a branch, tag or sha of a commit',
      });
    }
    if (
      this.commit !== null &&
      (await this.session.repository.nearest(resolved.commit, new Set([this.commit]), ancestryMax)) !== null
    ) {
      this.tree = resolved.tree;
      this.commit = resolved.commit;
      return;
    }
    const { parents } = await this.session.repository.readCommit(resolved.commit);
    const parentTree = parents[0] === undefined ? null : (await this.session.repository.readCommit(parents[0])).tree;
    const edits = new Map<string, Edit>();
    for (const { path, before, after } of await diffTrees(parentTree, resolved.tree, this.source)) {
      const here = await entryAt(this.tree, path, this.source);
      if (isSame(here, after)) continue;
      if (!isSame(here, before)) {
        throw new CoppiceError(
          'PATCH_CONFLICT',
          `${path}: the fork changed it too, so the diff of ${rev} does not apply`,
          {
            hint: 'apply a patch that was made against the fork, or put the file with --put',
            data: { path },
          },
        );
      }
      edits.set(path, after);
    }
    await this.edit(edits);
  }

  /**
   * As `git apply` does: renames and copies read what was there before the patch, other parts what earlier parts of it
   * made; removals come before writes.
   */
  private async takePatch(patch: Uint8Array): Promise<void> {
    const removed = new Map<string, Edit>();
    const written = new Map<string, Edit>();
    const entryOf = async (path: string, beforePatch: boolean): Promise<Edit> => {
      if (!beforePatch && written.has(path)) return written.get(path)!;
      if (!beforePatch && removed.has(path)) return null;
      const entry = await entryAt(this.tree, path, this.source);
      return entry === null || entry.kind === 'tree' || entry.kind === 'submodule'
        ? null
        : { kind: entry.kind, oid: entry.oid };
    };
    for (const filePatch of parsePatch(patch)) {
      const { kind, oldPath, newPath, oldMode, newMode } = filePatch;
      if (oldMode === submoduleMode || newMode === submoduleMode) {
        this.session.shared.note(`${newPath ?? oldPath}: changes of a submodule are left out`);
        continue;
      }
      for (const path of [oldPath, newPath]) if (path !== null) checkTreePath(path);
      const old = oldPath === null ? null : await entryOf(oldPath, kind === 'rename' || kind === 'copy');
      if (kind === 'add' && newPath !== null && (await entryOf(newPath, false)) !== null) {
        throw new CoppiceError('PATCH_CONFLICT', `${newPath}: the patch adds it, and it is there already`, {
          data: { path: newPath },
        });
      }
      const content = applyFilePatch(old === null ? null : await this.readBlob(old.oid), filePatch);
      if (oldPath !== null && (kind === 'rename' || kind === 'delete')) {
        removed.set(oldPath, null);
        if (kind === 'delete') written.delete(oldPath);
      }
      if (newPath !== null && content !== null) {
        const newKind = newMode === undefined ? (old?.kind ?? 'file') : kindOfPatchMode(newMode);
        written.set(newPath, { kind: newKind, oid: this.addBlob(content) });
      }
    }
    await this.edit(new Map([...removed, ...written]));
  }

  private async edit(edits: ReadonlyMap<string, Edit>): Promise<void> {
    const { objectFormat } = this.session.repository;
    await this.checkPlaces(edits, objectFormat);
    const tree = await editTree(this.tree, edits, this.source, objectFormat);
    if (tree !== this.tree) this.commit = null;
    this.tree = tree;
  }

  /** Nothing is put where something else would go for it unsaid: below what is no folder, or in a folder's place. */
  private async checkPlaces(edits: ReadonlyMap<string, Edit>, objectFormat: ObjectFormat): Promise<void> {
    const removals = new Map([...edits].filter(([, edit]) => edit === null));
    const left = removals.size === 0 ? this.tree : await editTree(this.tree, removals, this.source, objectFormat);
    const conflict = (path: string, at: string, kind: string): CoppiceError =>
      new CoppiceError('PATCH_CONFLICT', `${path}: ${at} is a ${kind}, which would be lost`, {
        hint: `remove it first, or put the file elsewhere`,
        data: { path, at },
      });
    const kindNames = {
      file: 'file',
      executable: 'file',
      symlink: 'symbolic link',
      submodule: 'submodule',
      tree: 'folder',
    };
    for (const [path, edit] of edits) {
      if (edit === null) continue;
      for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
        const above = path.slice(0, slash);
        if ((edits.get(above) ?? null) !== null) throw conflict(path, above, 'file');
      }
      const found = await firstNonFolder(left, path, this.source);
      if (found === null || (found.path === path && found.kind !== 'tree' && found.kind !== 'submodule')) continue;
      throw conflict(path, found.path, kindNames[found.kind]);
    }
  }

  private addBlob(content: Uint8Array): Oid {
    const oid = hashBlob(content, this.session.repository.objectFormat);
    this.source.blobs.set(oid, { content: Buffer.from(content), size: content.length });
    return oid;
  }

  private async readBlob(oid: Oid): Promise<Uint8Array | null> {
    for await (const { content } of this.source.readBlobs([oid], { maxBytes: Infinity })) return content;
    return null;
  }
}

/** The first on the way to a path that is no folder, or what is at the path itself; null when there is nothing. */
async function firstNonFolder(
  root: Oid,
  path: string,
  source: OverlaySource,
): Promise<{ path: string; kind: EntryKind } | null> {
  const parts = path.split('/');
  let tree = root;
  for (let depth = 1; ; depth++) {
    const entry = (await source.readTree(tree)).find(({ name }) => name === parts[depth - 1]);
    if (entry === undefined) return null;
    if (entry.kind !== 'tree' || depth === parts.length)
      return { path: parts.slice(0, depth).join('/'), kind: entry.kind };
    tree = entry.oid;
  }
}

const submoduleMode = '160000';

const kindOfPatchMode = (mode: string): 'file' | 'executable' | 'symlink' =>
  mode === '120000' ? 'symlink' : mode === '100755' ? 'executable' : 'file';

const isSame = (entry: TreeEntry | null, edit: Edit): boolean =>
  entry === null || entry.kind === 'tree'
    ? edit === null
    : edit !== null && edit.oid === entry.oid && edit.kind === entry.kind;
