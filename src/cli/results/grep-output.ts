import { encodeBytes } from '../../base/index.js';
import type { FileMatchCount, LineMatch, RangeLineMatch, SkippedFile } from '../../engine/index.js';
import type { CommandContext } from '../context.js';
import { formatBytes } from '../terminal/format.js';
import type { MatchFinder, Span } from './match-finder.js';
import type { Output } from '../terminal/output.js';
import type { Located, PathShower } from '../typed/place.js';
import { quotePath } from '../terminal/quote-path.js';
import type { Paint } from '../terminal/style.js';

type AnyLine = LineMatch & Partial<Pick<RangeLineMatch, 'side'>> & { readonly byteColumn?: number };

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
  /** The path stands once, above its lines. */
  readonly heading: boolean;
  /** As git's -z: a zero byte follows each path, which is written as it is, and each line's number. */
  readonly zero: boolean;
  /** Paths are shown at all, and line numbers, and columns. */
  readonly paths: boolean;
  readonly lineNumbers: boolean;
  readonly columns: boolean;
  readonly shownPath: PathShower;
  /** Where all matches of a line are, for highlighting; only with colours. */
  readonly finder: MatchFinder | undefined;
}

type PathLayout = Pick<LineLayout, 'zero' | 'shownPath'>;

/** As other tools count: from 1, in bytes. */
const byteColumn = ({ text, column }: AnyLine): number => encodeBytes(text.slice(0, column - 1)).length + 1;

/** A line without the white space that it begins with; its column stays that of the whole line. */
export function trimmed<T extends AnyLine>(line: T): T {
  const text = line.text.trimStart();
  const column = Math.max(1, line.column - (line.text.length - text.length));
  return { ...line, text, column, byteColumn: byteColumn(line) };
}

const writtenPath = (at: Located, { zero, shownPath }: PathLayout): string =>
  zero ? shownPath(at) : quotePath(shownPath(at));

/**
 * Prints lines as `git grep -n` does, `path:line:text` or `path-line-text` for context, down to its colours; with a heading as ripgrep
 * does. They may come in batches.
 */
export class LineWriter {
  private lastPath: string | undefined;
  private lastRepo: string | undefined;
  private lastLine = 0;
  private shownPath = '';

  constructor(
    private readonly target: Target,
    private readonly layout: LineLayout,
  ) {}

  async write(lines: readonly AnyLine[]): Promise<void> {
    const { out, paint } = this.target;
    const spans = await this.layout.finder?.(lines);
    for (const [i, line] of lines.entries()) {
      const { text } = line;
      const shown = spans === undefined || line.context === true ? text : highlightSpans(paint, text, spans[i]!);
      out.write(`${this.before(line)}${shown}\n`);
    }
  }

  /** What stands before a line's text, and between it and the line before. */
  private before(match: AnyLine): string {
    const { path, repo, line, side, context } = match;
    const { paint } = this.target;
    const { groups, heading, zero, paths, lineNumbers, columns } = this.layout;
    const isFirst = path !== this.lastPath || repo !== this.lastRepo;
    let text = '';
    if (groups && this.lastPath !== undefined && (isFirst ? !heading : line !== this.lastLine + 1))
      text += `${paint('cyan', '--')}\n`;
    if (isFirst) {
      this.shownPath = paint('magenta', writtenPath(match, this.layout));
      if (heading) text += `${this.lastPath === undefined ? '' : '\n'}${this.shownPath}\n`;
    }
    this.lastPath = path;
    this.lastRepo = repo;
    this.lastLine = line;
    const mark = zero ? '\0' : paint('cyan', context === true ? '-' : ':');
    if (side !== undefined) text += paint(side === '+' ? 'green' : 'red', side);
    if (!heading && paths) text += this.shownPath + mark;
    if (lineNumbers) text += paint('green', String(line)) + mark;
    if (columns && context !== true) text += String(match.byteColumn ?? byteColumn(match)) + mark;
    return text;
  }
}

/** Prints each match of some lines on a line of its own, as `git grep -on`; with `wholeLines` all of its line. */
export class MatchWriter {
  private readonly writer: LineWriter;

  constructor(
    private readonly target: Target & { readonly json: boolean },
    private readonly layout: LineLayout & { readonly wholeLines: boolean },
    private readonly spansOf: (lines: readonly string[]) => Promise<readonly (readonly Span[])[]>,
  ) {
    const spansIn = layout.wholeLines ? matchOf : wholeText;
    const finder = layout.finder && ((lines: readonly AnyLine[]) => Promise.resolve(lines.map(spansIn)));
    this.writer = new LineWriter(target, { ...layout, groups: false, finder });
  }

  async write(lines: readonly AnyLine[]): Promise<void> {
    const matching = lines.filter(({ context }) => context !== true);
    const spans = await this.spansOf(matching.map(({ text }) => text));
    const matches = matching.flatMap((line, i) =>
      spans[i]!.map(({ start, end }) => ({
        ...line,
        column: start + 1,
        length: end - start,
        text: this.layout.wholeLines ? line.text : line.text.slice(start, end),
        byteColumn: byteColumn({ ...line, column: start + 1 }),
      })),
    );
    if (this.target.json) writeJsonLines(this.target.out, matches);
    else await this.writer.write(matches);
  }
}

const matchOf = ({ column, length }: AnyLine): Span[] => [{ start: column - 1, end: column - 1 + length }];

const wholeText = ({ text }: AnyLine): Span[] => [{ start: 0, end: text.length }];

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
  for (const { path, line, column, length, text, side, context, ...from } of lines) {
    const { repo, package: name, version, packagePath, direct, dev, chain } = from;
    const labels = { repo, package: name, version, packagePath, direct, dev, chain };
    out.json({ path, line, column, length, text, side, context: context === true ? true : undefined, ...labels });
  }
}

/** `path:count` for each file, or only the path. */
export function writeCounts(
  { out, paint, json }: Target & { json: boolean },
  files: readonly SidedCount[],
  layout: PathLayout & { readonly pathsOnly: boolean; readonly paths: boolean },
): void {
  const { pathsOnly, paths, zero } = layout;
  for (const file of files) {
    const { path, repo, count, side } = file;
    if (json) {
      out.json(pathsOnly ? { path, side, repo } : { path, count, side, repo });
      continue;
    }
    const mark = side === undefined ? '' : paint(side === '+' ? 'green' : 'red', side);
    const shown = mark + paint('magenta', writtenPath(file, layout));
    if (pathsOnly) out.write(shown + (zero ? '\0' : '\n'));
    else out.write(`${paths ? `${shown}${zero ? '\0' : paint('cyan', ':')}` : mark}${String(count)}\n`);
  }
}

const unsearchedShown = 20;

/** Names the files that were not looked into, below the lines: no file is left out in silence. */
export async function noteUnsearched(
  context: CommandContext,
  files: readonly SkippedFile[],
  shownPath: PathShower,
): Promise<void> {
  if (files.length === 0) return;
  await context.out.end();
  for (const file of files.slice(0, unsearchedShown)) {
    const { reason, sizeBytes } = file;
    const why =
      reason === 'missing'
        ? 'its blob is missing from the repository'
        : reason === 'unreadable'
          ? 'the package cannot be read: coppice status tells why'
          : `too large (${formatBytes(sizeBytes)})`;
    context.note(`not searched: ${quotePath(shownPath(file))}: ${why}`);
  }
  const more = files.length - unsearchedShown;
  if (more > 0) context.note(`not searched: ${more} more (coppice status --json lists those of HEAD)`);
}
