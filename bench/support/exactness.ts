import type { Engine } from 'coppice';
import type { Random } from '../../test/crash/support/random.js';
import { decodeBytes } from '../../src/base/index.js';
import { compareGrep, hasPerlPatterns, largeFiles } from '../../test/property/support/git-grep.js';
import type { GrepCase } from '../../test/property/support/git-grep.js';
import { GrepPatterns } from '../../test/property/support/grep-patterns.js';
import type { Row } from './measure.js';

export interface Exactness {
  readonly commits: number;
  readonly cases: number;
  /** Cases with matching lines. */
  readonly withLines: number;
  /** Lines that both sides have. */
  readonly lines: number;
  readonly missing: number;
  readonly extra: number;
  /** Cases that one of the two did not take, or not in time, and so that were not compared. */
  readonly refused: readonly string[];
  /** Files that git looks into and that neither were searched nor named as not searched. */
  readonly silent: readonly string[];
  readonly differing: readonly unknown[];
}

/**
 * Random literals (from the commits' own lines, and ones they have not) and random regular expressions made of them, in git's dialects
 * and with its flags, against `git grep -nI` at the same commit. The cases are spread evenly over the commits.
 */
export async function measureExactness(
  engine: Engine,
  gitDir: string,
  options: {
    readonly commits: readonly string[];
    readonly cases: number;
    readonly random: Random;
    /** Cases that are not compared by then are left. */
    readonly minutes?: number;
  },
): Promise<Exactness> {
  const { commits, random, minutes = Infinity } = options;
  const startMs = performance.now();
  const isOver = (): boolean => performance.now() - startMs > minutes * 60_000;
  const kinds = hasPerlPatterns(gitDir)
    ? (['literal', 'absent', 'regex', 'regex'] as const)
    : (['literal', 'absent'] as const);
  const totals = { commits: new Set(commits).size, cases: 0, withLines: 0, lines: 0, missing: 0, extra: 0 };
  const differing: unknown[] = [];
  const refused: string[] = [];
  const silent: string[] = [];
  const casesBefore = (commit: number): number => Math.floor((options.cases * commit) / commits.length);
  for (const [i, commit] of commits.entries()) {
    if (isOver()) break;
    const excluded = largeFiles(gitDir, commit);
    await engine.index([commit]);
    const { unsearched } = await engine.grepCounts('x', { rev: commit });
    const named = new Set(unsearched.map(({ path }) => path));
    silent.push(...[...excluded].filter((path) => !named.has(path)));
    const lines = await linesOf(engine, commit, random);
    const patterns = new RandomPatterns(
      random,
      lines.filter((line) => /^[\x20-\x7e]*$/.test(line)),
    );
    const dialects = new GrepPatterns(random, () => pieceOf(lines, random), kinds.length > 2);
    for (let n = casesBefore(i); n < casesBefore(i + 1) && !isOver(); n++) {
      const search = random(2) === 0 ? dialects.next() : patterns.next(kinds[random(kinds.length)]!);
      if (search === null) continue;
      const { missing, extra, common, refused: why } = await compareGrep(engine, gitDir, commit, search, excluded);
      if (why !== undefined) {
        refused.push(`${JSON.stringify(search)}: ${why}`);
        continue;
      }
      totals.cases++;
      totals.lines += common;
      totals.missing += missing.length;
      totals.extra += extra.length;
      if (common > 0) totals.withLines++;
      if (missing.length + extra.length === 0) continue;
      differing.push({ commit, search, missing: missing.slice(0, 3), extra: extra.slice(0, 3) });
      console.error(JSON.stringify(differing.at(-1)));
    }
    process.stderr.write(`\r${totals.cases} cases `);
  }
  process.stderr.write('\n');
  return { ...totals, refused, silent, differing };
}

export function exactnessRows({ commits, cases, withLines, lines, missing, extra, refused, silent }: Exactness): Row[] {
  const differ = missing + extra;
  return [
    { what: `cases, at ${commits} commits`, measured: String(cases), target: '', met: null },
    { what: 'of which with matching lines', measured: String(withLines), target: '', met: null },
    { what: 'lines that both have', measured: lines.toLocaleString('en'), target: '', met: null },
    {
      what: 'not compared: refused, or too slow for one of the two',
      measured: String(refused.length),
      target: '',
      met: null,
    },
    {
      what: 'files left out in silence',
      measured: String(silent.length),
      target: '0',
      met: silent.length === 0,
    },
    {
      what: 'lines that differ',
      measured: `${differ} (${missing} missing, ${extra} extra)`,
      target: '0',
      met: differ === 0,
    },
  ];
}

/** Some thousand lines of a commit's text files. */
async function linesOf(engine: Engine, commit: string, random: Random): Promise<string[]> {
  const { files } = await engine.grepCounts('\\S', { rev: commit });
  const lines: string[] = [];
  for (let tries = 0; tries < 60 && files.length > 0; tries++) {
    const { content } = await engine.show(commit, files[random(files.length)]!.path);
    const own = decodeBytes(Buffer.from(content)).split('\n').slice(0, -1);
    for (let n = 0; n < 50 && own.length > 0; n++) lines.push(own[random(own.length)]!);
  }
  return lines.map((line) => line.trim()).filter((line) => line.length > 2 && !hasLoneSurrogate(line));
}

/** Bytes that are no UTF-8 are no part of a pattern. */
const hasLoneSurrogate = (text: string): boolean =>
  /[\ud800-\udfff]/.test(text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ''));

/** A word or a few characters of a line. */
function pieceOf(lines: readonly string[], random: Random): string {
  const line = lines[random(lines.length)] ?? 'x';
  const characters = Array.from(line);
  const from = random(characters.length);
  const words = line.match(/[\p{L}\p{N}_]{2,}/gu);
  if (words !== null && random(2) === 0) return words[random(words.length)]!;
  return characters.slice(from, from + 1 + random(4)).join('');
}

class RandomPatterns {
  constructor(
    private readonly random: Random,
    private readonly lines: readonly string[],
  ) {}

  /** Null when there is no line to make one of. */
  next(kind: 'literal' | 'absent' | 'regex'): GrepCase | null {
    if (this.lines.length === 0) return null;
    const flags = { ignoreCase: this.random(4) === 0, wholeWord: this.random(6) === 0 };
    if (kind === 'literal') return { pattern: this.part(), literal: true, ...flags };
    if (kind === 'regex') return { pattern: this.regex(), literal: false, ...flags };
    const piece = this.part();
    const at = this.random(piece.length);
    const pattern = piece.slice(0, at) + this.random(1e6).toString(36) + piece.slice(at);
    return { pattern, literal: true, ...flags };
  }

  /** A piece of a line: words mostly, now and then any run of characters. */
  private part(): string {
    const line = this.pick(this.lines);
    const words = line.match(/[\w$]{2,}/g);
    if (words !== null && this.random(3) > 0) return this.pick(words);
    const length = 3 + this.random(20);
    const from = this.random(Math.max(1, line.length - length));
    return line.slice(from, from + length);
  }

  private regex(): string {
    const literal = (): string => escaped(this.part());
    const glue = (): string => this.pick(['.*', '\\s*', '\\s+', '\\w+', '[^,]*', '.{0,12}', '[A-Za-z_]+', '\\W', '.']);
    switch (this.random(9)) {
      case 0:
        return `${literal()}|${literal()}`;
      case 1:
        return `^\\s*${literal()}`;
      case 2:
        return `${literal()}\\s*[;,{]?$`;
      case 3:
        return `\\b${literal()}\\b`;
      case 4:
        return `(?:${literal()}|${literal()})${glue()}${literal()}`;
      case 5: {
        const word = this.part();
        const at = this.random(word.length);
        const some = this.pick(['a-z', 'A-Z0-9', '^a-e', '\\w.']);
        const times = this.pick(['', '+', '?', '*', '{1,3}']);
        return `${escaped(word.slice(0, at))}[${some}]${times}${escaped(word.slice(at + 1))}`;
      }
      case 6:
        return `${literal()}(?=${glue()})`;
      case 7:
        return `(${glue()})${literal()}`;
      default:
        return `${literal()}${glue()}${literal()}`;
    }
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random(list.length)]!;
  }
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
