import type { HostDescription, HttpAccess } from '../api/index.js';
import { CoppiceError, elapsedMs, sleep } from '../base/index.js';
import type { DaemonOptions } from './daemon.js';
import { askDaemon } from './client/ask-daemon.js';
import { answers, runningDaemon } from './client/find-daemon.js';
import { placesOf } from './client/places.js';

export interface ServeOptions extends Omit<DaemonOptions, 'pageFolder'> {
  /** Listen for HTTP on this port of loopback (0: any free one); null: on the store's socket only. */
  readonly port: number | null;
  /** A repository that will be asked about: what is seen there is indexed before anybody asks. */
  readonly firstRepo?: string | undefined;
}

export interface RunningDaemon {
  readonly socket: string;
  readonly http: HttpAccess | null;
  /** Ends it gracefully. */
  stop(): Promise<void>;
  /** To be called with what is thrown where nobody waits for it: see `Daemon.survive`. */
  survive(fault: unknown): void;
  /** Resolves when it has ended, for whatever reason. */
  wait(): Promise<void>;
}

/** Serves a store from this process. DAEMON_RUNNING, CANNOT_LISTEN. */
export async function runDaemon({ port, firstRepo, ...options }: ServeOptions): Promise<RunningDaemon> {
  const { Daemon } = await import('./daemon.js');
  const pageFolder = new URL('./page/', import.meta.url);
  const daemon = await Daemon.start({ ...options, pageFolder });
  try {
    const http = port === null ? null : await daemon.listenHttp(port);
    const { socket } = placesOf(options.storePath);
    if (firstRepo !== undefined) void daemon.prepare(firstRepo);
    return {
      socket,
      http,
      stop: () => daemon.stop(),
      survive: (fault) => daemon.survive(fault),
      wait: () => daemon.wait(),
    };
  } catch (error) {
    await daemon.stop();
    throw error;
  }
}

/** What the daemon of a store says of itself; null when there is none. */
export async function describeDaemon(storePath: string): Promise<HostDescription | null> {
  const found = await runningDaemon(storePath);
  return found === null ? null : ((await askDaemon(found, 'daemon')) as HostDescription);
}

const stopTimeoutMs = 20_000;

/** Has the daemon of a store end, and waits for it; false when there is none. DAEMON_UNREACHABLE when it does not. */
export async function stopDaemon(storePath: string): Promise<boolean> {
  const found = await runningDaemon(storePath);
  if (found === null) return false;
  await askDaemon(found, 'shut-down');
  const endMs = elapsedMs() + stopTimeoutMs;
  while (await answers(found.socket)) {
    if (elapsedMs() > endMs) {
      throw new CoppiceError('DAEMON_UNREACHABLE', `process ${found.pid} does not end`, {
        hint: `it may be finishing a write; \`kill ${found.pid}\` ends it, and loses nothing that was acknowledged`,
      });
    }
    await sleep(20);
  }
  return true;
}
