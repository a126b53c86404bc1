import { spawnSync } from 'node:child_process';
import { decodeBytes } from '../../../src/base/index.js';
import type { Engine } from '../../../src/engine/types.js';

/** A search as both sides understand it. */
export interface GrepCase {
  readonly pattern: string;
  readonly literal: boolean;
  readonly ignoreCase: boolean;
  readonly wholeWord: boolean;
  /** Git is asked in another dialect than Perl's, with what means the same there. */
  readonly dialect?: 'extended' | 'basic';
  readonly inDialect?: string;
}

export interface GrepComparison {
  /** Lines that only one side has, as `path:line:text`. */
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  /** Lines both have. */
  readonly common: number;
  /** Why there is nothing to compare: one of the two does not take the pattern. */
  readonly refused?: string;
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

const flagOf = { extended: '-E', basic: '-G' } as const;

/** The same for PCRE2's other engine, which does not compile to machine code. */
const interpreted = (search: GrepCase): GrepCase => ({ ...search, inDialect: `(*NO_JIT)${search.pattern}` });

/** Bytes that are no UTF-8 but a character all the same to the C library, which git's own dialects ask. */
const charactersOfC = /\udced[\udca0-\udcbf]|\udcf4[\udc90-\udcbf]/;

/** What `git grep -nI` finds at a commit, as `path:line:text`. Without a work tree, so no attributes get in the way. */
export function gitGrep(gitDir: string, commit: string, search: GrepCase, excluded: ReadonlySet<string>): string[] {
  const { pattern, literal, ignoreCase, wholeWord, dialect, inDialect } = search;
  const flags = [
    '-nIz',
    '--no-color',
    literal ? '-F' : dialect === undefined ? '-P' : flagOf[dialect],
    ...(ignoreCase ? ['-i'] : []),
    ...(wholeWord ? ['-w'] : []),
  ];
  const output = run(gitDir, ['grep', ...flags, '-e', inDialect ?? pattern, commit]);
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
 * Compares with `git grep` at a commit, every line of every file. Only where git means two things by one pattern, in its own dialects
 * (`[[:alpha:]]` knows letters beyond ASCII in one and not in the other; so does case), lines with letters beyond ASCII are left out.
 */
export async function compareGrep(
  engine: Engine,
  gitDir: string,
  commit: string,
  search: GrepCase,
  excluded: ReadonlySet<string>,
): Promise<GrepComparison> {
  const { pattern, literal, ignoreCase, wholeWord, dialect } = search;
  let lines;
  try {
    ({ lines } = await engine.grep(pattern, { literal, ignoreCase, wholeWord, rev: commit, deadlineMs: 5_000 }));
  } catch (error) {
    const { code } = error as { code?: string };
    if (code?.startsWith('PATTERN_') !== true) throw error;
    return { missing: [], extra: [], common: 0, refused: `ours: ${String(error)}` };
  }
  const isPerl = !literal && dialect === undefined;
  const ask = (wanted: GrepCase): string[] | string => {
    try {
      return gitGrep(gitDir, commit, wanted, excluded);
    } catch (error) {
      if (!/pcre2?|regex|pattern|collation/i.test(String(error))) throw error;
      return `git: ${String(error)}`;
    }
  };
  let found = ask(search);
  if (isPerl && typeof found === 'string' && found.includes('JIT')) found = ask(interpreted(search));
  if (typeof found === 'string') return { missing: [], extra: [], common: 0, refused: found };
  const differs = dialect !== undefined && (ignoreCase || pattern.includes('[:'));
  const counted = (line: string): boolean => {
    if (dialect === undefined) return true;
    const text = line.slice(line.indexOf(':', line.indexOf(':') + 1) + 1);
    // After the last line git's own dialects see an empty one; `.` is no NUL for them.
    if (text === '' || text.includes('\0') || charactersOfC.test(text)) return false;
    return !differs || /^[\0-\x7f]*$/.test(text);
  };
  const ours = lines.map(({ path, line, text }) => `${path}:${line}:${text}`).filter(counted);
  const theirs = found.filter(counted);
  const known = new Set(ours);
  const wanted = new Set(theirs);
  let missing = theirs.filter((line) => !known.has(line));
  let extra = ours.filter((line) => !wanted.has(line));
  if (missing.length + extra.length === 0 && ours.join('\n') !== theirs.join('\n'))
    extra.push('the order of the lines');
  const common = theirs.length - missing.length;
  if (isPerl && missing.length + extra.length > 0) {
    // Each of PCRE2's engines has faults where a text may be no UTF-8 (10.42: `\W`, `\D` and `\S` are of ASCII for one, `$` is not after the
    // last such byte for the other): what both say is right.
    const again = ask(interpreted(search));
    if (typeof again === 'string') return { missing: [], extra: [], common: 0, refused: again };
    const others = new Set(again);
    missing = missing.filter((line) => others.has(line));
    extra = extra.filter((line) => !others.has(line));
  }
  if (missing.length > 0) missing = missing.filter((line) => !isAfterLast(gitDir, commit, line));
  return { missing, extra, common };
}

/** Where a pattern matches nothing at all git finds it once more after a file's last line. */
function isAfterLast(gitDir: string, commit: string, line: string): boolean {
  const [, path, number] = /^(.*):(\d+):$/s.exec(line) ?? [];
  if (path === undefined) return false;
  const content = run(gitDir, ['cat-file', 'blob', `${commit}:${path}`]).toString('latin1');
  return Number(number) > content.split('\n').length - 1 && content.endsWith('\n');
}
