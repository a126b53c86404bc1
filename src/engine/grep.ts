import { elapsedMs } from '../base/index.js';
import { compilePattern, countSnapshot, fileMask, grepRange, grepSnapshot, withContext } from '../search/index.js';
import { checkCount, checkDeadline } from './limits.js';
import { leastFresh, withRev, withRevs } from './revs.js';
import type { Session } from './session.js';
import type { GrepCountsResult, GrepOptions, GrepRangeResult, GrepResult, LineMatch, RangeLineMatch } from './types.js';

const deadlineMsDefault = 10_000;

const limitsOf = ({ maxCount, deadlineMs }: GrepOptions): { maxCount: number; deadlineMs: number } => ({
  maxCount: checkCount('maxCount', maxCount, Infinity),
  deadlineMs: checkDeadline(deadlineMs ?? deadlineMsDefault),
});

/** See `Engine.grep`. */
export async function grepRev(session: Session, pattern: string, options: GrepOptions): Promise<GrepResult> {
  const startMs = elapsedMs();
  const context = checkCount('context', options.context, 0);
  const compiled = compilePattern(pattern, options);
  return withRev(session, options.rev ?? 'HEAD', options, async ({ rev, snapshot, freshness }) => {
    const { lines, truncated } = await grepSnapshot(snapshot, {
      pattern: compiled,
      mask: fileMask(snapshot, options),
      ...limitsOf(options),
      signal: options.signal,
    });
    const all = context === 0 ? lines : await withContext(snapshot, lines, context, options.signal);
    const shown = all.map(({ file, line, column, length, text }): LineMatch => {
      const place = { path: snapshot.files[file]!.path, line: line + 1, column: column + 1, length, text };
      return column < 0 ? { ...place, context: true } : place;
    });
    return { rev, lines: shown, truncated, freshness: await freshness(), tookMs: elapsedMs() - startMs };
  });
}

/** See `Engine.grepCounts`. */
export async function countRev(session: Session, pattern: string, options: GrepOptions): Promise<GrepCountsResult> {
  const compiled = compilePattern(pattern, options);
  return withRev(session, options.rev ?? 'HEAD', options, async ({ rev, snapshot, freshness }) => {
    const counts = await countSnapshot(snapshot, {
      pattern: compiled,
      mask: fileMask(snapshot, options),
      ...limitsOf(options),
      signal: options.signal,
    });
    const files = [...counts].map(([file, count]) => ({ path: snapshot.files[file]!.path, count }));
    return { rev, files, freshness: await freshness() };
  });
}

/** See `Engine.grepRange`. */
export async function grepRevs(
  session: Session,
  pattern: string,
  from: string,
  to: string,
  options: Omit<GrepOptions, 'rev' | 'context'>,
): Promise<GrepRangeResult> {
  const startMs = elapsedMs();
  const compiled = compilePattern(pattern, options);
  const { maxCount, deadlineMs } = limitsOf(options);
  return withRevs(session, from, to, options, async (before, after) => {
    const masks = { from: fileMask(before.snapshot, options), to: fileMask(after.snapshot, options) };
    const found = await grepRange(before.snapshot, after.snapshot, masks, {
      pattern: compiled,
      deadlineMs,
      signal: options.signal,
    });
    const lines = found.slice(0, maxCount).map(({ side, path, line }): RangeLineMatch => ({
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
      freshness: await leastFresh(before, after),
      tookMs: elapsedMs() - startMs,
    };
  });
}
