import { spawnSync } from 'node:child_process';
import { decodeBytes } from '../../../src/base/index.js';
import type { Engine } from '../../../src/engine/types.js';

/** A search as both sides understand it. */
export interface GrepCase {
  readonly pattern: string;
  readonly literal: boolean;
  readonly ignoreCase: boolean;
  readonly wholeWord: boolean;
}

export interface GrepComparison {
  /** Lines that only one side has, as `path:line:text`. */
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  /** Lines both have. */
  readonly common: number;
}

/** Files above this are not searched, by default. */
const fileBytesMax = 64 * 1024 * 1024;

const run = (gitDir: string, args: readonly string[]): Buffer => {
  const { status, stdout, stderr } = spawnSync('git', [`--git-dir=${gitDir}`, '-c', 'core.bare=true', ...args], {
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C.UTF-8', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    maxBuffer: 2 ** 31 - 1,
  });
  if (status !== 0 && !(args[0] === 'grep' && status === 1))
    throw new Error(`git ${args.join(' ')}: ${String(stderr)}`);
  return stdout;
};

/** Whether this git was built with Perl's regular expressions. */
export const hasPerlPatterns = (gitDir: string): boolean => {
  try {
    run(gitDir, ['grep', '-q', '-P', '-e', '\\d', 'HEAD']);
    return true;
  } catch {
    return false;
  }
};

export const gitText = (gitDir: string, args: readonly string[]): string => run(gitDir, args).toString('utf8').trim();

/** Paths of a commit's files that are too large to be indexed. */
export function largeFiles(gitDir: string, commit: string, maxBytes = fileBytesMax): Set<string> {
  const listing = decodeBytes(run(gitDir, ['ls-tree', '-rlz', commit]));
  const large = new Set<string>();
  for (const entry of listing.split('\0')) {
    const [, size, path] = /^\d+ blob [0-9a-f]+ +(\d+)\t(.*)$/s.exec(entry) ?? [];
    if (Number(size) > maxBytes) large.add(path!);
  }
  return large;
}

/** What `git grep -nI` finds at a commit, as `path:line:text`. Without a work tree, so no attributes get in the way. */
export function gitGrep(gitDir: string, commit: string, search: GrepCase, excluded: ReadonlySet<string>): string[] {
  const { pattern, literal, ignoreCase, wholeWord } = search;
  const flags = [
    '-nIz',
    '--no-color',
    literal ? '-F' : '-P',
    ...(ignoreCase ? ['-i'] : []),
    ...(wholeWord ? ['-w'] : []),
  ];
  const output = run(gitDir, ['grep', ...flags, '-e', pattern, commit]);
  const lines: string[] = [];
  for (let at = 0; at < output.length;) {
    const pathEnd = output.indexOf(0, at);
    const numberEnd = nextSeparator(output, pathEnd + 1);
    const lineEnd = output.indexOf(10, numberEnd);
    const path = decodeBytes(output.subarray(at + commit.length + 1, pathEnd));
    const number = output.toString('latin1', pathEnd + 1, numberEnd);
    if (!excluded.has(path)) lines.push(`${path}:${number}:${decodeBytes(output.subarray(numberEnd + 1, lineEnd))}`);
    at = lineEnd + 1;
  }
  return lines;
}

/** Some versions of git end the number with `:`, some with NUL. */
function nextSeparator(output: Buffer, from: number): number {
  let at = from;
  while (output[at]! >= 0x30 && output[at]! <= 0x39) at++;
  return at;
}

/**
 * Compares with `git grep` at a commit. Where the two languages of patterns mean different things by letters beyond
 * ASCII (`\w`, `\b`, -i, -w), lines with such letters are left out on both sides.
 */
export async function compareGrep(
  engine: Engine,
  gitDir: string,
  commit: string,
  search: GrepCase,
  excluded: ReadonlySet<string>,
): Promise<GrepComparison> {
  const { pattern, ...options } = search;
  const { lines } = await engine.grep(pattern, { ...options, rev: commit, deadlineMs: 60_000 });
  const differs = options.ignoreCase || options.wholeWord || (!options.literal && /\\[bBwWdDsS]|\[\^|\./.test(pattern));
  const counted = (line: string): boolean =>
    !differs || /^[\0-\x7f]*$/.test(line.slice(line.indexOf(':', line.indexOf(':') + 1)));
  const ours = lines.map(({ path, line, text }) => `${path}:${line}:${text}`).filter(counted);
  const theirs = gitGrep(gitDir, commit, search, excluded).filter(counted);
  const known = new Set(ours);
  const wanted = new Set(theirs);
  const missing = theirs.filter((line) => !known.has(line));
  const extra = ours.filter((line) => !wanted.has(line));
  if (missing.length + extra.length === 0 && ours.join('\n') !== theirs.join('\n'))
    extra.push('the order of the lines');
  return { missing, extra, common: theirs.length - missing.length };
}
