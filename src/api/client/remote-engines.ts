import type { Engine, Engines, KnownRepository } from '../../engine/index.js';
import { operations } from '../operations.js';
import { RemoteEngine, type Transport } from './remote-engine.js';

export interface RemoteEnginesOptions {
  readonly storePath: string;
  readonly transport: Transport & { close(): void };
  readonly onNote?: ((note: string) => void) | undefined;
}

/** The engines of a daemon. Closing them closes the connections. */
export class RemoteEngines implements Engines {
  constructor(private readonly options: RemoteEnginesOptions) {}

  get storePath(): string {
    return this.options.storePath;
  }

  open(repo: string): Engine {
    return new RemoteEngine({ ...this.options, repo });
  }

  async repositories(): Promise<readonly KnownRepository[]> {
    const { name, list } = operations.repositories;
    const answer = await this.options.transport.ask(name, {}, list, {});
    return (answer as { repositories: readonly KnownRepository[] }).repositories;
  }

  close(): Promise<void> {
    this.options.transport.close();
    return Promise.resolve();
  }
}
