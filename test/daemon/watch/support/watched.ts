import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
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
  await repository.ignoredFolders(); // tests may answer in its stead, and what lies outside is known once it was asked
  return {
    gitDir,
    commonDir,
    workTree: workTree!,
    ignoredFolders: () => repository.ignoredFolders(),
    mayIgnoreOtherwise: () => repository.mayIgnoreOtherwise,
    outsideRules: () => repository.outsideRules(),
    nestedRepository: (folder) => repository.nestedRepository(folder),
  };
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
    await pause(5);
  }
}

/** Waits until the monitor can tell, and returns the generation. */
export const untilExact = (monitor: WorktreeWatcher): Promise<number> => until(() => monitor.generation());

export interface Seen {
  /** By how much the generation grew; null when it cannot be told. */
  readonly grown: number | null;
  /** The kinds of change that were reported. */
  readonly reported: readonly string[];
}

/** What a monitor makes of changes. The monitor has to report quickly: give it a `quietMs` of 5. */
export async function seenOf(monitor: WorktreeWatcher, change: () => unknown): Promise<Seen> {
  const reported = new Set<string>();
  const stop = monitor.onChange((what) => {
    for (const [kind, yes] of Object.entries(what)) if (yes) reported.add(kind);
  });
  const calmDown = async (): Promise<void> => {
    for (let before = -1; before !== monitor.status().events; await untilExact(monitor)) {
      before = monitor.status().events;
      await pause(30);
    }
  };
  const before = await untilExact(monitor);
  await calmDown();
  reported.clear();
  await change();
  const after = await monitor.generation();
  await calmDown();
  stop();
  return { grown: after === null ? null : after - before, reported: [...reported].sort() };
}
