import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../../src/engine/types.js';
import { pickSome } from '../history/context.js';
import { median, quantile, timed } from '../support/measure.js';
import { BenchDaemon } from './bench-daemon.js';
import { linesOf, mib, ms, storeOf } from './context.js';
import type { DaemonBench } from './context.js';
import { rssOf } from './process-usage.js';
import { pause, waitUntil } from './waiting.js';
import { makeWorkRepository, someTextFiles } from './work-repository.js';
import type { TextFile } from './work-repository.js';

const worktreeCount = 50;
const dirtyFiles = 5;

/** Many linked work trees of one repository, each with edits of its own. */
export async function measureWorktrees(bench: DaemonBench): Promise<void> {
  const { report, folder, random } = bench;
  const repository = makeWorkRepository(join(folder, 'repo'), bench.origin, bench);
  const files = someTextFiles(repository, 100, random);
  const worktrees = Array.from({ length: worktreeCount }, (_, i) => {
    const path = join(folder, `tree-${i}`);
    repository.git('worktree', 'add', '-q', '--detach', path, 'main');
    return new DirtyWorktree(path, i, pickSome(files, dirtyFiles, random));
  });
  const store = storeOf(bench);
  const daemon = BenchDaemon.start(store);
  await daemon.engine(repository.path).index(['HEAD']);
  await askFor(daemon.engine(worktrees[0]!.path), worktrees[0]!);
  const sizeOfOne = await settledSize(store);

  const [first, second]: [number[], number[]] = [[], []];
  let wrong = 0;
  for (const worktree of worktrees.slice(1)) {
    const engine = daemon.engine(worktree.path);
    for (const times of [first, second]) {
      const { ms: took, result: isRight } = await timed(() => askFor(engine, worktree));
      times.push(took);
      if (!isRight) wrong++;
    }
  }
  const sizeOfAll = await settledSize(store);
  await daemon.watching();
  const { worktrees: watched } = await daemon.describe();
  const rss = rssOf(daemon.pid);
  // All of them are watched now: whatever is saved in one is found there.
  for (const worktree of worktrees) {
    worktree.edit(1);
    if (!(await askFor(daemon.engine(worktree.path), worktree))) wrong++;
  }
  await daemon.stop();

  const p50 = median(first);
  report.add(
    `first search in a new work tree of ${repository.git('ls-files').split('\n').length} files, ${dirtyFiles} of them dirty (${first.length} of them)`,
    `p50 ${ms(p50)} ms, p99 ${ms(quantile(first, 0.99))} ms, most ${ms(Math.max(...first))} ms`,
    'p50 ≤ 150 ms',
    p50 <= 150,
    first,
  );
  report.add(
    'second search there',
    `p50 ${ms(median(second))} ms, most ${ms(Math.max(...second))} ms`,
    '',
    null,
    second,
  );
  const ratio = sizeOfAll / sizeOfOne;
  report.add(
    `store for ${worktreeCount} work trees, against one`,
    `${ratio.toFixed(3)}x (${(sizeOfAll / 1e6).toFixed(2)} MB, ${(sizeOfOne / 1e6).toFixed(2)} MB)`,
    '≤ 1.05x',
    ratio <= 1.05,
    { sizeOfOne, sizeOfAll },
  );
  report.add(
    'answers that miss the edits of their work tree, or have those of another',
    String(wrong),
    '0',
    wrong === 0,
  );
  const watching = watched.filter(({ state }) => state === 'watching');
  report.add(
    'the daemon then',
    `RSS ${mib(rss)}, ${watching.length} of ${watched.length} work trees watched, ${watching.reduce((sum, { folders }) => sum + folders, 0)} folders`,
    '',
    null,
    watched,
  );
}

/** Whether the edits of the work tree are found, and no others. */
async function askFor(engine: Engine, worktree: DirtyWorktree): Promise<boolean> {
  const found = await engine.grep('treemark_\\d+_', { rev: '@worktree' });
  return found.freshness === 'live' && linesOf(found).sort().join('\n') === worktree.marks().join('\n');
}

class DirtyWorktree {
  private readonly lines = new Map<string, string[]>();

  constructor(
    readonly path: string,
    private readonly number: number,
    private readonly files: readonly TextFile[],
  ) {
    this.edit(dirtyFiles);
  }

  /** Adds a line to so many of its files. */
  edit(count: number): void {
    for (const { path, text } of this.files.slice(0, count)) {
      const marker = `treemark_${this.number}_`;
      appendFileSync(join(this.path, path), `${marker}\n`);
      const lines = this.lines.get(path) ?? [];
      lines.push(`${path}:${text.split('\n').length + lines.length}:${marker}`);
      this.lines.set(path, lines);
    }
  }

  marks(): string[] {
    return [...this.lines.values()].flat().sort();
  }
}

/** Size of a store's files once nobody merges any more. */
async function settledSize(store: string): Promise<number> {
  let size = 0;
  await waitUntil('the store to settle', 60_000, async () => {
    const before = size;
    await pause(1000);
    return (size = sizeOf(store)) === before;
  });
  return size;
}

const sizeOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes(join(folder, 'daemon')))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
