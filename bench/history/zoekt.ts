import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../../test/support/git.js';
import { isOnPath, median, timedProcess } from '../support/measure.js';
import { linesAt, wordsOf } from '../support/patterns.js';
import { mainProgram, pickSome } from './context.js';
import type { HistoryBench } from './context.js';

/** As many as one of its indexes can hold. */
const branchesMax = 64;
const wordCount = 15;

/** Zoekt with as many branches as it takes, where it is installed: its index, and a search by the command line. */
export function measureZoekt(bench: HistoryBench): void {
  const { folder, random, report, repository, store } = bench;
  const what = `zoekt with its maximum of ${branchesMax} branches`;
  if (!isOnPath('zoekt-git-index') || !isOnPath('zoekt')) {
    report.add(what, 'zoekt-git-index and zoekt are not on the PATH', '', null);
    return;
  }
  const branches = repository.refs
    .flatMap(({ name }) => (name.startsWith('refs/heads/') ? [name.slice('refs/heads/'.length)] : []))
    .slice(0, branchesMax);
  const shards = join(folder, 'zoekt');
  const args = ['-index', shards, '-submodules=false', '-disable_ctags', '-branches', branches.join(',')];
  const clone = cloneFor(bench);
  const start = performance.now();
  const indexing = spawnSync('zoekt-git-index', [...args, clone]);
  const indexMs = performance.now() - start;
  if (indexing.status !== 0) {
    report.add(what, `zoekt-git-index failed: ${indexing.stderr.toString().trim().split('\n').at(-1)}`, '', null);
    return;
  }
  const bytes = readdirSync(shards).reduce((sum, name) => sum + statSync(join(shards, name)).size, 0);
  const words = [...new Set(linesAt(repository.path, 'HEAD', 200).flatMap(wordsOf))];
  const theirs: number[] = [];
  const ours: number[] = [];
  for (const word of pickSome(words, wordCount, random)) {
    theirs.push(timedProcess('zoekt', ['-index_dir', shards, `case:yes content:${word} branch:${branches[0]!}`]).ms);
    const own = ['grep', '-F', '-e', word, '--rev', branches[0]!, '--repo', repository.path, '--store', store];
    ours.push(timedProcess(process.execPath, [mainProgram, ...own]).ms);
  }
  report.add(
    what,
    `${branches.length} branches in ${(indexMs / 1000).toFixed(1)} s, ${(bytes / 1e6).toFixed(1)} MB; one-shot search p50 ${median(theirs).toFixed(0)} ms (coppice grep ${median(ours).toFixed(0)} ms)`,
    '',
    null,
    { branches: branches.length, indexMs, bytes, theirs, ours },
  );
}

/** Its own reader of git follows neither borrowed objects nor links: a clone that shares files with the repository. */
function cloneFor({ folder, origin, repository }: HistoryBench): string {
  const path = join(folder, 'zoekt-clone');
  git(folder, ['clone', '-q', '--mirror', '--local', origin, path]);
  copyFileSync(join(repository.path, 'packed-refs'), join(path, 'packed-refs'));
  copyFileSync(join(repository.path, 'HEAD'), join(path, 'HEAD'));
  return path;
}
