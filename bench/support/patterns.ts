import { spawnSync } from 'node:child_process';
import { git } from './measure.js';

export interface BenchPattern {
  readonly source: string;
  readonly literal: boolean;
  /** Lines that have it, roughly. */
  readonly lines: number;
}

/** Plain lines of a rev's files: of all of them, or of so many spread over the tree. */
export function linesAt(repo: string, rev: string, filesMax = 3000): string[] {
  const listing = git(repo, 'ls-tree', '-r', '-l', rev)
    .split('\n')
    .filter((line) => /^100/.test(line));
  const oids = listing.filter((line) => Number(line.split(/\s+/)[3]) < 200_000).map((line) => line.split(/\s+/)[2]!);
  const step = Math.max(1, Math.floor(oids.length / filesMax));
  const input = oids.filter((_, i) => i % step === 0).join('\n') + '\n';
  const { stdout } = spawnSync('git', ['-C', repo, 'cat-file', '--batch'], { input, maxBuffer: 2 ** 31 - 1 });
  return stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => line.length <= 300 && !/[^\x20-\x7e\t]/.test(line));
}

export const wordsOf = (line: string): string[] => line.match(/[A-Za-z_][A-Za-z0-9_]{3,24}/g) ?? [];

/** How many of the lines have each word. */
export function countWords(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) for (const word of new Set(wordsOf(line))) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Picks words by frequency: 0 is the rarest, 1 the most common, with even steps of log frequency between. */
export function wordPicker(counts: ReadonlyMap<string, number>): (share: number) => [word: string, count: number] {
  const words = [...counts].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
  const [least, most] = [words[0]![1], words.at(-1)![1]];
  return (share) => {
    const wanted = least * (most / least) ** share;
    const near = words.filter(([, count]) => count >= wanted * 0.85 && count <= wanted * 1.15);
    return (
      near[Math.floor(near.length / 2)] ??
      words.reduce((a, b) => (Math.abs(b[1] - wanted) < Math.abs(a[1] - wanted) ? b : a))
    );
  };
}

/**
 * Thirty patterns from rare to common, chosen by the words of a rev: twenty literals at even steps of log frequency, and
 * ten regular expressions made of such words.
 */
export function choosePatterns(repo: string, rev = 'HEAD'): { patterns: BenchPattern[]; lines: string[] } {
  const lines = linesAt(repo, rev);
  const counts = countWords(lines);
  const repeated = new Map([...counts].filter(([, count]) => count >= 2));
  const at = wordPicker(repeated.size > 0 ? repeated : counts);
  const patterns: BenchPattern[] = [];
  for (let i = 0; i < 20; i++) {
    const [source, count] = at(i / 19);
    patterns.push({ source, literal: true, lines: count });
  }
  const shapes: ((a: string, b: string) => string)[] = [
    (a) => `\\b${a}\\b`,
    (a) => `${a}\\(`,
    (a) => `^\\s*${a}`,
    (a, b) => `${a}|${b}`,
    (a) => `${a}[a-z]+`,
    (a) => `${a.slice(0, 4)}\\w*\\s*=`,
    (a, b) => `${a}.*${b}`,
    (a) => `["']${a}["']`,
    (a) => `[A-Z]\\w*${a.slice(-4)}`,
    (a) => `${a}[,;)]$`,
  ];
  shapes.forEach((shape, i) => {
    const [a, count] = at(0.15 + (0.7 * i) / 9);
    const [b] = at(0.5);
    patterns.push({ source: shape(a, b), literal: false, lines: count });
  });
  return { patterns: patterns.sort((a, b) => a.lines - b.lines), lines };
}

/** Queries as people type them: names, and pairs and triples of words of one line. */
export function chooseQueries(lines: readonly string[]): string[] {
  const queries: string[] = [];
  const step = Math.max(1, Math.floor(lines.length / 400));
  for (let i = 0; i < lines.length && queries.length < 60; i += step) {
    const words = wordsOf(lines[i]!);
    if (words.length < 2) continue;
    queries.push(words.slice(0, 1 + (queries.length % 4)).join(' '));
  }
  return queries;
}
