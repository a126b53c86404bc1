import { existsSync } from 'node:fs';
import { basename, isAbsolute, relative, resolve } from 'node:path';
import { CoppiceError } from '../base/index.js';
import { allRepositories, folderPrefix, isView, pathIn, together, viewPrefix } from '../model/index.js';
import type { Where } from '../model/index.js';
import type { StartOptions } from '../daemon/index.js';
import type { CallOptions, Engine, EngineOptions, Engines, EnginesOptions, Progress } from '../engine/index.js';
import type { GlobalValues } from './global-flags.js';
import type { Io } from './io.js';
import { Output } from './terminal/output.js';
import { Place, findRoot } from './typed/place.js';
import { placeFrom, rootsIn } from './typed/place-words.js';
import { ProgressReporter } from './terminal/progress.js';
import { createPaint, wantsColour, type Paint } from './terminal/style.js';

export type OpenEngine = (options: EngineOptions) => Promise<Engine>;

/** What a command needs of the process that it runs in. */
export interface CommandHost {
  readonly openEngine: OpenEngine;
  /** For commands that live long. */
  readonly attachEngines: (options: EnginesOptions) => Promise<Engines>;
  readonly startOptions: (storePath: string) => StartOptions;
  /** Aborted on Ctrl-C. */
  readonly signal: AbortSignal;
  /** From now on what is thrown where nobody waits for it is told to `handler`, and does not end the process. */
  readonly surviveFaults?: (handler: (fault: unknown) => void) => void;
}

/** What a command is given: where to write, how, and the engine once it asks for it. */
export class CommandContext {
  readonly out: Output;
  readonly json: boolean;
  readonly paint: Paint;
  private readonly reporter: ProgressReporter;
  private opened: Promise<Engine | Engines> | undefined;
  private one: Promise<Engine> | undefined;

  constructor(
    readonly io: Io,
    readonly globals: GlobalValues,
    private readonly host: CommandHost | undefined,
  ) {
    this.out = new Output(io.stdout);
    this.json = globals.json;
    this.paint = createPaint(!globals.json && wantsColour(globals, io.env, io.stdout));
    this.reporter = new ProgressReporter(io, globals);
  }

  /** Opened on first use and closed by the caller of the command. */
  engine(): Promise<Engine> {
    this.one ??= this.requireHost().openEngine({ ...this.engineOptions(), repo: this.where });
    this.opened = this.one;
    return this.one;
  }

  /** An engine with settings in place of the store's, in this process. Close it. */
  engineWith(settings: Readonly<Record<string, unknown>>): Promise<Engine> {
    return this.requireHost().openEngine({ ...this.engineOptions(), repo: this.where, settings });
  }

  /** Where to look: at what is named, else at git's `GIT_DIR`, else at the repository around the current folder. */
  get where(): Where {
    const { repo, view, 'all-repos': isAll } = this.globals;
    const places = [
      ...repo.map((place) => this.allowed(this.placeNamed(place))),
      ...(view === undefined ? [] : [viewPrefix + view]),
      ...(isAll ? [allRepositories] : []),
    ];
    if (places.length === 1) return places[0]!;
    if (places.length > 1) return together(places.flatMap(rootsIn));
    return this.allowed(resolve(this.io.cwd, this.io.env.GIT_DIR || '.'));
  }

  /** A folder, whose user has said that all of it is meant. */
  private allowed(place: Where): Where {
    return this.globals.yes && isAbsolute(place) ? folderPrefix + place : place;
  }

  /** Several repositories are meant, or may be. */
  get isView(): boolean {
    return isView(this.where);
  }

  /** A place as a user types it, for who stands elsewhere. */
  placeNamed(text: string): Where {
    return placeFrom(text, this.io.cwd);
  }

  /** The folder that is meant; null where that is a view, or is named by its name. */
  get folder(): string | null {
    const path = pathIn(this.where);
    return isAbsolute(path) ? path : null;
  }

  get env(): Io['env'] {
    return this.io.env;
  }

  /** That repository was named, and not only stood in. */
  get isRepoNamed(): boolean {
    const { repo, view, 'all-repos': isAll } = this.globals;
    return repo.length > 0 || view !== undefined || isAll || (this.io.env.GIT_DIR ?? '') !== '';
  }

  /** Whether a word names a file or folder that is there. */
  isFile(word: string): boolean {
    const from = this.isRepoNamed ? this.folder : this.io.cwd;
    return word !== '' && from !== null && existsSync(resolve(from, word));
  }

  /** A path that the command line names. */
  pathOf(path: string): string {
    return resolve(this.io.cwd, path);
  }

  /** The engines of all repositories, for a command that lives long. Closed by the caller of the command. */
  engines(onNote?: (note: string) => void): Promise<Engines> {
    const options = this.engineOptions();
    const opened = this.requireHost().attachEngines(onNote === undefined ? options : { ...options, onNote });
    this.opened = opened;
    return opened;
  }

  /** The store that the command line names, or undefined. */
  get storeFolder(): string | undefined {
    const { store } = this.globals;
    // Relative paths are the user's, so they count from where the command was started.
    return store === undefined ? undefined : resolve(this.io.cwd, store);
  }

  startOptions(storePath: string): StartOptions {
    return this.requireHost().startOptions(storePath);
  }

  /** Aborted on Ctrl-C. */
  get signal(): AbortSignal {
    return this.requireHost().signal;
  }

  /**
   * For a command that lives long: what is thrown where nobody waits for it (a callback, an event) is told to `handler`, and does
   * not end the process.
   */
  surviveFaults(handler: (fault: unknown) => void): void {
    this.requireHost().surviveFaults?.(handler);
  }

  /** Options for a call that may take long; `firstUse` is the rev that the call may have to index first, null for what is searched when nobody says. */
  call(firstUse?: string | null): CallOptions {
    const announcement =
      firstUse === undefined || this.json
        ? undefined
        : `indexing ${this.repositoryName()}${firstUse === null ? '' : ` at ${firstUse}`} (first use) …`;
    this.reporter.begin(firstUse === undefined ? 'starting' : 'searching');
    const onProgress = (progress: Progress): void => this.reporter.update(progress, announcement);
    return this.host === undefined ? { onProgress } : { onProgress, signal: this.host.signal };
  }

  /** Tells people something on stderr, above the progress bar. */
  note(text: string): void {
    this.reporter.note(text);
  }

  /** Writes to stderr as it is. */
  tell(text: string): void {
    this.reporter.tell(text);
  }

  /** Colours for stderr. */
  get errorPaint(): Paint {
    return this.reporter.paint;
  }

  /** Something was indexed for this command. */
  get hasIndexed(): boolean {
    return this.reporter.hasIndexed;
  }

  clearProgress(): void {
    this.reporter.clear();
  }

  /** Lets the output go first and closes the engine after, because its background work may take a moment. */
  async end(): Promise<void> {
    this.reporter.clear();
    await this.out.end();
    await this.close();
  }

  private async close(): Promise<void> {
    const opened = this.opened;
    this.opened = undefined;
    this.one = undefined;
    await (await opened)?.close();
  }

  async closeQuietly(): Promise<void> {
    try {
      await this.close();
    } catch {
      // The failure that brought us here has been told; this one only follows from it.
    }
  }

  private requireHost(): CommandHost {
    if (this.host === undefined) throw new CoppiceError('INTERNAL', 'no engine here');
    return this.host;
  }

  private engineOptions(): EnginesOptions {
    const store = this.storeFolder;
    return { ...(store === undefined ? {} : { store }), onNote: (note) => this.note(note) };
  }

  private repositoryName(): string {
    const { folder, where } = this;
    if (where === allRepositories) return 'all repositories';
    if (this.isView)
      return rootsIn(where)
        .map((root) => basename(root.replace(/^view:/, '')))
        .slice(0, 5)
        .join(', ');
    return basename(folder === null ? where : (findRoot(folder) ?? folder.replace(/\.git$/, '')));
  }

  /**
   * Where in a repository this command stands, if it is about the one around the current folder: of one that is named the whole is
   * meant, and paths count from its root.
   */
  get place(): Place {
    const { folder, isRepoNamed } = this;
    if (folder === null) return new Place(null, '', this.isView);
    const root = findRoot(isRepoNamed ? folder : this.io.cwd);
    // A folder without git is its own root.
    return new Place(root ?? folder, isRepoNamed || root === null ? '' : relative(root, this.io.cwd));
  }
}
