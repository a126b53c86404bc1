import { CoppiceError, decodeBytes } from '../../base/index.js';
import type { GrepOptions } from '../../engine/index.js';
import { parseRevRange, type RevRange } from '../../model/index.js';
import { given } from '../command.js';
import type { CommandContext } from '../context.js';
import { asksForPackages, fileFilter, packageFilter } from '../typed/filter-flags.js';
import { readInput } from '../typed/input-file.js';
import { patternOptions } from '../typed/pattern-flags.js';
import { fullPath, isTreeRev, pathShower, type PathShower } from '../typed/place.js';
import type { GrepFlags } from './flags.js';

/** What is looked for and where, as the engine takes it. */
export interface GrepRequest {
  readonly pattern: string;
  /** Undefined: where nobody says. */
  readonly rev: string | undefined;
  /** The two revs that `rev` is, if it is a range. */
  readonly range: RevRange | undefined;
  readonly options: Omit<GrepOptions, 'rev'>;
  readonly shownPath: PathShower;
}

/** The words of a command line: patterns, then perhaps a rev as git takes it there, then pathspecs. */
export async function readRequest(
  context: CommandContext,
  words: { readonly args: readonly string[]; readonly plainArgs: number },
  flags: GrepFlags,
): Promise<GrepRequest> {
  const { pattern, isExpression, args, plainArgs } = await readPatterns(context, words, flags);
  const named = flags.rev === undefined ? await readRev(context, args, plainArgs) : undefined;
  const pathspecs = named === undefined ? args : args.slice(1);
  const rev = flags.rev ?? named;
  const { place } = context;
  const range = rev === undefined ? undefined : parseRevRange(rev);
  const searched = range?.to ?? rev;
  const literal = flags['fixed-strings'] && !isExpression;
  const ignoreCase = flags['ignore-case'] || (flags['smart-case'] && !hasUpperCase(pattern, literal));
  const options = {
    ...fileFilter(flags, place),
    ...packageFilter(flags),
    ...patternOptions({ ...flags, 'fixed-strings': literal, 'ignore-case': ignoreCase }),
    ...(pathspecs.length > 0 ? { pathspecs: pathspecs.map((one) => place.pathspec(one)) } : {}),
    ...(place.folder === '' || isTreeRev(searched) || asksForPackages(flags) ? {} : { folder: place.folder }),
    ...(flags['invert-match'] ? { invert: true } : {}),
    ...given({ maxCount: flags.max }),
    ...context.call(searched ?? null),
  };
  const shownPath = flags['full-name'] ? fullPath(place) : pathShower(place, searched);
  return { pattern, rev, range, options, shownPath };
}

interface Patterns {
  readonly pattern: string;
  /** It is a regular expression even with `-F`: put together from several, or from a whole line. */
  readonly isExpression: boolean;
  /** What follows. */
  readonly args: readonly string[];
  readonly plainArgs: number;
}

/** Any of several patterns, as one. */
async function readPatterns(
  { io }: CommandContext,
  { args, plainArgs }: { readonly args: readonly string[]; readonly plainArgs: number },
  flags: GrepFlags,
): Promise<Patterns> {
  const patterns = [...flags.regexp];
  for (const file of flags.file) patterns.push(...linesOf(decodeBytes(await readInput(io, file))));
  const isGiven = flags.regexp.length + flags.file.length > 0;
  if (!isGiven) {
    const [first, ...rest] = args;
    if (first === undefined) {
      throw new CoppiceError('USAGE', 'coppice grep needs PATTERN: a regular expression, or literal text with -F', {
        hint:
          flags.path.length > 0
            ? `coppice files -g '${flags.path[0]!}' lists files`
            : 'coppice grep --help shows how it is used',
      });
    }
    return { ...join([first], flags), args: rest, plainArgs: plainArgs - 1 };
  }
  if (patterns.length === 0) {
    throw new CoppiceError('USAGE', `there is no pattern in ${flags.file.join(', ')}`, { hint: 'one pattern a line' });
  }
  return { ...join(patterns, flags), args, plainArgs };
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function join(patterns: readonly string[], flags: GrepFlags): Pick<Patterns, 'pattern' | 'isExpression'> {
  const [first] = patterns as readonly [string, ...string[]];
  const wholeLine = flags['line-regexp'];
  if (patterns.length === 1 && !wholeLine) return { pattern: first, isExpression: false };
  const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const parts = patterns.map((text) => (flags['fixed-strings'] ? escape(text) : `(?:${text})`));
  const any = parts.join('|');
  return { pattern: wholeLine ? `^(?:${any})$` : any, isExpression: true };
}

/**
 * The rev that follows the pattern, as `git grep PATTERN v1.0 -- src` has it: what stands before `--`, or else what is no file here
 * and no pattern of paths, but a rev. Two revs are one too many.
 */
async function readRev(
  context: CommandContext,
  args: readonly string[],
  plainArgs: number,
): Promise<string | undefined> {
  const isSplit = plainArgs !== Infinity && args.length >= plainArgs;
  if (isSplit && plainArgs <= 0) return undefined;
  const [first, second] = args;
  if (first === undefined || (!isSplit && looksLikePath(context, first))) return undefined;
  const isRev = await resolves(context, first, isSplit);
  if (!isRev) return undefined;
  const isTwo =
    second !== undefined &&
    (isSplit ? plainArgs > 1 : !looksLikePath(context, second) && (await resolves(context, second, false)));
  if (!isTwo) return first;
  throw new CoppiceError('USAGE', `one rev is searched at a time, not ${first} and ${second}`, {
    hint: `--rev ${first}..${second} tells what changed between them`,
  });
}

const looksLikePath = (context: CommandContext, word: string): boolean =>
  /^[:!.~]|[*?[\]\\]/.test(word) || context.isFile(word);

/** Whether a word is a rev, or a range of two; `must`: or an error that says it is none. */
async function resolves(context: CommandContext, word: string, must: boolean): Promise<boolean> {
  const engine = await context.engine();
  const range = parseRevRange(word);
  try {
    for (const rev of range === undefined ? [word] : [range.from, range.to]) await engine.resolve(rev);
    return true;
  } catch (error) {
    if (must || !(error instanceof CoppiceError)) throw error;
    return false;
  }
}

/** Whether a pattern has an upper-case letter that stands for itself. */
const hasUpperCase = (pattern: string, literal: boolean): boolean =>
  /\p{Lu}/u.test(literal ? pattern : pattern.replace(/\\(?:[pP](?:\{[^}]*\}|.)|.)|\(\?P?<[^>]*>|\[:\w+:\]/gsu, ''));
