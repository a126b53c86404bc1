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
import { leastFresh } from '../revs/revs.js';
import type { OpenedRev, Scope } from '../session/scope.js';
import { placeOf, placed, type Place } from './places.js';
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
export async function* grepRev(scope: Scope, pattern: string, options: GrepOptions): Batches<LineMatch, GrepSummary> {
  const startMs = elapsedMs();
  const context = checkCount('context', options.context, 0);
  const around = {
    before: checkCount('before', options.before, context),
    after: checkCount('after', options.after, context),
  };
  const limits = limitsOf(options);
  const compiled = compilePattern(pattern, options);
  const unindexed = await openUnindexed(scope, options.rev, compiled, options);
  if (unindexed !== null) {
    const request = { pattern: compiled, invert: options.invert === true, ...limits, around, signal: options.signal };
    const { paths, texts } = unindexed;
    const truncated = yield* mapBatches(grepTexts(texts, request), (line) =>
      shownLine({ path: paths[line.file]! }, line),
    );
    return { ...(await summaryOf(unindexed)), truncated, tookMs: elapsedMs() - startMs };
  }
  const opened = await scope.open(options.rev, options);
  const { rev, snapshot, freshness, origin } = opened;
  try {
    const { signal } = options;
    const mask = await fileMask(snapshot, options, signal);
    const request = { pattern: compiled, mask, invert: options.invert === true, ...limits, signal };
    const matches = grepLines(snapshot, request);
    const placeOf = placer(origin);
    const lines =
      around.before + around.after === 0
        ? matches
        : withContext((file) => fileLines(snapshot, file), matches, around, signal);
    const truncated = yield* mapBatches(lines, (line) => shownLine(placeOf(snapshot.files[line.file]!.path), line));
    const unsearched = unsearchedFiles(opened, mask);
    const unmatched = await unmatchedPaths([snapshot], options, signal);
    return { rev, truncated, unsearched, unmatched, freshness: await freshness(), tookMs: elapsedMs() - startMs };
  } finally {
    snapshot.release();
  }
}

/** See `Engine.grepCountBatches`. */
export async function* countRev(
  scope: Scope,
  pattern: string,
  options: GrepOptions,
): Batches<FileMatchCount, GrepCountsSummary> {
  const limits = limitsOf(options);
  const compiled = compilePattern(pattern, options);
  const unindexed = await openUnindexed(scope, options.rev, compiled, options);
  if (unindexed !== null) {
    const request = { pattern: compiled, invert: options.invert === true, ...limits, signal: options.signal };
    const { paths, texts } = unindexed;
    yield* mapBatches(countTexts(texts, request), ({ file, count }) => ({ path: paths[file]!, count }));
    return summaryOf(unindexed);
  }
  const opened = await scope.open(options.rev, options);
  const { rev, snapshot, freshness, origin } = opened;
  try {
    const { signal } = options;
    const mask = await fileMask(snapshot, options, signal);
    const invert = options.invert === true;
    const counts = countLines(snapshot, { pattern: compiled, mask, invert, ...limits, signal });
    const placeOf = placer(origin);
    yield* mapBatches(counts, ({ file, count }) => placed(placeOf(snapshot.files[file]!.path), { count }));
    const unmatched = await unmatchedPaths([snapshot], options, signal);
    return { rev, unsearched: unsearchedFiles(opened, mask), unmatched, freshness: await freshness() };
  } finally {
    snapshot.release();
  }
}

/** See `Engine.grepRangeBatches`. */
export async function* grepRevs(
  scope: Scope,
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
    for (const rev of [from, to]) opened.push(await scope.open(rev, options));
    const [before, after] = opened as [OpenedRev, OpenedRev];
    const masks = {
      from: await fileMask(before.snapshot, options, options.signal),
      to: await fileMask(after.snapshot, options, options.signal),
    };
    const request = { pattern: compiled, invert: options.invert === true, ...limits, signal: options.signal };
    const found = grepRange(before.snapshot, after.snapshot, masks, request);
    const placesOf = { '+': placer(after.origin), '-': placer(before.origin) };
    const truncated = yield* mapBatches(found, ({ side, path, line }) => ({
      side,
      ...shownLine(placesOf[side](path), line),
    }));
    const unsearched = eitherSide(unsearchedFiles(before, masks.from), unsearchedFiles(after, masks.to));
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

function shownLine(place: Place, { line, column, length, text }: GrepLine): LineMatch {
  const found = { line: line + 1, column: column + 1, length, text };
  return placed(place, column < 0 ? { ...found, context: true } : found);
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

/** Where a file is, as answers tell it; lines come file by file. */
function placer(origin: OpenedRev['origin']): (path: string) => Place {
  let last: string | null = null;
  let place: Place = { path: '' };
  return (path) => {
    if (path !== last) place = placeOf(origin(path));
    last = path;
    return place;
  };
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
  const nameOf = ({ repo = '', path }: SkippedFile): string => `${repo}/${path}`;
  const names = new Set(after.map(nameOf));
  const all = [...before.filter((file) => !names.has(nameOf(file))), ...after];
  return all.sort((a, b) => compareBytewise(nameOf(a), nameOf(b)));
}
