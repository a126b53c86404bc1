import { AsyncLocalStorage } from 'node:async_hooks';
import { elapsedMs } from './time/clock.js';

/** Who serves many requests tells each of them this. */
export interface RequestScope {
  /** When it was asked, by `elapsedMs`: it may have waited for its turn. */
  readonly askedMs: number;
  /** Waits for something that this thread cannot hasten, and lets others work meanwhile. */
  aside<T>(wait: () => Promise<T>): Promise<T>;
}

const scopes = new AsyncLocalStorage<RequestScope>();

/** Runs an action as that of a request. */
export const inRequest = <T>(scope: RequestScope, action: () => T): T => scopes.run(scope, action);

/** How long ago the request that runs was asked, in milliseconds; nothing where there is none. */
export const waitedMs = (): number => {
  const scope = scopes.getStore();
  return scope === undefined ? 0 : elapsedMs() - scope.askedMs;
};

/** Waits for something that this thread cannot hasten; others get the place of the request that runs, if there is one. */
export function waitAside<T>(wait: () => Promise<T>): Promise<T> {
  const scope = scopes.getStore();
  return scope === undefined ? wait() : scope.aside(wait);
}
