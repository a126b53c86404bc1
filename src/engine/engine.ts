import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import { CoppiceError, elapsedMs, throwIfAborted } from '../base/index.js';
import { languageByAlias, languageId, parseRevRange, symbolKinds } from '../model/index.js';
import {
  changedFiles,
  compilePattern,
  countSnapshot,
  enableLinearFallback,
  fileMask,
  findSymbols,
  grepRange,
  grepSnapshot,
  parseQuery,
  rankSnapshot,
  rankingSignals,
  withContext,
} from '../search/index.js';
import type { RankingSignals } from '../search/index.js';
import { defaultStorePath } from '../store/index.js';
import { firstSeen } from './first-seen.js';
import { dropFork, forkRev, listForks } from './forks.js';
import { toHit } from './hits.js';
import { openRev, resolveTarget, withRev } from './revs.js';
import type { OpenedRev } from './revs.js';
import { Session } from './session.js';
import { showFile } from './show.js';
import type * as api from './types.js';

const grepDeadlineMsDefault = 10_000;
const lockTimeoutMsDefault = 30_000;
const workersMax = 4;

/**
 * Opens the store from the point of view of a repository. The repository itself is opened when an operation first
 * needs it. Close the engine when done. Errors are CoppiceErrors with stable codes.
 */
export async function openEngine(options: api.EngineOptions = {}): Promise<api.Engine> {
  enableLinearFallback();
  const session = new Session({
    repo: resolve(options.repo ?? '.'),
    storePath: options.store === undefined ? defaultStorePath() : resolve(options.store),
    workers: options.workers ?? Math.min(availableParallelism(), workersMax),
    workerUrl: new URL('./worker.js', import.meta.url),
    lockTimeoutMs: options.lockTimeoutMs ?? lockTimeoutMsDefault,
    onNote: options.onNote,
  });
  return Promise.resolve(new SessionEngine(session, rankingSignals));
}

class SessionEngine implements api.Engine {
  constructor(
    private readonly session: Session,
    private readonly signals: RankingSignals,
  ) {}

  get storePath(): string {
    return this.session.store.path;
  }

  async resolve(rev: string, options: api.CallOptions = {}): Promise<api.ResolvedRev> {
    return (await resolveTarget(this.session, rev, options)).resolved;
  }

  async index(revs: readonly string[], options: api.IndexOptions = {}): Promise<api.IndexResult> {
    const { indexRevs } = await import('./index-revs.js');
    return indexRevs(this.session, revs, options);
  }

  async grep(pattern: string, options: api.GrepOptions = {}): Promise<api.GrepResult> {
    const startMs = elapsedMs();
    const compiled = compilePattern(pattern, options);
    return withRev(this.session, options.rev ?? 'HEAD', options, async ({ rev, snapshot, freshness }) => {
      const { lines, truncated } = await grepSnapshot(snapshot, {
        pattern: compiled,
        mask: fileMask(snapshot, options),
        maxCount: options.maxCount ?? Infinity,
        deadlineMs: options.deadlineMs ?? grepDeadlineMsDefault,
        signal: options.signal,
      });
      const all =
        options.context === undefined || options.context === 0 ? lines : withContext(snapshot, lines, options.context);
      const shown = all.map(({ file, line, column, length, text }): api.LineMatch => {
        const place = { path: snapshot.files[file]!.path, line: line + 1, column: column + 1, length, text };
        return column < 0 ? { ...place, context: true } : place;
      });
      return { rev, lines: shown, truncated, freshness, tookMs: elapsedMs() - startMs };
    });
  }

  async grepCounts(
    pattern: string,
    options: api.GrepOptions = {},
  ): Promise<{ rev: api.ResolvedRev; files: api.FileMatchCount[] }> {
    const compiled = compilePattern(pattern, options);
    return withRev(this.session, options.rev ?? 'HEAD', options, async ({ rev, snapshot }) => {
      const counts = await countSnapshot(snapshot, {
        pattern: compiled,
        mask: fileMask(snapshot, options),
        maxCount: options.maxCount ?? Infinity,
        deadlineMs: options.deadlineMs ?? grepDeadlineMsDefault,
        signal: options.signal,
      });
      return { rev, files: [...counts].map(([file, count]) => ({ path: snapshot.files[file]!.path, count })) };
    });
  }

  async grepRange(
    pattern: string,
    from: string,
    to: string,
    options: Omit<api.GrepOptions, 'rev' | 'context'> = {},
  ): Promise<api.GrepRangeResult> {
    const startMs = elapsedMs();
    const compiled = compilePattern(pattern, options);
    return withRev(this.session, from, options, (before) =>
      withRev(this.session, to, options, async (after) => {
        const masks = { from: fileMask(before.snapshot, options), to: fileMask(after.snapshot, options) };
        const found = await grepRange(before.snapshot, after.snapshot, masks, {
          pattern: compiled,
          deadlineMs: options.deadlineMs ?? grepDeadlineMsDefault,
          signal: options.signal,
        });
        const lines = found.slice(0, options.maxCount ?? found.length).map(({ side, path, line }) => ({
          side,
          path,
          line: line.line + 1,
          column: line.column + 1,
          length: line.length,
          text: line.text,
        }));
        return {
          from: before.rev,
          to: after.rev,
          lines,
          truncated: lines.length < found.length,
          tookMs: elapsedMs() - startMs,
        };
      }),
    );
  }

  async search(text: string, options: api.SearchOptions = {}): Promise<api.SearchResult> {
    const startMs = elapsedMs();
    if (options.mode === 'semantic') {
      throw new CoppiceError('MODE_UNAVAILABLE', 'semantic search needs vectors, and this version makes none', {
        hint: 'use --mode lexical, or hybrid, which is lexical until vectors exist',
      });
    }
    const query = parseQuery(text, { languageByAlias });
    const written = query.rev ?? options.rev ?? 'HEAD';
    const range = parseRevRange(written) ?? { from: undefined, to: written };
    const repository = await this.session.repository();
    const result = (
      to: api.ResolvedRev,
      from: api.ResolvedRev | undefined,
      hits: readonly api.Hit[],
    ): api.SearchResult => ({
      query: text,
      rev: to.rev,
      commit: to.commit,
      ...(from === undefined ? {} : { from: { rev: from.rev, commit: from.commit } }),
      hits,
      coverage: { lexical: 1, semantic: 0 },
      tookMs: elapsedMs() - startMs,
    });
    if (!matchesRepository(repository.name, query.repos)) {
      const from = range.from === undefined ? undefined : await this.resolve(range.from, options);
      return result(await this.resolve(range.to, options), from, []);
    }
    const held: OpenedRev[] = [];
    const open = async (rev: string): Promise<OpenedRev> => {
      const opened = await openRev(this.session, rev, options);
      held.push(opened);
      return opened;
    };
    try {
      const from = range.from === undefined ? undefined : await open(range.from);
      const to = await open(range.to);
      let mask = fileMask(to.snapshot, options);
      for (const rev of query.notRevs) mask = changedFiles(to.snapshot, (await open(rev)).snapshot, mask);
      throwIfAborted(options.signal);
      const ranked = rankSnapshot(to.snapshot, {
        query,
        mask,
        since: from?.snapshot,
        limit: options.limit ?? 10,
        signals: this.signals,
        signal: options.signal,
      });
      const segments = this.session.snapshots.segments(); // its history may be newer than the snapshot
      // Whose history it is may take a git process to tell: not asked where there is none.
      const repo = segments.commitEnd === 0 ? null : await this.session.repositoryId();
      const hits = ranked.map((hit) =>
        toHit(repository.name, to, query, hit, repo === null ? null : firstSeen(segments, repo, hit.doc)),
      );
      return result(to.rev, from?.rev, hits);
    } finally {
      for (const { snapshot } of held) snapshot.release();
    }
  }

  async symbols(name: string, options: api.SymbolsOptions = {}): Promise<api.SymbolsResult> {
    const startMs = elapsedMs();
    if (name === '')
      throw new CoppiceError('USAGE', 'the name is empty', { hint: 'give the name of a definition, or its beginning' });
    for (const kind of options.kinds ?? []) {
      if (!(symbolKinds as readonly string[]).includes(kind)) {
        throw new CoppiceError('USAGE', `unknown kind "${kind}"`, { hint: `kinds: ${symbolKinds.join(', ')}` });
      }
    }
    return withRev(this.session, options.rev ?? 'HEAD', options, ({ rev, snapshot }) => {
      const found = findSymbols(snapshot, {
        name,
        mask: fileMask(snapshot, options),
        kinds: options.kinds === undefined || options.kinds.length === 0 ? null : new Set(options.kinds),
        limit: options.limit ?? 20,
        signals: this.signals,
      });
      const symbols = found.map(({ position, symbol, match }): api.SymbolHit => {
        const file = snapshot.files[snapshot.occurrenceFiles[position]!]!;
        const text = snapshot.segments.chunkText(snapshot.occurrenceDocs[position]!).split('\n')[symbol.line] ?? '';
        const { kind, scope } = symbol;
        const line = snapshot.occurrenceLines[position]! + symbol.line + 1;
        return {
          path: file.path,
          line,
          name: symbol.name,
          scope,
          kind,
          language: languageId(file.record.language),
          match,
          text,
        };
      });
      return Promise.resolve({ rev, symbols, tookMs: elapsedMs() - startMs });
    });
  }

  async *log(
    pattern: string,
    revs: readonly string[] = [],
    options: api.LogOptions = {},
  ): AsyncGenerator<api.LineHistory, void, undefined> {
    const { logLines } = await import('./log.js');
    yield* logLines(this.session, pattern, revs, options);
  }

  async *logCommits(
    pattern: string,
    revs: readonly string[] = [],
    options: api.LogOptions = {},
  ): AsyncGenerator<api.OccurrenceChange, void, undefined> {
    const { logCommits } = await import('./log.js');
    yield* logCommits(this.session, pattern, revs, options);
  }

  show(
    rev: string,
    path: string,
    lines?: { start: number; end: number },
    options: api.CallOptions = {},
  ): Promise<api.ShownText> {
    return withRev(this.session, rev, options, (opened) => showFile(this.session, opened, path, lines));
  }

  fork(name: string, options: api.CallOptions & { from?: string } = {}): Promise<api.ForkResult> {
    return forkRev(this.session, name, options.from ?? 'HEAD', options);
  }

  async apply(name: string, steps: readonly api.ApplyStep[], options: api.CallOptions = {}): Promise<api.ApplyResult> {
    const { applySteps } = await import('./apply.js');
    return applySteps(this.session, name, steps, options);
  }

  forks(): Promise<readonly api.ForkInfo[]> {
    return listForks(this.session);
  }

  drop(name: string): Promise<void> {
    return dropFork(this.session, name);
  }

  async status(): Promise<api.StatusResult> {
    const { storeStatus } = await import('./status.js');
    return storeStatus(this.session);
  }

  async gc(options: api.CallOptions & { dryRun?: boolean } = {}): Promise<api.GcResult> {
    const { collect } = await import('./maintenance.js');
    return collect(this.session, options);
  }

  async doctor(options: api.CallOptions & { repair?: boolean } = {}): Promise<api.DoctorResult> {
    const { examine } = await import('./maintenance.js');
    return examine(this.session, options);
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

function matchesRepository(
  name: string,
  { include, exclude }: { include: readonly string[]; exclude: readonly string[] },
): boolean {
  return (include.length === 0 || include.includes(name)) && !exclude.includes(name);
}
