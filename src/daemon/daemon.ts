import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CoppiceError, asCoppiceError, collectGarbage, elapsedMs, nowMs, sleep } from '../base/index.js';
import {
  aboutToEnd,
  createMcpHttpHandler,
  failRequest,
  loadServer,
  noteListener,
  type HostDescription,
  type HostEvent,
  type HttpAccess,
  type McpHandler,
  type OperationHost,
  type RequestHandler,
} from '../api/index.js';
import { openEngines, type LocalEngines, type Progress, type WatchedPlace } from '../engine/index.js';
import { ProcessLock } from '../store/index.js';
import { readDescriptor, removeDescriptor, settingsStamp, writeDescriptor } from './client/descriptor.js';
import { EventHub } from './event-hub.js';
import { createHttpServer, listen, readOrMakeToken } from './http-listener.js';
import { KnownDirectory, PublishedDirectory, type Directory } from './directory.js';
import { OpenRepositories } from './open-repositories.js';
import { placesOf, type DaemonPlaces } from './client/places.js';
import type { WatchedChange } from './watch/index.js';
import type { UsersFile } from './users.js';
import { WorktreeWatches } from './worktree-watches.js';

export interface DaemonOptions {
  readonly storePath: string;
  readonly version: string;
  /** Ends by itself when it is no longer used. */
  readonly onDemand: boolean;
  /** Where the built page lies. */
  readonly pageFolder: URL;
  readonly log: (message: string) => void;
  /** A search node: it serves what is published at a remote, from a cache. */
  readonly node?: { readonly remote: string; readonly folder: string; readonly cacheBytes: number };
  /** Who may ask over HTTP, instead of who has the token of the store; see `UsersFile`. */
  readonly users?: UsersFile;
  /** Address to listen on for HTTP. Default: loopback. */
  readonly host?: string;
  /** Parser threads; see EnginesOptions. */
  readonly workers?: number;
}

/** A daemon that was started on demand ends after so long without a request, */
const unusedMsMax = 30 * 60_000;
/** and sooner when none ever came: its store was for one command. */
const neverUsedMsMax = 2 * 60_000;
/**
 * After so long without a request, what is kept for speed only is let go; with the time to the next look it is a minute at most. What comes
 * then is as a fresh daemon's first question.
 */
const restMs = 35_000;
const housekeepingMs = 20_000;
/** Work trees that are in use are read so often whatever their watchers say; others when they are asked about next. */
const sweepMs = 5 * 60_000;
/** Whatever changes in a work tree that nobody has asked about for so long is left until somebody does. */
const activeMsMax = 30 * 60_000;
/** So many faults within so long are survived. */
const faultsMax = 20;
const faultWindowMs = 10 * 60_000;
/** What is under way when the daemon is to end gets so long. */
const farewellMs = 10_000;
/** Searches get so long: whoever asks again is none the worse. */
const searchFarewellMs = 1000;
/** The next daemon waits so long for it, and looks so often. */
const successionMsMax = farewellMs + 5_000;
const lookMs = 50;

/**
 * The one process that serves a store. Its life:
 * 1. Take the store's daemon lock, or fail with DAEMON_RUNNING.
 * 2. Open the store, listen on its socket, write down where (descriptor).
 * 3. Answer requests; watch the work trees that were asked about, and index what changes there before it is asked for.
 * 4. When told so, when unused, or when the store is gone: stop listening, let what is under way end, clean up.
 */
export class Daemon implements OperationHost {
  readonly engines: OpenRepositories;
  readonly hasNames: boolean;
  private readonly directory: Directory | null;
  private readonly handler: RequestHandler;
  private readonly hub = new EventHub();
  private readonly watches: WorktreeWatches;
  private readonly servers: Server[] = [];
  private readonly startedMs = nowMs();
  private readonly settings: string;
  private readonly ended: Promise<void>;
  private end!: () => void;
  private access: Promise<HttpAccess> | null = null;
  private httpUrl: string | null = null;
  private hasRested = false;
  /** When faults were survived. */
  private readonly faults: number[] = [];
  private sweptMs = elapsedMs();
  private stopping: Promise<void> | null = null;
  private readonly preparing = new AbortController();
  private housekeeping: NodeJS.Timeout | undefined;

  /** Starts the daemon of a store. DAEMON_RUNNING names the one that runs. */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const places = placesOf(options.storePath);
    // The store first: it refuses a folder that holds something else.
    const watches: { current: WorktreeWatches | null } = { current: null };
    const engines = await openEngines({
      store: options.storePath,
      ...(options.node === undefined ? {} : { remote: options.node.remote }),
      ...(options.workers === undefined ? {} : { workers: options.workers }),
      onNote: (note) => (noteListener.getStore() ?? options.log)(note),
      watch: (place) => watches.current!.watch(place),
      // A search node has nothing to read but what is published.
      firstUse: options.node === undefined ? 'read' : 'index',
    });
    try {
      mkdirSync(places.folder, { recursive: true, mode: 0o700 });
      const server = await loadServer();
      const lock = new ProcessLock(places.lock, false);
      await takeLock(lock, places);
      const daemon = new Daemon(options, places, lock, engines, server);
      watches.current = daemon.watches;
      await daemon.open();
      return daemon;
    } catch (error) {
      await engines.close();
      throw error;
    }
  }

  private constructor(
    private readonly options: DaemonOptions,
    private readonly places: DaemonPlaces,
    private readonly lock: ProcessLock,
    engines: LocalEngines,
    { RequestHandler, PageFiles }: Awaited<ReturnType<typeof loadServer>>,
  ) {
    const { node, users } = options;
    this.directory =
      node !== undefined
        ? new PublishedDirectory(node, engines, options.log)
        : users !== undefined
          ? new KnownDirectory(engines)
          : null;
    this.hasNames = this.directory !== null;
    this.engines = new OpenRepositories(engines, () => this.checkOpen(), this.directory);
    this.settings = this.readSettings();
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.watches = new WorktreeWatches({
      cookieFolder: places.cookies,
      onChange: (place, change) => void this.changed(place, change),
    });
    const { version, pageFolder } = options;
    let mcp: Promise<McpHandler> | undefined; // one for all: it keeps the sessions
    this.handler = new RequestHandler({
      host: this,
      version,
      page: new PageFiles(pageFolder),
      mcp: () =>
        (mcp ??= createMcpHttpHandler({ engines: this.engines, defaultRepo: null, version, hasNames: this.hasNames })),
    });
  }

  /** Resolves when the daemon has ended. */
  wait(): Promise<void> {
    return this.ended;
  }

  describe(): HostDescription {
    return {
      pid: process.pid,
      version: this.options.version,
      startedMs: this.startedMs,
      rssBytes: process.memoryUsage.rss(),
      http: this.httpUrl,
      repositories: this.engines.paths,
      worktrees: this.watches.describe(),
      requests: this.handler.requests,
    };
  }

  async *events(repo: string, signal: AbortSignal): AsyncGenerator<HostEvent, void, undefined> {
    // Asked about its work tree, the engine has it watched; a bare repository has none.
    await this.engines
      .open(repo)
      .resolve('@worktree', { signal })
      .catch(() => undefined);
    yield { kind: 'listening' };
    yield* this.hub.listen(this.engines.placeOf(repo), signal);
  }

  progress(repo: string, operation: string, progress: Progress | null): void {
    this.hub.publish(this.engines.placeOf(repo), { kind: 'progress', operation, progress });
  }

  async sweep(repo: string, signal: AbortSignal): Promise<void> {
    this.watches.doubt(this.engines.placeOf(repo));
    await this.engines.open(repo).index(['@worktree'], { lasting: false, signal });
  }

  /** Indexes what is seen in a repository, unless it is indexed. Whoever asks about it is told what is wrong. */
  async prepare(repo: string): Promise<void> {
    try {
      if (!(await this.engines.isSearched(repo))) return;
      const engine = this.engines.open(repo);
      const { rev } = await engine.resolve(undefined);
      await engine.index([rev], { lasting: false, signal: this.preparing.signal });
    } catch (error) {
      this.options.log(`${repo} could not be indexed yet: ${String(error)}`);
    }
  }

  listenHttp(port: number): Promise<HttpAccess> {
    this.access ??= this.openTcp(port).catch((error: unknown) => {
      this.access = null;
      throw error;
    });
    return this.access;
  }

  shutDown(): void {
    // The answer to who asked goes out first.
    setImmediate(() => void this.stop());
  }

  /**
   * The last resort: something was thrown where nobody waits for it. It is logged, and the request that it belongs to is answered.
   * The daemon goes on where its state is whole: a request's own is dropped with it. While this process writes the store, or
   * when it happens again and again, it says farewell, and the next command starts another.
   */
  survive(fault: unknown): void {
    const error = asCoppiceError(fault);
    const trace = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
    this.options.log(`a fault that nobody expected: ${trace}`);
    failRequest.getStore()?.(error);
    const atMs = elapsedMs();
    this.faults.push(atMs);
    while (this.faults[0]! < atMs - faultWindowMs) this.faults.shift();
    if (this.faults.length <= faultsMax && !this.engines.isWriting) return;
    this.options.log('the daemon ends: its state may not be whole');
    void this.stop();
  }

  /** Ends the daemon; twice is once. */
  stop(): Promise<void> {
    this.preparing.abort();
    return (this.stopping ??= this.sayFarewell());
  }

  private async open(): Promise<void> {
    const { places, options } = this;
    try {
      await this.directory?.start();
      mkdirSync(places.cookies, { recursive: true, mode: 0o700 });
      if (places.socketFolder !== null) makePrivateFolder(places.socketFolder);
      if (process.platform !== 'win32') rmSync(places.socket, { force: true }); // of one that was killed
      const server = createHttpServer(this.handler.listener(null));
      await listen(server, places.socket);
      this.servers.push(server);
      if (process.platform !== 'win32') chmodSync(places.socket, 0o600);
      const { version, onDemand } = options;
      const { startedMs, settings } = this;
      const { socket } = places;
      writeDescriptor(places.descriptor, { pid: process.pid, version, socket, startedMs, onDemand, settings });
    } catch (error) {
      this.lock.release();
      throw error;
    }
    this.housekeeping = setInterval(() => this.keepHouse(), housekeepingMs);
  }

  private async openTcp(port: number): Promise<HttpAccess> {
    const token = readOrMakeToken(this.places.token);
    const { users, host = '127.0.0.1' } = this.options;
    const tcp = { token, port, ...(users === undefined ? {} : { users }) };
    const server = createHttpServer((request, response) => this.handler.listener(tcp)(request, response));
    await listen(server, { host, port });
    tcp.port = (server.address() as AddressInfo).port;
    this.servers.push(server);
    this.httpUrl = `http://${host.includes(':') ? `[${host}]` : host}:${tcp.port}`;
    return { url: this.httpUrl, token };
  }

  /** A work tree changed: those who listen are told, and what is new there is indexed before anybody asks. */
  private async changed(place: WatchedPlace, change: WatchedChange): Promise<void> {
    for (const what of ['worktree', 'head', 'refs'] as const) {
      if (change[what] && place.project === undefined) this.hub.publish(place.workTree, { kind: 'changed', what });
    }
    if (!change.worktree && !change.head) return;
    if (place.project !== undefined) {
      await this.keepFresh(place.project, [], place.workTree);
      return;
    }
    await this.keepFresh(place.workTree, change.head ? ['HEAD', '@worktree'] : ['@worktree']);
  }

  /** Indexes what somebody is likely to ask about again; what nobody has asked about for long is no longer watched. */
  private async keepFresh(workTree: string, revs: readonly string[], packages?: string): Promise<void> {
    if (this.stopping !== null) return;
    const engine = this.engines.recent(workTree, activeMsMax);
    if (engine === null) return this.watches.rest(packages ?? workTree);
    try {
      await engine.index(revs, {
        lasting: false,
        ...(packages === undefined ? {} : { deps: true }),
        onProgress: (progress) => this.progress(workTree, 'index', progress),
      });
      this.progress(workTree, 'index', null);
    } catch (error) {
      // The work tree is gone, or half of a checkout; whoever asks next is told what is wrong.
      this.options.log(`${workTree} could not be indexed yet: ${String(error)}`);
    }
  }

  /** What is looked at now and then. */
  keepHouse(): void {
    const idleMs = elapsedMs() - this.handler.lastActiveMs;
    // One that rests writes nothing: a daemon of another host that comes to the store may take its place.
    if (idleMs <= restMs) this.lock.beat();
    if (elapsedMs() - this.sweptMs > sweepMs) {
      this.sweptMs = elapsedMs();
      for (const workTree of this.watches.watched) {
        this.watches.doubt(workTree);
        // While nobody asks, it is enough that the next answer reads it.
        if (idleMs <= restMs || this.hub.hasListeners(workTree)) void this.keepFresh(workTree, ['@worktree']);
      }
    }
    if (!this.ownsStore()) {
      this.options.log('the store is gone, or another daemon serves it');
      void this.stop();
    } else if (this.readSettings() !== this.settings) {
      void this.stop();
    } else if (this.options.onDemand && idleMs > (this.handler.requests > 0 ? unusedMsMax : neverUsedMsMax)) {
      void this.stop();
    } else if (idleMs > restMs) {
      if (this.hasRested) return;
      this.hasRested = true;
      this.engines.closeIdle();
      void this.engines.trim().then(collectGarbage);
    } else this.hasRested = false;
  }

  /** SERVER_BUSY when the daemon is about to end, as it is once the settings that the store was opened with are others. */
  private checkOpen(): void {
    if (this.stopping === null && this.readSettings() !== this.settings) void this.stop();
    if (this.stopping === null) return;
    throw aboutToEnd();
  }

  /** What cannot be looked at for want of descriptors is as it was: to end would be to end for every client. */
  private ownsStore(): boolean {
    try {
      return readDescriptor(this.places.descriptor)?.pid === process.pid;
    } catch {
      return true;
    }
  }

  private readSettings(): string {
    return settingsStamp(this.options.storePath);
  }

  private async sayFarewell(): Promise<void> {
    clearInterval(this.housekeeping);
    this.directory?.stop();
    const { places, handler, servers } = this;
    const owned = this.ownsStore();
    if (owned) removeDescriptor(places.descriptor);
    for (const server of servers) {
      server.close();
      server.closeIdleConnections();
    }
    const endMs = elapsedMs() + farewellMs;
    const graceEndMs = elapsedMs() + searchFarewellMs;
    while (handler.limiter.inFlight > 0 && elapsedMs() < endMs) {
      if (elapsedMs() >= graceEndMs) handler.endSearches();
      await sleep(20);
    }
    for (const server of servers) server.closeAllConnections();
    this.watches.close();
    const closed = this.engines.close().catch((error: unknown) => this.options.log(String(error)));
    // After a fault something may wait for ever for what will not come.
    await (this.faults.length === 0 ? closed : Promise.race([closed, sleep(farewellMs)]));
    if (owned && process.platform !== 'win32') rmSync(places.socket, { force: true });
    if (existsSync(places.folder)) this.lock.release();
    this.end();
  }
}

/** Waits for a daemon that is about to end. DAEMON_RUNNING for one that serves. */
async function takeLock(lock: ProcessLock, places: DaemonPlaces): Promise<void> {
  const endMs = elapsedMs() + successionMsMax;
  for (;;) {
    try {
      return await lock.acquire(0);
    } catch (error) {
      if (!(error instanceof CoppiceError) || error.code !== 'STORE_LOCKED') throw error;
      // One that begins writes down where it is before long, one that ends has removed that.
      const holder = Number(error.data['pid']);
      const pid = readDescriptor(places.descriptor)?.pid ?? null;
      if (pid !== holder && elapsedMs() < endMs) {
        await sleep(lookMs);
        continue;
      }
      throw new CoppiceError('DAEMON_RUNNING', `process ${pid ?? holder} serves this store already`, {
        hint: 'commands use it by themselves; `coppice serve --stop` ends it',
        data: { pid: pid ?? holder },
      });
    }
  }
}

/** A folder that only this user can look into. UNSAFE when somebody else has made it. */
function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stats = lstatSync(path);
  if (
    !stats.isDirectory() ||
    (process.getuid !== undefined && stats.uid !== process.getuid()) ||
    (stats.mode & 0o077) !== 0
  ) {
    throw new CoppiceError('CANNOT_LISTEN', `${path} is not a folder of yours alone`, {
      hint: 'remove it, or set XDG_RUNTIME_DIR to a folder of yours',
    });
  }
}
