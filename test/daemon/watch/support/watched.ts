import { join } from 'node:path';
import { afterEach } from 'vitest';
import {
  createWorktreeMonitor,
  type MonitorOptions,
  type WorktreeWatcher,
} from '../../../../src/daemon/watch/index.js';
import type { WatchedPlace } from '../../../../src/engine/index.js';
import { openRepository } from '../../../../src/git/index.js';
import { makeFolder } from '../../../support/git.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A real work tree, as the engine describes it. */
export async function placeOf(path: string): Promise<WatchedPlace> {
  const repository = await openRepository(path);
  closers.push(() => repository.close());
  const { gitDir, commonDir, workTree } = repository;
  return { gitDir, commonDir, workTree: workTree!, ignoredFolders: () => repository.ignoredFolders() };
}

/** Watches a place until the test ends. */
export function watchPlace(place: WatchedPlace, options: Partial<MonitorOptions> = {}): WorktreeWatcher {
  const monitor = createWorktreeMonitor(place, { cookieFolder: join(makeFolder(), 'cookies'), ...options });
  closers.unshift(() => monitor.close());
  return monitor;
}

/** Asks again and again until the answer is neither null nor false. */
export async function until<T>(ask: () => T | Promise<T>): Promise<Exclude<T, null | false>> {
  const endMs = performance.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== false) return answer as Exclude<T, null | false>;
    if (performance.now() > endMs) throw new Error('waited for 10 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until the monitor can tell, and returns the generation. */
export const untilExact = (monitor: WorktreeWatcher): Promise<number> => until(() => monitor.generation());
