import { openEngine } from 'coppice';
import type { IndexResult } from 'coppice';
import { countTextBlobs } from '../support/text-blobs.js';
import { watchProcess } from '../support/watched-process.js';
import type { WatchedProcess } from '../support/watched-process.js';
import { mainProgram } from './context.js';
import type { HistoryBench } from './context.js';

const mebi = 2 ** 20;

/** Indexes every commit of all branches and tags in a process of its own. */
export async function indexWhole(repo: string, store: string): Promise<WatchedProcess> {
  const args = ['index', '--all', '--history', '--json', '--repo', repo, '--store', store];
  return watchProcess(process.execPath, [mainProgram, ...args]);
}

/** What it took, and what it made. */
export async function measureWhole(bench: HistoryBench, run: WatchedProcess): Promise<void> {
  const { repository, report } = bench;
  const { commits } = JSON.parse(run.stdout) as IndexResult;
  const text = await countTextBlobs(repository.path);
  const engine = await openEngine({ repo: repository.path, store: bench.store });
  const { sizeBytes, segments, ...status } = await engine.status();
  await engine.close();
  const megabytes = text.bytes / 1e6;
  const seconds = run.ms / 1000;
  const { ownPeakBytes, treePeakBytes } = run;
  const detail = { ...run, stdout: undefined, commits, text, sizeBytes, segments, status };
  report.add(
    'whole history',
    `${commits.toLocaleString('en')} commits in ${seconds.toFixed(1)} s, ${text.blobs.toLocaleString('en')} distinct text blobs of ${megabytes.toFixed(1)} MB, ${segments} segments`,
    'every commit',
    commits === bench.commits.length && status.commits === commits,
    detail,
  );
  report.add('commits per second', (commits / seconds).toFixed(0), '≥ 100', commits / seconds >= 100);
  report.add(
    'distinct text per second',
    `${(megabytes / seconds).toFixed(1)} MB/s`,
    '≥ 6 MB/s',
    megabytes / seconds >= 6,
  );
  report.add(
    'peak memory, with the git processes',
    treePeakBytes === 0
      ? 'not known on this system'
      : `${(treePeakBytes / mebi).toFixed(0)} MiB (Coppice itself ${(ownPeakBytes / mebi).toFixed(0)} MiB)`,
    '≤ 2 GiB',
    treePeakBytes === 0 ? null : treePeakBytes <= 2048 * mebi,
  );
  report.add(
    'store, of the distinct text',
    `${(sizeBytes / text.bytes).toFixed(2)}x (${(sizeBytes / 1e6).toFixed(1)} MB)`,
    '≤ 0.35x',
    sizeBytes <= 0.35 * text.bytes,
  );
}
