import type { CallOptions, Engine } from '../../engine/index.js';
import { BufferOverlay } from '../documents/buffer-overlay.js';
import { uriOfPath } from '../documents/file-uri.js';
import type { OpenDocuments } from '../documents/open-documents.js';

/** A repository with at least one workspace folder in it, or such a folder that is in none. */
export class WorkspaceRepository {
  private readonly overlay: BufferOverlay;
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    private readonly engine: Engine,
    /** The work tree's folder, free of symbolic links. */
    readonly root: string,
    /** The same folder, as the client knows it. */
    readonly shownRoot: string,
    documents: OpenDocuments,
    /** It is a folder without git. */
    readonly isPlain: boolean,
  ) {
    this.overlay = new BufferOverlay(engine, { root, isPlain }, documents);
  }

  /** Asks about `rev`; without one, about the work tree with the buffers of the editor laid over it. */
  async ask<T>(
    rev: string | undefined,
    options: CallOptions,
    question: (engine: Engine, rev: string) => Promise<T>,
  ): Promise<T> {
    const answer =
      rev === undefined
        ? this.overlay.query(options, (current) => question(this.engine, current))
        : question(this.engine, rev);
    this.running.add(answer);
    try {
      return await answer;
    } finally {
      this.running.delete(answer);
    }
  }

  uriOf(path: string): string {
    return uriOfPath(this.shownRoot, path);
  }

  /** Waits for what is being asked, then lets the repository go. */
  async close(): Promise<void> {
    await Promise.allSettled(this.running);
    try {
      await this.overlay.drop();
    } finally {
      await this.engine.close();
    }
  }
}
