import { CoppiceError } from '../base/index.js';
import type * as api from '../api/index.js';
import type { Engines } from '../engine/index.js';
import { askDaemon } from './ask-daemon.js';
import { runningDaemon } from './find-daemon.js';
import { ensureDaemon, type StartOptions } from './start-daemon.js';

export interface ConnectOptions extends StartOptions {
  readonly onNote?: (note: string) => void;
}

const startTimeoutMs = 10_000;

/** As in `askDaemon`: only who has a daemon to ask loads it. */
const loadApi = (): Promise<typeof api> => import('../api/index.js');

/** The engines of the daemon that serves a store; null when none of this version does. */
export async function connectEngines(options: ConnectOptions): Promise<Engines | null> {
  const { storePath, version, onNote } = options;
  const found = await runningDaemon(storePath);
  if (found === null) return null;
  if (found.version !== version) {
    // An older one makes room for one of this version. Nobody waits for it: this time there is none.
    await askDaemon(found, 'shut-down').catch(() => undefined);
    return null;
  }
  const { HttpClient, RemoteEngines } = await loadApi();
  return new RemoteEngines({ storePath, transport: new HttpClient({ socketPath: found.socket }), onNote });
}

/**
 * As `connectEngines`, for a process that lives long: starts a daemon when there is none, also when the one it used has
 * ended. Null when none can be started.
 */
export async function attachEngines(options: ConnectOptions): Promise<Engines | null> {
  const { storePath, onNote } = options;
  await (await connectEngines(options))?.close(); // has a daemon of another version end
  if ((await ensureDaemon(options, startTimeoutMs)) === null) return null;
  const [{ RemoteEngines }, { DaemonTransport }] = await Promise.all([loadApi(), import('./daemon-transport.js')]);
  return new RemoteEngines({ storePath, transport: new DaemonTransport(options), onNote });
}

/** Has the daemon of a store, started if need be, listen for HTTP. DAEMON_UNREACHABLE, CANNOT_LISTEN. */
export async function openHttp(options: StartOptions, port: number): Promise<api.HttpAccess> {
  const found = await ensureDaemon(options, startTimeoutMs);
  if (found === null) {
    throw new CoppiceError('DAEMON_UNREACHABLE', `no daemon could be started for ${options.storePath}`, {
      hint: 'run `coppice serve --http` to see why',
    });
  }
  return (await askDaemon(found, 'listen-http', { port })) as api.HttpAccess;
}
