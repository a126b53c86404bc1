import { copyFileSync, cpSync, linkSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Random } from '../../test/crash/support/random.js';
import type { BorrowedRepository } from '../../test/support/borrowed.js';
import type { Report } from '../support/measure.js';

/** The command line, from the folder that bundles run in. */
export const mainProgram = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What every part of the bench works with. */
export interface HistoryBench {
  /** The repository that was asked for. It is only read. */
  readonly origin: string;
  readonly repository: BorrowedRepository;
  /** Holds the whole history. Parts that write do so in a copy. */
  readonly store: string;
  /** For what is made on the way. */
  readonly folder: string;
  /** Every commit that is recorded, newest first. */
  readonly commits: readonly string[];
  readonly random: Random;
  readonly report: Report;
  readonly repetitions: number;
}

export const progress = (text: string): void => void process.stderr.write(`\r${text} \x1b[K`);

/** So many different ones, or all there are. */
export function pickSome<T>(list: readonly T[], count: number, random: Random): T[] {
  const left = [...list];
  for (let i = 0; i < Math.min(count, left.length); i++) {
    const other = i + random(left.length - i);
    [left[i], left[other]] = [left[other]!, left[i]!];
  }
  return left.slice(0, count);
}

/** So many random commits in which something was found, with what it was. */
export function pickCommits<T>(
  { commits, random }: HistoryBench,
  count: number,
  look: (commit: string) => T | null,
): { commit: string; found: T }[] {
  const picked: { commit: string; found: T }[] = [];
  for (const commit of pickSome(commits, commits.length, random)) {
    if (picked.length === count) break;
    const found = look(commit);
    if (found !== null) picked.push({ commit, found });
    progress(`choosing commits: ${picked.length}`);
  }
  return picked;
}

/** A copy to write to. Segment files never change, so they are shared where the file system can. */
export function copyStore(from: string, to: string): string {
  mkdirSync(join(to, 'segments'), { recursive: true });
  for (const name of readdirSync(join(from, 'segments'))) {
    const [source, target] = [join(from, 'segments', name), join(to, 'segments', name)];
    try {
      linkSync(source, target);
    } catch {
      copyFileSync(source, target);
    }
  }
  cpSync(from, to, {
    recursive: true,
    filter: (path) => path === from || !/^(?:segments|writer\.lock)/.test(path.slice(from.length + 1)),
  });
  return to;
}
