import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
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
  const indexing = timedProcess('zoekt-git-index', [
    '-index',
    shards,
    '-submodules=false',
    '-require_ctags=false',
    '-branches',
    branches.join(','),
    repository.path,
  ]);
  if (indexing.status !== 0) throw new Error('zoekt-git-index failed');
  const bytes = readdirSync(shards).reduce((sum, name) => sum + statSync(join(shards, name)).size, 0);
  const words = [...new Set(linesAt(repository.path, 'HEAD', 200).flatMap(wordsOf))];
  const theirs: number[] = [];
  const ours: number[] = [];
  for (const word of pickSome(words, wordCount, random)) {
    theirs.push(timedProcess('zoekt', ['-index_dir', shards, `case:yes content:${word} branch:${branches[0]!}`]).ms);
    const args = ['grep', '-F', '-e', word, '--rev', branches[0]!, '--repo', repository.path, '--store', store];
    ours.push(timedProcess(process.execPath, [mainProgram, ...args]).ms);
  }
  report.add(
    what,
    `${branches.length} branches in ${(indexing.ms / 1000).toFixed(1)} s, ${(bytes / 1e6).toFixed(1)} MB; one-shot search p50 ${median(theirs).toFixed(0)} ms (coppice grep ${median(ours).toFixed(0)} ms)`,
    '',
    null,
    { branches: branches.length, indexMs: indexing.ms, bytes, theirs, ours },
  );
}
