import { elapsedMs, throwIfAborted } from '../../base/index.js';
import type { WorktreeChanges, WorktreeSince } from '../../git/index.js';
import type { Edit, OverlaySource } from '../../indexing/index.js';
import type { Oid } from '../../model/index.js';
import type { Session } from '../session/session.js';
import { loadIndexing } from '../shared/load-indexing.js';
import { Flight } from '../shared/single-flight.js';
import type { CallOptions, Freshness, WorktreeMonitor } from '../types.js';
import { SeenFiles, recalledFiles } from '../trees/seen-files.js';
import { worktreeReader } from './worktree-reader.js';

/** Files read from disk at once. */
const readsAtOnce = 8;
/** A process that stays writes down what it has seen so often at most. */
const writeEveryMs = 60_000;
/** Progress is told after so many files that were read. */
const toldEvery = 500;
const looking = { phase: 'index', unit: 'files', bytes: 0, what: 'looking at files' } as const;

/** A work tree as it was read: HEAD's tree with what differs on disk laid over it. */
export interface WorktreeState {
  /** The monitor's count before it was read; null when there was none. */
  readonly generation: number | null;
  readonly tree: Oid;
  /** HEAD when nothing differs from it, else null. */
  readonly commit: Oid | null;
  readonly headTree: Oid | null;
  readonly changes: WorktreeChanges;
  readonly source: OverlaySource;
  readonly files: SeenFiles;
}

/** A read under way. Its generation is undefined until it begins, then null when there is none. */
interface Reading {
  generation: number | null | undefined;
  readonly flight: Flight<WorktreeState>;
}

/** Reads a work tree, as seldom as a monitor allows. */
export class WorktreeReader {
  private monitor: WorktreeMonitor | null = null;
  private last: WorktreeState | null = null;
  private reading: Reading | null = null;
  private isRecalled = false;
  private writtenMs = -Infinity;

  constructor(private readonly session: Session) {}

  /** The work tree as it is now; with `allowStale`, as it was last read while it is watched. NO_WORKTREE. */
  async read(call: CallOptions): Promise<WorktreeState> {
    const generation = await this.generation();
    const { last } = this;
    const isWatched = generation !== null && last !== null && last.generation !== null;
    if (isWatched && (last.generation === generation || call.allowStale === true)) {
      this.tellUnreadable(last);
      return last;
    }
    const state = await this.readFrom(generation).join(call);
    this.tellUnreadable(state);
    return state;
  }

  /** Whether a state that was just read, or taken as it was, is what is there now. */
  async freshness({ generation }: WorktreeState): Promise<Freshness> {
    return generation === null || generation === (await this.generation()) ? 'live' : 'stale';
  }

  /** The work tree is read anew when it is asked for next. */
  forget(): void {
    this.last = null;
  }

  /** Lets go what can be read from disk again. */
  trim(): void {
    this.last?.files.forgetContents();
  }

  close(): void {
    this.monitor?.close();
  }

  /** A read that sees whatever was there at this generation: one that is about to begin, or began at that very generation. */
  private readFrom(generation: number | null): Flight<WorktreeState> {
    const { reading } = this;
    const sees = (began: number | null | undefined): boolean =>
      began === undefined || (began !== null && began === generation);
    if (reading !== null && !reading.flight.isAbandoned && sees(reading.generation)) return reading.flight;
    return this.begin(reading?.flight.ended).flight;
  }

  private begin(after: Promise<void> | undefined): Reading {
    const reading: Reading = {
      generation: undefined,
      flight: new Flight(async (call) => {
        await after;
        const generation = await this.generation();
        reading.generation = generation;
        this.last = await this.readAt(generation, call);
        return this.last;
      }),
    };
    this.reading = reading;
    void reading.flight.ended.then(() => {
      if (this.reading === reading) this.reading = null;
    });
    return reading;
  }

  private tellUnreadable({ changes: { unreadable = [] } }: WorktreeState): void {
    const [first] = unreadable;
    if (first === undefined) return;
    const more = unreadable.length > 1 ? ` and ${unreadable.length - 1} more` : '';
    this.session.shared.note(`${first || this.session.name}${more} may not be read, and is not searched`);
  }

  private async generation(): Promise<number | null> {
    const { repository, shared } = this.session;
    const { workTree, isPlain } = repository;
    if (shared.options.watch === undefined || workTree === null) return null;
    this.monitor ??= shared.options.watch({
      workTree,
      gitDir: isPlain ? null : repository.gitDir,
      commonDir: isPlain ? null : repository.commonDir,
      ignoredFolders: () => repository.ignoredFolders(),
      mayIgnoreOtherwise: () => repository.mayIgnoreOtherwise,
      outsideRules: () => repository.outsideRules(),
      nestedRepository: (folder) => repository.nestedRepository(folder),
    });
    return this.monitor.generation();
  }

  private async readAt(generation: number | null, { signal, onProgress }: CallOptions): Promise<WorktreeState> {
    const { repository, shared, source: objects } = this.session;
    const { OverlaySource, editTree } = await loadIndexing();
    const reader = worktreeReader(repository);
    const before = this.last?.files ?? this.recall();
    const since = this.since(generation);
    const mayDiffer = since === undefined ? undefined : (path: string): boolean => isTouched(path, since.touched);
    const files = new SeenFiles(reader, objects, shared.rules.maxFileBytes, before, mayDiffer);
    const look = (path: string): ReturnType<SeenFiles['look']> => files.look(path);
    const changes = await repository.worktreeChanges(signal, since, look);
    const { head, changed } = changes;
    let nextTold = toldEvery;
    const edits = new Map<string, Edit>();
    for (let at = 0; at < changed.length; at += readsAtOnce) {
      throwIfAborted(signal);
      const batch = changed.slice(at, at + readsAtOnce);
      if (files.read >= nextTold) {
        nextTold = files.read + toldEvery;
        onProgress?.({ ...looking, done: at, total: changed.length });
      }
      const looks = await Promise.all(
        batch.map(({ path, kind }) => (kind === null ? Promise.resolve(null) : files.look(path))),
      );
      batch.forEach(({ path }, i) => {
        const file = looks[i] ?? null;
        edits.set(path, file === null ? null : { kind: file.kind, oid: file.oid });
      });
    }
    files.finish();
    this.writeDown(files);
    const source = new OverlaySource(files, 'elsewhere');
    const headTree = head === null ? null : (await repository.readCommit(head)).tree;
    const tree = await editTree(headTree, edits, source, repository.objectFormat);
    return { generation, tree, commit: tree === headTree ? head : null, headTree, changes, source, files };
  }

  /** The files of a folder without git as a process before this one has seen them: what git's index is for a work tree. */
  private recall(): ReturnType<typeof recalledFiles> | null {
    const { repository, store } = this.session;
    if (!repository.isPlain || this.isRecalled) return null;
    this.isRecalled = true; // what turns out to be wrong is not taken twice
    const rows = store.looks.read(repository.commonDir);
    return rows === null ? null : recalledFiles(rows);
  }

  private writeDown(files: SeenFiles): void {
    const { repository, store, shared } = this.session;
    const stays = shared.options.watch !== undefined;
    if (!repository.isPlain || files.read === 0) return;
    if (stays && elapsedMs() - this.writtenMs < writeEveryMs) return;
    this.writtenMs = elapsedMs();
    store.looks.write(repository.commonDir, files.rows());
  }

  /** What may have changed since it was last read, up to a generation; undefined: anything. Without one the monitor may not have seen all. */
  private since(generation: number | null): WorktreeSince | undefined {
    const { last, monitor } = this;
    if (generation === null || last === null || last.generation === null || monitor === null) return undefined;
    const touched = monitor.touchedSince(last.generation);
    return touched === null ? undefined : { changes: last.changes, touched };
  }
}

/** It, or a folder that it is in, is among the paths. */
function isTouched(path: string, touched: ReadonlySet<string>): boolean {
  if (touched.has(path) || touched.has('')) return true;
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
    if (touched.has(path.slice(0, at))) return true;
  return false;
}
