import { readFile } from 'node:fs/promises';
import { CoppiceError, systemErrorCode, uniqueSuffix } from '../../base/index.js';
import type { CallOptions, Engine, OverlayFile } from '../../engine/index.js';
import type { OpenDocument, OpenDocuments } from './open-documents.js';

/** As many files as an overlay takes. Of more buffers (all files of a large rename), the rest is searched as on disk. */
const buffersMax = 500;

/** Editors strip it from what they show. */
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Keeps the buffers of one repository that differ from its work tree laid over it, as an overlay of the engine. Nothing is
 * put while nothing changes, nor renewed by a clock: an overlay that expired, or that a new daemon knows nothing of, is put
 * again when it is missed.
 */
export class BufferOverlay {
  private readonly id = `lsp-${uniqueSuffix()}`;
  /** What the overlay has, by path; null when there is none, or nobody knows. */
  private put: ReadonlyMap<string, Uint8Array> | null = null;
  private turn: Promise<unknown> = Promise.resolve();
  private readonly inWorktree = new WeakMap<OpenDocument, boolean>();

  constructor(
    private readonly engine: Engine,
    private readonly place: { readonly root: string; readonly isPlain: boolean },
    private readonly documents: OpenDocuments,
  ) {}

  /** Runs a query on the work tree with the buffers as they are now. */
  async query<T>(options: CallOptions, ask: (rev: string) => Promise<T>): Promise<T> {
    try {
      return await ask(await this.rev(options));
    } catch (error) {
      if (!isMissingOverlay(error)) throw error;
      this.put = null;
      return ask(await this.rev(options));
    }
  }

  async drop(): Promise<void> {
    await this.turn;
    if (this.put !== null) await this.dropPut();
  }

  /** One at a time: of two queries at once, the later must not put older buffers. */
  private rev(options: CallOptions): Promise<string> {
    const rev = this.turn.then(() => this.update(options));
    this.turn = rev.catch(() => {});
    return rev;
  }

  private async update(options: CallOptions): Promise<string> {
    const changed = await this.changedBuffers(options);
    if (changed.size === 0) {
      if (this.put !== null) await this.dropPut();
      return '@worktree';
    }
    if (this.put === null || !sameEntries(this.put, changed)) {
      this.put = null; // should the call fail, nobody knows which the overlay has
      const files = [...changed].map(([path, content]): OverlayFile => ({ path, content }));
      await this.engine.putOverlay(this.id, files, options);
      this.put = changed;
    }
    return `overlay:${this.id}`;
  }

  private async dropPut(): Promise<void> {
    this.put = null;
    await this.engine.dropOverlay(this.id).catch((error: unknown) => {
      if (!isMissingOverlay(error)) throw error;
    });
  }

  private async changedBuffers(options: CallOptions): Promise<Map<string, Uint8Array>> {
    const changed = new Map<string, Uint8Array>();
    for (const document of this.documents.all()) {
      const path = await document.pathIn(this.place);
      if (path === null || !(await this.isChanged(document, path, options))) continue;
      changed.set(path, document.bytes);
      if (changed.size === buffersMax) break;
    }
    return changed;
  }

  private async isChanged(document: OpenDocument, path: string, options: CallOptions): Promise<boolean> {
    let saved: Buffer;
    try {
      saved = await readFile(document.path!);
    } catch (error) {
      return systemErrorCode(error) === 'ENOENT'; // not saved yet; else it is no file, or none that the engine can read
    }
    return !isSame(saved, document.bytes) && (await this.isInWorktree(document, path, options));
  }

  /** False for a file that git ignores. Asked once while the document is open. */
  private async isInWorktree(document: OpenDocument, path: string, options: CallOptions): Promise<boolean> {
    let known = this.inWorktree.get(document);
    if (known === undefined) {
      known = await this.engine.outline('@worktree', path, options).then(
        () => true,
        (error: unknown) => {
          if (error instanceof CoppiceError && error.code === 'PATH_NOT_FOUND') return false;
          throw error;
        },
      );
      this.inWorktree.set(document, known);
    }
    return known;
  }
}

function isMissingOverlay(error: unknown): boolean {
  return error instanceof CoppiceError && error.code === 'OVERLAY_NOT_FOUND';
}

function isSame(saved: Buffer, buffer: Buffer): boolean {
  if (saved.equals(buffer)) return true;
  const start = byteOrderMark.length;
  return (
    saved.length === buffer.length + start && saved.indexOf(byteOrderMark) === 0 && saved.subarray(start).equals(buffer)
  );
}

/** The same paths with the same byte arrays: a buffer keeps its array until it changes. */
function sameEntries(a: ReadonlyMap<string, Uint8Array>, b: ReadonlyMap<string, Uint8Array>): boolean {
  return a.size === b.size && [...a].every(([path, content]) => b.get(path) === content);
}
