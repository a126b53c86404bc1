import { CoppiceError } from '../../base/index.js';
import type { GrepOptions, LineMatch } from '../../engine/index.js';

export interface Span {
  readonly start: number;
  readonly end: number;
}

type PatternOptions = Pick<GrepOptions, 'literal' | 'ignoreCase' | 'wholeWord'>;

/** Where the matches of some lines are, to be highlighted, line by line. */
export type MatchFinder = (lines: readonly LineMatch[]) => Promise<readonly (readonly Span[])[]>;

/** Lines longer than this keep their first match only: a screen full of colours is no use. */
const lineLengthMax = 2000;
/** For one batch of lines. The first that takes longer is the last that is coloured: those that are found are not to wait for that. */
const deadlineMs = 400;
/** The same where the matches are what was asked for. */
const wholeDeadlineMs = 10_000;

/** Finds the matches after the first, which is all that the engine tells, by the engine's own reading of the pattern. */
export function createMatchFinder(pattern: string, options: PatternOptions): MatchFinder {
  const findSpans = createSpanFinder(pattern, options);
  return async (lines) => {
    const found = await findSpans(lines.map(({ text, length }) => (length < 1 ? '' : text)));
    return lines.map(({ column, length }, i): readonly Span[] => {
      if (column < 1 || length < 1) return [];
      const first = { start: column - 1, end: column - 1 + length };
      const [other] = found[i]!;
      return other?.start === first.start && other.end === first.end ? found[i]! : [first];
    });
  };
}

/**
 * The matches in lines of which nothing is known; none in one that is very long, and none once the time for colours is up.
 * `whole`: all of them, or an error, for who wants more of them than colours.
 */
export function createSpanFinder(
  pattern: string,
  options: PatternOptions,
  { whole = false }: { readonly whole?: boolean } = {},
): (lines: readonly string[]) => Promise<readonly (readonly Span[])[]> {
  let scanner: ReturnType<typeof openScanner> | undefined;
  let hasGivenUp = false;
  return async (lines) => {
    const spans = lines.map((): Span[] => []);
    if (hasGivenUp) return spans;
    scanner ??= openScanner(pattern, options, whole ? wholeDeadlineMs : deadlineMs, whole ? Infinity : lineLengthMax);
    try {
      await (
        await scanner
      )(lines, (i, start, end) => {
        if (end > start) spans[i]!.push({ start, end });
      });
    } catch (error) {
      // Colours are not worth an error.
      if (whole || !(error instanceof CoppiceError)) throw error;
      hasGivenUp = true;
    }
    return spans;
  };
}

type OnMatch = (line: number, start: number, end: number) => void;

async function openScanner(
  source: string,
  { literal, ignoreCase, wholeWord }: PatternOptions,
  limitMs: number,
  lengthMax: number,
): Promise<(lines: readonly string[], onMatch: OnMatch) => Promise<void>> {
  // Loaded only when there is something to colour.
  const { Deadline, compilePattern, enableLinearFallback, scanAllTexts } = await import('../../pattern/index.js');
  enableLinearFallback();
  const pattern = compilePattern(source, { literal, ignoreCase, wholeWord });
  return (lines, onMatch) => {
    const deadline = new Deadline(limitMs);
    const textOf = (i: number): string => (lines[i]!.length > lengthMax ? '' : lines[i]!);
    const scan = { pattern, deadline, signal: undefined, count: lines.length, textOf, wanted: 'matches' as const };
    return scanAllTexts(scan, ({ i, numbers }) => {
      for (let at = 0; at < numbers.length; at += 2) onMatch(i, numbers[at]!, numbers[at + 1]!);
    });
  };
}
