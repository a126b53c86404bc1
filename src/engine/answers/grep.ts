import { compareBytewise, elapsedMs, type Batches } from '../../base/index.js';
import { Deadline, compilePattern } from '../../pattern/index.js';
import {
  countLines,
  countTexts,
  fileLines,
  fileMask,
  grepLines,
  grepRange,
  grepTexts,
  unmatchedPaths,
  withContext,
  type GrepLine,
} from '../../search/index.js';
import { checkCount, checkDeadline } from '../limits.js';
import { leastFresh, openRev } from '../revs/revs.js';
import type { OpenedRev } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import { openUnindexed, type UnindexedRev } from './first-use.js';
import { unsearchedFiles } from './unsearched.js';
import type {
  FileMatchCount,
  GrepCountsSummary,
  GrepOptions,
  GrepRangeOptions,
  GrepRangeSummary,
  GrepSummary,
  LineMatch,
  RangeLineMatch,
} from '../types.js';
import type { SkippedFile } from '../store-types.js';

const limitsOf = ({ maxCount, deadlineMs }: GrepOptions): { maxCount: number; deadline: Deadline } => ({
  maxCount: checkCount('maxCount', maxCount, Infinity),
  deadline: new Deadline(checkDeadline(deadlineMs)),
});

/** See `Engine.grepBatches`. */
export async function* grepRev(
  session: Session,
  pattern: string,
  options: GrepOptions,
): Batches<LineMatch, GrepSummary> {
  const startMs = elapsedMs();
  const context = checkCount('context', options.context, 0);
  const around = {
    before: checkCount('before', options.before, context),
    after: checkCount('after', options.after, context),
  };
  const limits = limitsOf(options);
  const compiled = compilePattern(pattern, options);
  const asked = options.rev ?? session.defaultRev;
  const unindexed = await openUnindexed(session, asked, compiled, options);
  if (unindexed !== null) {
    const request = { pattern: compiled, invert: options.invert === true, ...limits, around, signal: options.signal };
    const { paths, texts } = unindexed;
    const truncated = yield* mapBatches(grepTexts(texts, request), (line) => shownLine(paths[line.file]!, line));
    return { ...(await summaryOf(unindexed)), truncated, tookMs: elapsedMs() - startMs };
  }
  const { rev, snapshot, freshness } = await openRev(session, asked, options);
  try {
    const { signal } = options;
    const mask = await fileMask(snapshot, options, signal);
    const request = { pattern: compiled, mask, invert: options.invert === true, ...limits, signal };
    const matches = grepLines(snapshot, request);
    const lines =
      around.before + around.after === 0
        ? matches
        : withContext((file) => fileLines(snapshot, file), matches, around, signal);
    const truncated = yield* mapBatches(lines, (line) => shownLine(snapshot.files[line.file]!.path, line));
    const unsearched = unsearchedFiles(snapshot, mask);
    const unmatched = await unmatchedPaths([snapshot], options, signal);
    return { rev, truncated, unsearched, unmatched, freshness: await freshness(), tookMs: elapsedMs() - startMs };
  } finally {
    snapshot.release();
  }
}

/** See `Engine.grepCountBatches`. */
export async function* countRev(
  session: Session,
  pattern: string,
  options: GrepOptions,
): Batches<FileMatchCount, GrepCountsSummary> {
  const limits = limitsOf(options);
  const compiled = compilePattern(pattern, options);
  const asked = options.rev ?? session.defaultRev;
  const unindexed = await openUnindexed(session, asked, compiled, options);
  if (unindexed !== null) {
    const request = { pattern: compiled, invert: options.invert === true, ...limits, signal: options.signal };
    const { paths, texts } = unindexed;
    yield* mapBatches(countTexts(texts, request), ({ file, count }) => ({ path: paths[file]!, count }));
    return summaryOf(unindexed);
  }
  const { rev, snapshot, freshness } = await openRev(session, asked, options);
  try {
    const { signal } = options;
    const mask = await fileMask(snapshot, options, signal);
    const invert = options.invert === true;
    const counts = countLines(snapshot, { pattern: compiled, mask, invert, ...limits, signal });
    yield* mapBatches(counts, ({ file, count }) => ({ path: snapshot.files[file]!.path, count }));
    const unmatched = await unmatchedPaths([snapshot], options, signal);
    return { rev, unsearched: unsearchedFiles(snapshot, mask), unmatched, freshness: await freshness() };
  } finally {
    snapshot.release();
  }
}

/** See `Engine.grepRangeBatches`. */
export async function* grepRevs(
  session: Session,
  pattern: string,
  from: string,
  to: string,
  options: GrepRangeOptions,
): Batches<RangeLineMatch, GrepRangeSummary> {
  const startMs = elapsedMs();
  const limits = limitsOf(options);
  const compiled = compilePattern(pattern, options);
  const opened: OpenedRev[] = [];
  try {
    for (const rev of [from, to]) opened.push(await openRev(session, rev, options));
    const [before, after] = opened as [OpenedRev, OpenedRev];
    const masks = {
      from: await fileMask(before.snapshot, options, options.signal),
      to: await fileMask(after.snapshot, options, options.signal),
    };
    const request = { pattern: compiled, invert: options.invert === true, ...limits, signal: options.signal };
    const found = grepRange(before.snapshot, after.snapshot, masks, request);
    const truncated = yield* mapBatches(found, ({ side, path, line }) => ({
      side,
      path,
      line: line.line + 1,
      column: line.column + 1,
      length: line.length,
      text: line.text,
    }));
    const unsearched = eitherSide(
      unsearchedFiles(before.snapshot, masks.from),
      unsearchedFiles(after.snapshot, masks.to),
    );
    const unmatched = await unmatchedPaths([before.snapshot, after.snapshot], options, options.signal);
    const freshness = await leastFresh(before, after);
    return {
      from: before.rev,
      to: after.rev,
      truncated,
      unsearched,
      unmatched,
      freshness,
      tookMs: elapsedMs() - startMs,
    };
  } finally {
    for (const { snapshot } of opened) snapshot.release();
  }
}

function shownLine(path: string, { line, column, length, text }: GrepLine): LineMatch {
  const place = { path, line: line + 1, column: column + 1, length, text };
  return column < 0 ? { ...place, context: true } : place;
}

/** What is told of an answer that was read from the files. */
async function summaryOf({
  rev,
  isBeingIndexed,
  unsearched,
  unmatched,
  freshness,
}: UnindexedRev): Promise<GrepCountsSummary> {
  const index = isBeingIndexed ? ('being-made' as const) : ('none' as const);
  return { rev, unsearched: unsearched(), unmatched: await unmatched(), freshness, index };
}

/** The same list with each element made into another. */
async function* mapBatches<T, U, R>(batches: Batches<T, R>, map: (item: T) => U): Batches<U, R> {
  try {
    for (;;) {
      const next = await batches.next();
      if (next.done === true) return next.value;
      yield next.value.map(map);
    }
  } finally {
    await batches.return(undefined as R);
  }
}

/** Files of both ends, each path once, as the later has it. */
function eitherSide(before: readonly SkippedFile[], after: readonly SkippedFile[]): SkippedFile[] {
  const paths = new Set(after.map(({ path }) => path));
  return [...before.filter(({ path }) => !paths.has(path)), ...after].sort((a, b) => compareBytewise(a.path, b.path));
}
