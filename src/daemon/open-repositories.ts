import { isAbsolute } from 'node:path';
import type { Directory } from './directory.js';
import { assertNotExhausted, elapsedMs } from '../base/index.js';
import type { Engine, KnownRepository, LocalEngines } from '../engine/index.js';
import { realPath } from '../folder/index.js';
import { locateRepository } from '../git/index.js';
import { pathIn } from '../model/index.js';

/** A repository that nobody has asked about for so long is closed. */
const idleMsMax = 30 * 60_000;
const openMax = 200;

interface OpenRepository {
  readonly path: string;
  readonly engine: Engine;
  /** See `placeOf`. */
  place: string | null;
  usedMs: number;
}

/** The engines of a daemon: each stays open between requests, and is closed when it is no longer asked. */
export class OpenRepositories implements LocalEngines {
  /** By the path that clients name, the latest used at the end. */
  private readonly entries = new Map<string, OpenRepository>();

  /** `check` is called before each use, and throws when nothing is to be opened any more. */
  constructor(
    private readonly engines: LocalEngines,
    private readonly check: () => void,
    /** Where repositories are asked for by name. */
    private readonly directory: Directory | null = null,
  ) {}

  get storePath(): string {
    return this.engines.storePath;
  }

  get paths(): string[] {
    return [...this.entries.keys()];
  }

  open(repo: string): Engine {
    this.check();
    const path = this.directory === null ? repo : this.directory.require(repo);
    let entry = this.entries.get(repo);
    this.entries.delete(repo);
    if (entry !== undefined && entry.path !== path) {
      // The name is another repository's now.
      void entry.engine.close().catch(() => undefined);
      entry = undefined;
    }
    entry ??= { path, engine: this.engines.open(path), place: null, usedMs: 0 };
    entry.usedMs = elapsedMs();
    this.entries.set(repo, entry);
    if (this.entries.size > openMax) this.closeFirst();
    return entry.engine;
  }

  /** The engine of a place (see `placeOf`) that somebody has asked about within `withinMs`: for work that nobody asked for. */
  recent(place: string, withinMs: number): Engine | null {
    for (const [repo, { engine, usedMs }] of this.entries) {
      if (elapsedMs() - usedMs <= withinMs && this.placeOf(repo) === place) return engine;
    }
    return null;
  }

  /** One name for the repository or work tree that clients name by any path in it: its top folder. */
  placeOf(repo: string): string {
    const entry = this.entries.get(repo);
    if (entry !== undefined && entry.place !== null) return entry.place;
    try {
      const { workTree, gitDir } = locateRepository(pathIn(this.directory?.pathOf(repo) ?? repo));
      const place = workTree ?? gitDir;
      if (entry !== undefined) entry.place = place;
      return place;
    } catch (error) {
      assertNotExhausted(error, repo);
      // A folder without git; or there is none (any more), and nothing happens there.
      return realPath(pathIn(this.directory?.pathOf(repo) ?? repo));
    }
  }

  /** False for a folder without git in which a command happened to be started: nobody has searched it, and it may be large. */
  async isSearched(repo: string): Promise<boolean> {
    const path = pathIn(repo);
    if (!isAbsolute(path)) return true;
    try {
      locateRepository(path);
      return true;
    } catch (error) {
      assertNotExhausted(error, repo);
      const folder = realPath(path);
      return (await this.engines.repositories()).some((known) => known.path === folder);
    }
  }

  repositories(): Promise<readonly KnownRepository[]> {
    if (this.directory !== null) return Promise.resolve(this.directory.visible());
    return this.engines.repositories();
  }

  closeIdle(): void {
    for (const { usedMs } of [...this.entries.values()]) {
      if (elapsedMs() - usedMs < idleMsMax) return;
      this.closeFirst();
    }
  }

  get isWriting(): boolean {
    return this.engines.isWriting;
  }

  trim(): Promise<void> {
    return this.engines.trim();
  }

  async close(): Promise<void> {
    this.entries.clear();
    await this.engines.close();
  }

  private closeFirst(): void {
    const [path, entry] = this.entries.entries().next().value!;
    this.entries.delete(path);
    // What is under way on it ends first.
    void entry.engine.close().catch(() => undefined);
  }
}
