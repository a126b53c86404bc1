import type { HostEvent } from '../api/index.js';

type Listener = (event: HostEvent) => void;

/** A listener that is so far behind loses the oldest events: each of them only says that something is different now. */
const backlogMax = 256;

/** Passes events of repositories on to who listens. */
export class EventHub {
  private readonly listeners = new Map<string, Set<Listener>>();

  publish(repo: string, event: HostEvent): void {
    for (const listener of this.listeners.get(repo) ?? []) listener(event);
  }

  hasListeners(repo: string): boolean {
    return this.listeners.has(repo);
  }

  /** The events of a repository from now on, until the signal aborts. */
  async *listen(repo: string, signal: AbortSignal): AsyncGenerator<HostEvent, void, undefined> {
    const backlog: HostEvent[] = [];
    let wake = (): void => undefined;
    const listener = (event: HostEvent): void => {
      if (backlog.push(event) > backlogMax) backlog.shift();
      wake();
    };
    const onAbort = (): void => wake();
    const listeners = this.listeners.get(repo) ?? new Set();
    this.listeners.set(repo, listeners.add(listener));
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        const event = backlog.shift();
        if (event !== undefined) yield event;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      listeners.delete(listener);
      if (listeners.size === 0) this.listeners.delete(repo);
    }
  }
}
