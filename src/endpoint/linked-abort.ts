import { setMaxListeners } from 'node:events';

/**
 * Aborts when any of some signals does, until it is unlinked. Not AbortSignal.any: Node 20 may collect one whose only source is
 * a timer, and keeps one for each call as long as a signal that outlives them all.
 */
export class LinkedAbort {
  private readonly controller = new AbortController();
  private readonly sources: readonly AbortSignal[];

  constructor(...sources: readonly (AbortSignal | undefined)[]) {
    setMaxListeners(0, this.signal); // as many as there are requests
    this.sources = sources.filter((source) => source !== undefined);
    for (const source of this.sources) {
      if (source.aborted) this.controller.abort(source.reason);
      else source.addEventListener('abort', this.abort, { once: true });
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  readonly abort = (): void => this.controller.abort();

  unlink(): void {
    for (const source of this.sources) source.removeEventListener('abort', this.abort);
  }
}
