import { mkdirSync } from 'node:fs';
import { CoppiceError, sleep, messageOf } from '../base/index.js';
import { visiting } from '../api/index.js';
import { publishedAt, shrinkStore, type KnownRepository, type LocalEngines } from '../engine/index.js';
import { PublishedClones } from './published-clones.js';

/** So soon at the latest something that is published is seen. */
const refreshMs = 1_500;
const shrinkMs = 10_000;

/** The repositories of a server by name: those that whoever asks may see. What one may not see does not exist. */
export abstract class Directory {
  private readonly ending = new AbortController();
  protected paths = new Map<string, { readonly id: string; readonly path: string }>();

  protected abstract refresh(signal: AbortSignal): Promise<void>;

  /** Knows the repositories of now, and from then on what comes. */
  async start(): Promise<void> {
    await this.refresh(this.ending.signal);
    void this.follow();
  }

  stop(): void {
    this.ending.abort();
  }

  pathOf(name: string): string | null {
    return this.paths.get(name)?.path ?? null;
  }

  /** NOT_A_REPOSITORY, the same for what is not there and for what is not to be seen. */
  require(name: string): string {
    const path = this.pathOf(name);
    const maySee = visiting.getStore()?.canRead(name) ?? true;
    if (path !== null && maySee) return path;
    throw new CoppiceError('NOT_A_REPOSITORY', `there is no repository ${JSON.stringify(name)} here`, {
      hint: 'POST /v1/repositories lists those that there are for you',
    });
  }

  visible(): KnownRepository[] {
    const visitor = visiting.getStore();
    return [...this.paths]
      .filter(([name]) => visitor?.canRead(name) ?? true)
      .map(([name, { id }]) => ({ id, name, path: name }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private async follow(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      await sleep(refreshMs, signal);
      // What is known goes on being served; the next look may succeed.
      if (!signal.aborted) await this.refresh(signal).catch((error: unknown) => this.missed(error));
    }
  }

  protected missed(_error: unknown): void {
    // told by who knows how
  }
}

/** The repositories that a store knows. */
export class KnownDirectory extends Directory {
  constructor(private readonly engines: LocalEngines) {
    super();
  }

  protected async refresh(): Promise<void> {
    const paths = new Map<string, { id: string; path: string }>();
    const twice = new Set<string>();
    for (const { id, name, path } of await this.engines.repositories()) {
      if (paths.has(name)) twice.add(name);
      paths.set(name, { id, path });
    }
    // Who may read a name may read what has it: where that is not one repository, it is none.
    for (const name of twice) paths.delete(name);
    this.paths = paths;
  }
}

/** The repositories that are published at a remote. */
export class PublishedDirectory extends Directory {
  private readonly remote: string;
  private readonly folder: string;
  private clones: PublishedClones | null = null;
  private readonly cacheBytes: number;
  private shrunkMs = 0;
  private lastFault = '';

  constructor(
    { remote, folder, cacheBytes }: { readonly remote: string; readonly folder: string; readonly cacheBytes: number },
    private readonly engines: LocalEngines,
    private readonly log: (message: string) => void,
  ) {
    super();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.remote = remote;
    this.folder = folder;
    this.cacheBytes = cacheBytes;
  }

  protected async refresh(signal: AbortSignal): Promise<void> {
    this.clones ??= new PublishedClones(await publishedAt(this.engines, this.remote), this.folder, this.log);
    await this.clones.refresh(signal);
    this.paths = new Map(this.clones.published.map(({ name, path }) => [name, { id: name, path }]));
    this.lastFault = '';
    if ((this.shrunkMs += refreshMs) < shrinkMs) return;
    this.shrunkMs = 0;
    await shrinkStore(this.engines, this.cacheBytes);
  }

  protected override missed(error: unknown): void {
    const what = messageOf(error);
    if (what !== this.lastFault) this.log(`the remote is not seen: ${what}; what is known is served`);
    this.lastFault = what;
  }
}
