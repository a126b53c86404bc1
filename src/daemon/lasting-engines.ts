import { CoppiceError, elapsedMs, forwarded } from '../base/index.js';
import type { Engine, Engines, KnownRepository, LocalEngines } from '../engine/index.js';

export interface LastingEnginesOptions {
  readonly storePath: string;
  /** Those of the store's daemon. */
  readonly remote: Engines;
  /** Opens those of this process. */
  readonly openOwn: () => Promise<LocalEngines>;
  /** Whether there is a daemon that can be asked, started if need be. */
  readonly findDaemon: () => Promise<boolean>;
  /** There was one just now. */
  readonly hasDaemon: boolean;
  /** While there is none one is looked for so often, when something is asked. Default: half a minute. */
  readonly lookEveryMs?: number;
}

/** Methods with many results. */
const streams: ReadonlySet<string | symbol> = new Set([
  'log',
  'logCommits',
  'grepBatches',
  'grepCountBatches',
  'grepRangeBatches',
  'changes',
  'lastChanges',
  'describePlan',
] satisfies (keyof Engine)[]);

type Method = (...args: readonly unknown[]) => unknown;

/**
 * The engines of a process that lives long: the daemon's as long as there is one that it can ask, else its own, until there is
 * one again. A daemon of another version is none: it may come, and end, at any time.
 */
export class LastingEngines implements Engines {
  readonly storePath: string;
  private own: Promise<LocalEngines> | null = null;
  private isAlone: boolean;
  private lookedMs = elapsedMs();
  private looking: Promise<void> | null = null;
  private readonly engines = new Map<string, Engine>();

  constructor(private readonly options: LastingEnginesOptions) {
    this.storePath = options.storePath;
    this.isAlone = !options.hasDaemon;
  }

  open(repo: string): Engine {
    let engine = this.engines.get(repo);
    if (engine === undefined) this.engines.set(repo, (engine = this.engineOf(repo)));
    return engine;
  }

  repositories(): Promise<readonly KnownRepository[]> {
    return this.ask((engines) => engines.repositories());
  }

  async close(): Promise<void> {
    await this.options.remote.close();
    await this.looking;
    await this.letGoOwn();
  }

  /** Each of its methods is that of the engine which can be asked at the time. */
  private engineOf(repo: string): Engine {
    const call = (engines: Engines, name: string | symbol, args: readonly unknown[]): unknown =>
      (engines.open(repo) as unknown as Record<string | symbol, Method>)[name]!(...args);
    const methods: ProxyHandler<object> = {
      get: (_, name) => {
        if (name === 'storePath') return this.storePath;
        if (name === 'then') return undefined; // no promise
        if (name === 'close') return () => Promise.resolve(void this.engines.delete(repo));
        if (streams.has(name))
          return (...args: unknown[]) =>
            this.stream((engines) => call(engines, name, args) as AsyncGenerator<unknown, unknown, undefined>);
        return (...args: unknown[]) => this.ask((engines) => call(engines, name, args) as Promise<unknown>);
      },
    };
    return new Proxy({}, methods) as Engine;
  }

  private async ask<T>(action: (engines: Engines) => Promise<T>): Promise<T> {
    const first = await this.current();
    try {
      return await action(first);
    } catch (error) {
      if (!this.isLeftAlone(first, error)) throw error;
      return action(await this.current());
    }
  }

  private async *stream<T, R>(
    action: (engines: Engines) => AsyncGenerator<T, R, undefined>,
  ): AsyncGenerator<T, R, undefined> {
    const first = await this.current();
    let begun = false;
    try {
      return yield* forwarded(action(first), () => (begun = true));
    } catch (error) {
      if (begun || !this.isLeftAlone(first, error)) throw error;
      return yield* action(await this.current());
    }
  }

  private async current(): Promise<Engines> {
    const { remote, openOwn, lookEveryMs = 30_000 } = this.options;
    if (!this.isAlone) return remote;
    if (elapsedMs() - this.lookedMs >= lookEveryMs) this.looking ??= this.look().finally(() => (this.looking = null));
    return (this.own ??= openOwn());
  }

  /** The daemon was asked, and there is none that could have heard of it. */
  private isLeftAlone(asked: Engines, error: unknown): boolean {
    if (asked !== this.options.remote) return false;
    if (!(error instanceof CoppiceError) || error.code !== 'DAEMON_UNREACHABLE' || error.data['sent'] !== false)
      return false;
    this.isAlone = true;
    this.lookedMs = elapsedMs();
    return true;
  }

  private async look(): Promise<void> {
    const found = await this.options.findDaemon().catch(() => false);
    this.lookedMs = elapsedMs();
    if (!found) return;
    this.isAlone = false;
    await this.letGoOwn();
  }

  /** What is under way on them ends first. */
  private async letGoOwn(): Promise<void> {
    const { own } = this;
    this.own = null;
    await (await own?.catch(() => null))?.close();
  }
}
