import type { FileMatchCount, LineMatch, RangeLineMatch, SkippedFile } from '../engine/index.js';
import type { CommandContext } from './context.js';
import { formatBytes } from './format.js';
import type { MatchFinder, Span } from './match-finder.js';
import type { Output } from './output.js';
import { quotePath } from './quote-path.js';
import type { Paint } from './style.js';

type AnyLine = LineMatch & Partial<Pick<RangeLineMatch, 'side'>>;

export interface SidedCount extends FileMatchCount {
  readonly side?: '+' | '-';
}

interface Target {
  readonly out: Output;
  readonly paint: Paint;
}

export interface LineLayout {
  /** Put `--` between lines that are not neighbours, as git does when it shows context. */
  readonly groups: boolean;
  /** Where all matches of a line are, for highlighting; only with colours. */
  readonly finder: MatchFinder | undefined;
}

/**
 * Prints lines as `git grep -n` does, `path:line:text` or `path-line-text` for context, down to its colours. They may come
 * in batches.
 */
export class LineWriter {
  private lastPath: string | undefined;
  private lastLine = 0;
  private shownPath = '';

  constructor(
    private readonly target: Target,
    private readonly layout: LineLayout,
  ) {}

  async write(lines: readonly AnyLine[]): Promise<void> {
    const { out, paint } = this.target;
    const { groups, finder } = this.layout;
    const spans = await finder?.(lines);
    for (const [i, line] of lines.entries()) {
      const { path, text } = line;
      if (path !== this.lastPath) this.shownPath = paint('magenta', quotePath(path));
      if (groups && this.lastPath !== undefined && (path !== this.lastPath || line.line !== this.lastLine + 1)) {
        out.write(`${paint('cyan', '--')}\n`);
      }
      this.lastPath = path;
      this.lastLine = line.line;
      const mark = paint('cyan', line.context === true ? '-' : ':');
      const side = line.side === undefined ? '' : paint(line.side === '+' ? 'green' : 'red', line.side);
      const shown = spans === undefined || line.context === true ? text : highlightSpans(paint, text, spans[i]!);
      out.write(`${side}${this.shownPath}${mark}${paint('green', String(line.line))}${mark}${shown}\n`);
    }
  }
}

/** The text with these parts of it marked as matches; `show` makes each part fit for where it goes. */
export function highlightSpans(
  paint: Paint,
  text: string,
  spans: readonly Span[],
  show: (part: string) => string = (part) => part,
): string {
  let shown = '';
  let at = 0;
  for (const { start, end } of spans) {
    shown += show(text.slice(at, start)) + paint('boldRed', show(text.slice(start, end)));
    at = end;
  }
  return shown + show(text.slice(at));
}

/** One object per line, its keys in the contract's order. */
export function writeJsonLines(out: Output, lines: readonly AnyLine[]): void {
  for (const { path, line, column, length, text, side, context } of lines) {
    out.json({ path, line, column, length, text, side, context: context === true ? true : undefined });
  }
}

/** `path:count` for each file, or only the path. */
export function writeCounts(
  { out, paint, json }: Target & { json: boolean },
  files: readonly SidedCount[],
  pathsOnly: boolean,
): void {
  for (const { path, count, side } of files) {
    if (json) {
      out.json(pathsOnly ? { path, side } : { path, count, side });
      continue;
    }
    const mark = side === undefined ? '' : paint(side === '+' ? 'green' : 'red', side);
    const tail = pathsOnly ? '' : `${paint('cyan', ':')}${String(count)}`;
    out.write(`${mark}${paint('magenta', quotePath(path))}${tail}\n`);
  }
}

const unsearchedShown = 20;

/** Names the files that were not looked into, below the lines: no file is left out in silence. */
export async function noteUnsearched(context: CommandContext, files: readonly SkippedFile[]): Promise<void> {
  if (files.length === 0) return;
  context.out.flush();
  await context.io.stdout.drain();
  for (const { path, reason, sizeBytes } of files.slice(0, unsearchedShown)) {
    const why =
      reason === 'missing' ? 'its blob is missing from the repository' : `too large (${formatBytes(sizeBytes)})`;
    context.note(`not searched: ${quotePath(path)}: ${why}`);
  }
  const more = files.length - unsearchedShown;
  if (more > 0) context.note(`not searched: ${more} more (coppice status --json lists those of HEAD)`);
}
