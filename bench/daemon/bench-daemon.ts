import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Engine } from '../../src/engine/types.js';
import { HttpClient } from '../../src/api/client/http-client.js';
import { RemoteEngines } from '../../src/api/client/remote-engines.js';
import type { HostDescription } from '../../src/api/operation.js';
import { placesOf } from '../../src/daemon/client/places.js';
import { mainProgram } from '../history/context.js';
import { killOnEnd } from './cleanup.js';
import { isRunning } from './process-usage.js';
import { waitUntil } from './waiting.js';

const stopTimeoutMs = 20_000;

/** A daemon as users have it: a detached process, started by the command line. */
export class BenchDaemon {
  private readonly clients: HttpClient[] = [];
  private readonly own: HttpClient;

  private constructor(
    readonly pid: number,
    readonly storePath: string,
    readonly socketPath: string,
    readonly http: { readonly url: string; readonly token: string },
    private readonly kill: () => void,
  ) {
    this.own = this.connect();
  }

  static start(storePath: string): BenchDaemon {
    const args = [mainProgram, 'serve', '--detach', '--http', '--json', '--store', storePath];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the daemon did not start: ${stderr}${stdout}`);
    const { pid, socket, http } = JSON.parse(stdout) as { pid: number; socket: string; http: string };
    const token = readFileSync(placesOf(storePath).token, 'utf8').trim();
    return new BenchDaemon(pid, storePath, socket, { url: http, token }, killOnEnd(pid));
  }

  /** A client of its own over the socket, or over HTTP. */
  connect(over: 'socket' | 'http' = 'socket'): HttpClient {
    const client = new HttpClient(over === 'http' ? this.http : { socketPath: this.socketPath });
    this.clients.push(client);
    return client;
  }

  /** The engine of a repository as a client has it. */
  engine(repo: string, client: HttpClient = this.own): Engine {
    return new RemoteEngines({ storePath: this.storePath, transport: client }).open(repo);
  }

  async describe(): Promise<HostDescription> {
    return (await this.own.ask('daemon', {}, undefined, {})) as HostDescription;
  }

  /** Waits until work trees that were asked about are watched, or cannot be. */
  async watching(): Promise<void> {
    await waitUntil('the watchers to be ready', 60_000, async () =>
      (await this.describe()).worktrees.every(({ state }) => state !== 'starting'),
    );
  }

  /** Ends it as `coppice serve --stop` does. */
  async stop(): Promise<void> {
    await this.own.ask('shut-down', {}, undefined, {}).catch(() => undefined);
    for (const client of this.clients) client.close();
    try {
      await waitUntil('the daemon to end', stopTimeoutMs, () => !isRunning(this.pid));
    } finally {
      this.kill();
    }
  }
}
