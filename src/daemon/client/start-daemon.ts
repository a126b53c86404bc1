import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { elapsedMs, sleep } from '../../base/index.js';
import { Store } from '../../store/index.js';
import { askDaemon } from './ask-daemon.js';
import type { Descriptor } from './descriptor.js';
import { answersAlike, isOutdated, runningDaemon } from './find-daemon.js';
import { placesOf } from './places.js';

export interface StartOptions {
  readonly storePath: string;
  /** Of the package: a daemon of another version does not count, and an older one makes room. */
  readonly version: string;
  /** The script that node runs: the command line itself. */
  readonly script: string;
  /** It runs until it is told to end, and not only while it is used. */
  readonly stays?: boolean;
  /** A repository that was asked about: see `ServeOptions.firstRepo`. */
  readonly repo?: string;
}

/**
 * Starts a daemon for a store, detached from this process and its terminal, and does not wait for it. Of many that are
 * started at once one stays. It is given the memory allocator's settings by which an idle process gives memory back.
 * NOT_A_STORE and what else can be wrong with the store's folder.
 */
export function startDaemon({ storePath, script, stays = false, repo }: Omit<StartOptions, 'version'>): void {
  const { folder, log } = placesOf(storePath);
  // Made first: a folder that has something else in it is not taken for one.
  Store.open(storePath).close();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const output = openSync(log, 'a', 0o600);
  try {
    const flags = [...(stays ? [] : ['--on-demand']), ...(repo === undefined ? [] : ['--repo', repo])];
    const child = spawn(process.execPath, [script, 'serve', '--store', storePath, ...flags], {
      cwd: storePath,
      detached: true,
      stdio: ['ignore', output, output],
      windowsHide: true,
      env: {
        MALLOC_ARENA_MAX: '2',
        MALLOC_TRIM_THRESHOLD_: '131072',
        // What is let go of goes back by itself: pages and unpacked blocks are of this size, and one that stays would hold all that lies before it.
        MALLOC_MMAP_THRESHOLD_: '16384',
        ...process.env,
        // A daemon that a git hook starts is not there for the hook's repository alone.
        GIT_DIR: undefined,
        GIT_WORK_TREE: undefined,
      },
    });
    child.on('error', () => undefined); // no process may be started here: whoever wanted it does without
    child.unref();
  } finally {
    closeSync(output);
  }
}

/**
 * The daemon of a store, started if none answers; null when none does within `timeoutMs`, or a newer version of one does. An outdated
 * one is told to end.
 */
export async function ensureDaemon(options: StartOptions, timeoutMs: number): Promise<Descriptor | null> {
  const { storePath, version } = options;
  const endMs = elapsedMs() + timeoutMs;
  let asked = false;
  let started = false;
  for (let waitMs = 20; ; waitMs = Math.min(waitMs * 1.5, 200)) {
    const found = await runningDaemon(storePath);
    if (found === null) {
      if (!started) startDaemon(options);
      started = true;
    } else if (answersAlike(found, version, storePath)) return found;
    else if (!isOutdated(found, version, storePath)) return null;
    else if (!asked) {
      asked = true;
      await askDaemon(found, 'shut-down').catch(() => undefined);
    }
    if (elapsedMs() >= endMs) return null;
    await sleep(waitMs);
  }
}
