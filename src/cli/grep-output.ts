import type { FileMatchCount, LineMatch, RangeLineMatch } from '../engine/index.js';
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

/** Lines as `git grep -n` prints them, `path:line:text` or `path-line-text` for context, down to its colours. */
export function writeLines({ out, paint }: Target, lines: readonly AnyLine[], { groups, finder }: LineLayout): void {
  let lastPath: string | undefined;
  let lastLine = 0;
  let shownPath = '';
  for (const line of lines) {
    if (line.path !== lastPath) shownPath = paint('magenta', quotePath(line.path));
    if (groups && lastPath !== undefined && (line.path !== lastPath || line.line !== lastLine + 1)) {
      out.write(`${paint('cyan', '--')}\n`);
    }
    lastPath = line.path;
    lastLine = line.line;
    const mark = paint('cyan', line.context === true ? '-' : ':');
    const side = line.side === undefined ? '' : paint(line.side === '+' ? 'green' : 'red', line.side);
    const text =
      finder === undefined || line.context === true ? line.text : highlightSpans(paint, line.text, finder(line));
    out.write(`${side}${shownPath}${mark}${paint('green', String(line.line))}${mark}${text}\n`);
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
