import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isAbsolute, resolve } from 'node:path';

import { CoppiceError, compareBytewise } from '../base/index.js';
import { folderPrefix, isView, together } from '../model/index.js';
import type { Where } from '../model/index.js';
import { enableLinearFallback } from '../pattern/index.js';
import { defaultStorePath } from '../store/index.js';
import type { Publications } from '../remote/index.js';
import { threadScript } from '../threads/index.js';
import { RepositoryEngine } from './engine.js';
import type { Publisher } from './remotes/publisher.js';
import { ViewEngine } from './view-engine.js';
import { NamedViews } from './views/named-views.js';
import { ViewPlace } from './views/view-place.js';
import { defineView, pathOf } from './views/where.js';
import { RepositoryPlace, Sessions } from './session/sessions.js';
import { SharedStore } from './shared/shared-store.js';
import type { Engine, EngineOptions, EnginesOptions, KnownRepository, LocalEngines } from './types.js';

const lockTimeoutMsDefault = 30_000;
const workersMax = 4;

/** Opens a store for any number of repositories. Close it when done. Errors are CoppiceErrors with stable codes. */
export async function openEngines(options: EnginesOptions & { readonly remote?: string } = {}): Promise<LocalEngines> {
  return Promise.resolve(new StoreEngines(openShared(options, true)));
}

/**
 * Opens the store from the point of view of one repository, which is itself opened when an operation first needs it.
 * Close the engine when done.
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const shared = openShared(options, false);
  return Promise.resolve(engineAt(whereOf(options), shared, new Sessions(shared), () => shared.close()));
}

const whereOf = ({ repo = '.' }: EngineOptions): Where =>
  typeof repo === 'string' ? absolute(repo) : together(repo.map(absolute));

/** A path counts from the current folder; a name that no folder here has is a repository's. */
const absolute = (place: string): Where =>
  isView(place) || place.startsWith(folderPrefix) || (!/^\.|[\\/]/.test(place) && !existsSync(place))
    ? place
    : resolve(place);

function engineAt(
  where: Where,
  shared: SharedStore,
  sessions: Sessions,
  onClosed: () => Promise<void> | void,
): RepositoryEngine | ViewEngine {
  const views = new NamedViews(shared, sessions);
  if (isView(where))
    return new ViewEngine(
      shared,
      new ViewPlace(shared, sessions, () => defineView(shared.store, where)),
      views,
      onClosed,
    );
  const place = new RepositoryPlace(sessions, () => pathOf(shared.store, where));
  return new RepositoryEngine(shared, place, views, onClosed);
}

/** Opens the store from the point of view of one repository and what is published of it. Relative paths count from `folder`. */
export async function openPublisher(options: EngineOptions & { readonly folder?: string } = {}): Promise<Publisher> {
  const { Publisher } = await import('./remotes/publisher.js');
  const shared = openShared(options, false);
  const folder = resolve(options.folder ?? '.');
  const where = whereOf(options);
  const path = (): string => {
    if (!isView(where)) return pathOf(shared.store, where);
    throw new CoppiceError('NOT_IN_A_VIEW', 'an index is published of one repository, and several were named', {
      hint: 'name the one that is meant, with --repo',
    });
  };
  return new Publisher(shared, new RepositoryPlace(new Sessions(shared), path), folder);
}

function openShared(options: EnginesOptions & { readonly remote?: string }, offThread: boolean): SharedStore {
  enableLinearFallback();
  return new SharedStore({
    ...options,
    offThread,
    storePath: options.store === undefined ? defaultStorePath() : resolve(options.store),
    workers: options.workers ?? Math.min(availableParallelism(), workersMax),
    workerUrl: threadScript('worker'),
    lockTimeoutMs: options.lockTimeoutMs ?? lockTimeoutMsDefault,
  });
}

const sharedOf = new WeakMap<LocalEngines, SharedStore>();

/**
 * Lets go of what came from a remote and was not used for the longest, until the store is no larger than that. It comes again when it
 * is asked for.
 */
export async function shrinkStore(engines: LocalEngines, bytesMax: number): Promise<void> {
  const shared = sharedOf.get(engines);
  if (shared === undefined || shared.store.sizeBytes() <= bytesMax) return;
  const { evict } = await import('./remotes/evict.js');
  await evict(shared, bytesMax);
}

/** What is published at an address, as the settings of the engines' store trust it. REMOTE_INVALID, CONFIG_INVALID. */
export async function publishedAt(engines: LocalEngines, address: string): Promise<Publications> {
  const { openRemote } = await import('./remotes/open-remote.js');
  return openRemote(sharedOf.get(engines)!, address);
}

class StoreEngines implements LocalEngines {
  private readonly sessions: Sessions;
  /** Those that are not closed altogether yet. */
  private readonly engines = new Set<RepositoryEngine | ViewEngine>();
  private readonly byPlace = new Map<Where, RepositoryEngine | ViewEngine>();
  private closing: Promise<void> | null = null;

  constructor(private readonly shared: SharedStore) {
    this.sessions = new Sessions(shared);
    sharedOf.set(this, shared);
  }

  get storePath(): string {
    return this.shared.store.path;
  }

  get isWriting(): boolean {
    return this.shared.isWriter;
  }

  open(where: Where): Engine {
    if (this.closing !== null) throw new CoppiceError('INTERNAL', 'the engines were closed');
    const place = isAbsolute(where) ? resolve(where) : where;
    const known = this.byPlace.get(place);
    if (known?.isOpen === true) return known;
    const engine: RepositoryEngine | ViewEngine = engineAt(place, this.shared, this.sessions, () => {
      this.engines.delete(engine);
      if (this.byPlace.get(place) === engine) this.byPlace.delete(place);
    });
    this.engines.add(engine);
    this.byPlace.set(place, engine);
    return engine;
  }

  repositories(): Promise<readonly KnownRepository[]> {
    const { store } = this.shared;
    store.refresh();
    const known = Array.from(store.catalog.repositories.values(), ({ id, name, path }) => ({ id, name, path }));
    return Promise.resolve(known.sort((a, b) => compareBytewise(a.name, b.name) || compareBytewise(a.path, b.path)));
  }

  trim(): Promise<void> {
    this.sessions.trim();
    return this.shared.trim();
  }

  close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  private async end(): Promise<void> {
    await Promise.all(Array.from(this.engines, (engine) => engine.close()));
    await this.shared.close();
  }
}
