import { CoppiceError, forwarded, type Batches } from '../../base/index.js';
import { HttpClient, isAboutToEnd, operationsByName, type ClientCall, type Transport } from '../../api/index.js';
import { ensureDaemon, type StartOptions } from './start-daemon.js';

const startTimeoutMs = 10_000;

/** Asks the daemon of a store, whichever process that is: starts one when there is none (any more). */
export class DaemonTransport implements Transport {
  private client: HttpClient | null = null;

  constructor(private readonly start: StartOptions) {}

  async ask(operation: string, body: object, list: string | undefined, call: ClientCall): Promise<unknown> {
    try {
      return await (await this.connected()).ask(operation, body, list, call);
    } catch (error) {
      if (!this.mayAskAgain(error, operation)) throw error;
      return (await this.connected()).ask(operation, body, list, call);
    }
  }

  async *batches(operation: string, body: object, call: ClientCall): Batches<unknown, object> {
    let begun = false;
    try {
      const batches = (await this.connected()).batches(operation, body, call);
      return yield* forwarded(batches, () => (begun = true));
    } catch (error) {
      if (begun || !this.mayAskAgain(error, operation)) throw error;
      return yield* (await this.connected()).batches(operation, body, call);
    }
  }

  close(): void {
    this.client?.close();
    this.client = null;
  }

  /** What changes names is asked again only if the daemon cannot have heard of it. */
  private mayAskAgain(error: unknown, operation: string): boolean {
    if (isAboutToEnd(error)) {
      this.close();
      return true;
    }
    if (!(error instanceof CoppiceError) || error.code !== 'DAEMON_UNREACHABLE') return false;
    this.close();
    const effect = operationsByName.get(operation)?.effect;
    return error.data['sent'] !== true || effect === 'none' || effect === 'store';
  }

  private async connected(): Promise<HttpClient> {
    if (this.client !== null) return this.client;
    const found = await ensureDaemon(this.start, startTimeoutMs);
    if (found === null) {
      throw new CoppiceError('DAEMON_UNREACHABLE', `no daemon could be started for ${this.start.storePath}`, {
        hint: 'run `coppice serve` to see why; COPPICE_DAEMON=off does without one',
        data: { sent: false },
      });
    }
    return (this.client = new HttpClient({ socketPath: found.socket }));
  }
}
