import type { LineMatch, RangeLineMatch } from '../../engine/index.js';
import type { CommandContext } from '../context.js';
import { LineWriter, MatchWriter, trimmed, writeJsonLines, type LineLayout } from '../results/grep-output.js';
import { createMatchFinder, createSpanFinder } from '../results/match-finder.js';
import type { GrepFlags } from './flags.js';
import type { GrepRequest } from './request.js';

type Line = LineMatch & Partial<Pick<RangeLineMatch, 'side'>>;
export type LinePrinter = (lines: readonly Line[]) => void | Promise<void>;

/** How lines are printed as these flags have it; `groups`: with what stands around them. */
export function linePrinter(
  context: CommandContext,
  request: GrepRequest,
  flags: GrepFlags,
  groups: boolean,
): LinePrinter {
  const { pattern, range, options, shownPath } = request;
  const toPeople = context.io.stdout.isTerminal && !context.json && range === undefined;
  const layout: LineLayout = {
    groups,
    heading:
      !flags['no-heading'] && !flags.null && !flags['no-filename'] && !flags.vimgrep && (flags.heading || toPeople),
    zero: flags.null,
    paths: !flags['no-filename'],
    lineNumbers: !flags['no-line-number'] || flags.vimgrep,
    columns: flags.column || flags.vimgrep,
    shownPath,
    finder: context.paint.on && options.invert !== true ? createMatchFinder(pattern, options) : undefined,
  };
  const max = flags['max-count'];
  const perFile =
    max === undefined
      ? (lines: readonly Line[]) => lines
      : perFileLimit(max, flags['after-context'] ?? flags.context ?? 0);
  if (context.json && !flags['only-matching'] && !flags.vimgrep)
    return (lines) => writeJsonLines(context.out, perFile(lines));
  if (flags['only-matching'] || flags.vimgrep) {
    if (options.invert === true) return () => undefined; // as in grep: of a line that does not match no part does
    const spansOf = createSpanFinder(pattern, options, { whole: true });
    const writer = new MatchWriter(context, { ...layout, wholeLines: flags.vimgrep }, spansOf);
    return (lines) => writer.write(perFile(lines));
  }
  const writer = new LineWriter(context, layout);
  const shown = (lines: readonly Line[]): readonly Line[] =>
    flags.trim ? perFile(lines).map(trimmed) : perFile(lines);
  return (lines) => writer.write(shown(lines));
}

/** Lets so many matching lines of a file pass, and what stands around them; after the last a line that matches is one of those. */
function perFileLimit(max: number, after: number): (lines: readonly Line[]) => readonly Line[] {
  let file = '';
  let count = 0;
  let last = 0;
  return (lines) =>
    lines.flatMap((line) => {
      const its = `${line.side ?? ''}${line.repo ?? ''}\0${line.path}`;
      if (its !== file) {
        file = its;
        count = 0;
      }
      if (count === max) return line.line <= last + after ? [{ ...line, column: 0, length: 0, context: true }] : [];
      if (line.context === true) return [line];
      count++;
      last = line.line;
      return [line];
    });
}
