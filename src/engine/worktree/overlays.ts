import { CoppiceError, IdleTimer, nowMs } from '../../base/index.js';
import { hashBlob } from '../../git/index.js';
import type { Edit, OverlaySource } from '../../indexing/index.js';
import type { Oid } from '../../model/index.js';
import { isTooLong, shorten } from '../limits.js';
import { overlayPrefix, resolveTarget, worktreeRev } from '../revs/revs.js';
import type { Target } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import { loadIndexing } from '../shared/load-indexing.js';
import { checkTtl } from '../revs/ttl.js';
import type { CallOptions, OverlayFile, OverlayInfo } from '../types.js';
import type { WorktreeState } from './worktree.js';

const filesMax = 500;

/** A buffer as a blob; its content is null when it is too large to be searched. */
interface Buffered {
  readonly oid: Oid;
  readonly size: number;
  readonly content: Buffer | null;
}

interface Overlay {
  /** By path; null for a file that is not there. */
  readonly files: ReadonlyMap<string, Buffered | null>;
  readonly expiry: IdleTimer;
  /** What it last made of a work tree. */
  last: { readonly worktree: WorktreeState; readonly tree: Oid; readonly source: OverlaySource } | null;
}

/** Unsaved buffers of this process's clients, laid over the work tree when they are searched. */
export class Overlays {
  private readonly byId = new Map<string, Overlay>();

  constructor(private readonly session: Session) {}

  /** See `Engine.putOverlay`. USAGE, or PATH_NOT_FOUND for a path that no file of a tree can have. */
  async put(id: string, files: readonly OverlayFile[], ttlMs: number | undefined): Promise<OverlayInfo> {
    if (!/^[A-Za-z0-9._-]{1,100}$/.test(id)) {
      throw new CoppiceError('USAGE', `${JSON.stringify(shorten(id))} cannot be the id of an overlay`, {
        hint: 'use up to 100 letters, digits, ".", "_" and "-"',
      });
    }
    if (files.length > filesMax) {
      throw new CoppiceError('USAGE', `${files.length} files are more than an overlay can have`, {
        hint: `lay at most ${filesMax} over the work tree: those that differ from the files on disk`,
      });
    }
    const heldMs = checkTtl(ttlMs);
    const { checkTreePath } = await loadIndexing();
    const { overlayMemory } = this.session.shared;
    overlayMemory.checkSize(files.reduce((sum, { content }) => sum + (content?.length ?? 0), 0));
    const buffered = new Map<string, Buffered | null>();
    let bytes = 0;
    for (const { path, content } of files) {
      if (isTooLong(path)) throw new CoppiceError('PATH_NOT_FOUND', `no path of a file: ${shorten(path)}`);
      checkTreePath(path);
      const blob = content === null ? null : this.toBlob(content);
      buffered.set(path, blob);
      bytes += path.length + (blob?.content?.length ?? 0);
    }
    const before = this.byId.get(id);
    const expiry = new IdleTimer(heldMs, () => this.forget(id, overlay));
    const overlay: Overlay = { files: buffered, expiry, last: null };
    before?.expiry.stop();
    this.byId.delete(id); // should there be no room, what the client has replaced is not to be searched either
    overlayMemory.add(overlay, bytes, () => this.forget(id, overlay), before);
    expiry.touch();
    this.byId.set(id, overlay);
    return { overlay: overlayPrefix + id, files: buffered.size, expiresMs: nowMs() + heldMs };
  }

  /** OVERLAY_NOT_FOUND. */
  drop(id: string): void {
    this.forget(id, this.find(id));
  }

  /** What `overlay:ID` names now. */
  async target(id: string, call: CallOptions): Promise<Target> {
    this.find(id).expiry.touch();
    const isBare = this.session.repository.workTree === null;
    const below = await resolveTarget(this.session, isBare ? 'HEAD' : worktreeRev, call);
    const overlay = this.find(id); // as it is after the wait
    overlay.expiry.touch();
    this.session.shared.overlayMemory.use(overlay);
    const { tree, source } = await this.lay(overlay, below);
    const { tree: treeBelow, commit } = below.resolved;
    return {
      ...below,
      resolved: { rev: overlayPrefix + id, kind: 'overlay', commit: tree === treeBelow ? commit : null, tree },
      source,
      differs: below.differs && sum(below.differs, sizeOf(overlay)),
      near: [treeBelow, ...below.near],
    };
  }

  close(): void {
    for (const [id, overlay] of this.byId) this.forget(id, overlay);
  }

  private forget(id: string, overlay: Overlay): void {
    overlay.expiry.stop();
    this.session.shared.overlayMemory.remove(overlay);
    if (this.byId.get(id) === overlay) this.byId.delete(id);
  }

  private find(id: string): Overlay {
    const overlay = this.byId.get(id);
    if (overlay !== undefined) return overlay;
    throw new CoppiceError('OVERLAY_NOT_FOUND', `there is no overlay "${shorten(id)}" of this work tree`, {
      hint: 'it has expired, or the process that held it has ended: put it again',
      data: { id: shorten(id) },
    });
  }

  private toBlob(content: Uint8Array): Buffered {
    const { repository, shared } = this.session;
    const isSearched = content.length <= shared.exactBytesMax;
    return {
      oid: hashBlob(content, repository.objectFormat),
      size: content.length,
      content: isSearched ? Buffer.from(content) : null,
    };
  }

  /** The tree with the buffers in place of the files. */
  private async lay(
    overlay: Overlay,
    { resolved, source: behind, worktree }: Target,
  ): Promise<{ tree: Oid; source: OverlaySource }> {
    if (overlay.last !== null && overlay.last.worktree === worktree) return overlay.last;
    const { OverlaySource, editTree, entryAt } = await loadIndexing();
    const source = new OverlaySource(behind, 'kept');
    const edits = new Map<string, Edit>();
    for (const [path, file] of overlay.files) {
      if (file !== null) {
        const entry = await entryAt(resolved.tree, path, source);
        edits.set(path, { kind: entry?.kind === 'executable' ? 'executable' : 'file', oid: file.oid });
        source.blobs.set(file.oid, file);
      } else edits.set(path, null);
    }
    const tree = await editTree(resolved.tree, edits, source, this.session.repository.objectFormat);
    if (worktree !== null) overlay.last = { worktree, tree, source };
    return { tree, source };
  }
}

type Size = NonNullable<Target['differs']>;

function sizeOf({ files }: Overlay): Size {
  let bytes = 0;
  for (const file of files.values()) bytes += file?.size ?? 0;
  return { files: files.size, bytes };
}

const sum = (a: Size, b: Size): Size => ({ files: a.files + b.files, bytes: a.bytes + b.bytes });
