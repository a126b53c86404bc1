import { CoppiceError } from '../../base/index.js';
import type * as api from '../../api/index.js';
import type { Engines, LocalEngines } from '../../engine/index.js';
import { askDaemon } from './ask-daemon.js';
import { answersAlike, isOutdated, runningDaemon } from './find-daemon.js';
import { LastingEngines } from '../lasting-engines.js';
import { ensureDaemon, type StartOptions } from './start-daemon.js';

export interface ConnectOptions extends StartOptions {
  readonly onNote?: (note: string) => void;
}

const startTimeoutMs = 10_000;

/** As in `askDaemon`: only who has a daemon to ask loads it. */
const loadApi = (): Promise<typeof api> => import('../../api/index.js');

/** The engines of the daemon that serves a store; null when none of this version does. */
export async function connectEngines(options: ConnectOptions): Promise<Engines | null> {
  const { storePath, version, onNote } = options;
  const found = await runningDaemon(storePath);
  if (found === null) return null;
  if (!answersAlike(found, version, storePath)) {
    // An outdated one makes room. Nobody waits for it: this time there is none.
    if (isOutdated(found, version, storePath)) await askDaemon(found, 'shut-down').catch(() => undefined);
    return null;
  }
  const { HttpClient, RemoteEngines } = await loadApi();
  return new RemoteEngines({ storePath, transport: new HttpClient({ socketPath: found.socket }), onNote });
}

export interface AttachOptions extends ConnectOptions {
  /** Opens engines of this process, for when there is no daemon. */
  readonly openOwn: () => Promise<LocalEngines>;
}

/** As `connectEngines`, for a process that lives long, and with the daemon started: see `LastingEngines`. */
export async function attachEngines(options: AttachOptions): Promise<Engines> {
  const { storePath, onNote, openOwn } = options;
  const findDaemon = async (): Promise<boolean> => (await ensureDaemon(options, startTimeoutMs)) !== null;
  const hasDaemon = await findDaemon();
  const [{ RemoteEngines }, { DaemonTransport }] = await Promise.all([loadApi(), import('./daemon-transport.js')]);
  const remote = new RemoteEngines({ storePath, transport: new DaemonTransport(options), onNote });
  return new LastingEngines({ storePath, remote, openOwn, findDaemon, hasDaemon });
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
