import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openEngine } from 'coppice';
import type { Engine } from 'coppice';
import type { BorrowedRepository } from '../../test/support/borrowed.js';
import { git as runGit } from '../../test/support/git.js';
import { median, quantile, timed } from '../support/measure.js';
import { isTextBlob } from '../support/text-blobs.js';
import { copyStore, pickSome, progress } from './context.js';
import type { HistoryBench } from './context.js';

const branch = 'refs/heads/coppice-bench';
const commitCount = 50;
const filesMax = 5;
const olderVersionsLookedAt = 3000;
const blobBytesMax = 500_000;
/** About what a fork appends. */
const forkBytes = 280;

interface NewCommit {
  readonly oid: string;
  /** A line that only this commit adds, to each of the files. */
  readonly marker: string;
  readonly paths: readonly string[];
}

/** New commits on top of HEAD, each indexed by an engine that is open, in a copy of the store. */
export async function measureNewCommits(bench: HistoryBench): Promise<void> {
  const { repository, report } = bench;
  const commits = makeCommits(bench);
  const store = copyStore(bench.store, join(bench.folder, 'store-commits'));
  const engine = await openEngine({ repo: repository.path, store });
  await engine.grep('coppice', { literal: true }); // as in a process that has been at work
  // For comparison: the same where HEAD alone was indexed.
  const alone = await openEngine({ repo: repository.path, store: join(bench.folder, 'store-head') });
  await alone.index(['HEAD']);
  await alone.grep('coppice', { literal: true });
  const times: number[] = [];
  const aloneTimes: number[] = [];
  for (const { oid } of commits) {
    repository.git('update-ref', branch, oid);
    times.push((await timed(() => engine.index([branch]))).ms);
    aloneTimes.push((await timed(() => alone.index([branch]))).ms);
    progress(`new commits: ${times.length} indexed`);
  }
  await alone.close();
  const files = commits.reduce((sum, { paths }) => sum + paths.length, 0);
  report.add(
    `one more commit, ${commits.length} one by one, ${(files / commits.length).toFixed(1)} changed files each`,
    `p50 ${median(times).toFixed(1)} ms, p90 ${quantile(times, 0.9).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms (on top of HEAD alone p50 ${median(aloneTimes).toFixed(1)} ms)`,
    'p50 ≤ 30 ms',
    median(times) <= 30,
    { times, aloneTimes },
  );
  let found = 0;
  for (const commit of commits) if (await isRecorded(engine, commit)) found++;
  await engine.close();
  repository.git('update-ref', '-d', branch);
  report.add(
    'of which log then finds the line that each adds',
    `${found} of ${commits.length}`,
    'all',
    found === commits.length,
  );
}

/** Forks of HEAD in a copy of the store. */
export async function measureForks(bench: HistoryBench, count: number): Promise<void> {
  const store = copyStore(bench.store, join(bench.folder, 'store-forks'));
  const engine = await openEngine({ repo: bench.repository.path, store });
  const forks: number[] = [];
  const calls: number[] = [];
  const bare: number[] = [];
  const file = openSync(join(bench.folder, 'appended'), 'a');
  for (let i = 0; i < count; i++) {
    const { ms, result } = await timed(() => engine.fork(`fork-${i}`));
    calls.push(ms);
    forks.push(result.tookMs);
    const appended = timed(() => {
      writeSync(file, Buffer.alloc(forkBytes));
      fdatasyncSync(file);
    });
    bare.push((await appended).ms);
  }
  closeSync(file);
  const { chunks, commits } = await engine.status();
  await engine.close();
  bench.report.add(
    `durable fork, store of ${chunks.toLocaleString('en')} chunks and ${commits.toLocaleString('en')} commits`,
    `p50 ${median(forks).toFixed(2)} ms, p99 ${quantile(forks, 0.99).toFixed(2)} ms (whole call p50 ${median(calls).toFixed(2)} ms; a bare synced append p50 ${median(bare).toFixed(2)} ms)`,
    'p50 ≤ 1 ms',
    median(forks) <= 1,
    { forks, calls, bare },
  );
}

async function isRecorded(engine: Engine, { oid, marker, paths }: NewCommit): Promise<boolean> {
  let isFound = false;
  for await (const { line, appeared } of engine.log(marker, [branch], { literal: true })) {
    const [change] = appeared;
    isFound = line === marker && appeared.length === 1 && change!.commit === oid;
    isFound &&= [...change!.paths].sort().join('\n') === [...paths].sort().join('\n');
  }
  if (!isFound) console.error(`\nlog does not find ${marker} of ${oid}`);
  return isFound;
}

/** A chain of commits that each take some files back to an older version of theirs, with one line more. */
function makeCommits({ folder, random, repository }: HistoryBench): NewCommit[] {
  const versions = olderVersions(repository);
  const index = { GIT_INDEX_FILE: join(folder, 'index') };
  const git = (args: readonly string[], input = ''): string => runGit(repository.path, args, input, index);
  git(['read-tree', 'HEAD']);
  const commits: NewCommit[] = [];
  let parent = git(['rev-parse', 'HEAD^{commit}']);
  while (commits.length < commitCount) {
    const marker = `coppice_bench_${commits.length}_${random(1e9).toString(36)}`;
    const paths: string[] = [];
    let entries = '';
    for (const path of pickSome([...versions.keys()], 1 + random(filesMax), random)) {
      const oids = versions.get(path)!;
      const oid = oids[random(oids.length)]!;
      if (Number(git(['cat-file', '-s', oid])) > blobBytesMax || !isTextBlob(repository.path, oid)) continue;
      const lines = git(['cat-file', 'blob', oid]).split('\n');
      lines.splice(random(lines.length), 0, marker);
      const blob = git(['hash-object', '-w', '--stdin'], `${lines.join('\n')}\n`);
      entries += `100644 ${blob}\t${path}\n`;
      paths.push(path);
    }
    if (paths.length === 0) continue;
    git(['update-index', '--index-info'], entries);
    const tree = git(['write-tree']);
    const oid = git(['commit-tree', tree, '-p', parent], `bench ${commits.length}\n`);
    commits.push({ oid, marker, paths });
    parent = oid;
    progress(`new commits: ${commits.length} made`);
  }
  return commits;
}

/** Earlier blobs of the plain files that are still there, by path. */
function olderVersions(repository: BorrowedRepository): Map<string, string[]> {
  const range = ['--first-parent', '--diff-merges=first-parent', `--max-count=${olderVersionsLookedAt}`, 'HEAD'];
  const changes = repository.git('log', '--raw', '--no-abbrev', '--no-renames', '--format=', ...range);
  const listing = repository.git('ls-tree', '-r', 'HEAD');
  const versions = new Map<string, string[]>();
  // Git quotes paths with other characters; there are enough without.
  for (const [, path] of listing.matchAll(/^100644 blob [0-9a-f]+\t([\w./ -]+)$/gm)) versions.set(path!, []);
  for (const [, oid, path] of changes.matchAll(/^:100644 \d+ ([0-9a-f]+) [0-9a-f]+ [MD]\t([\w./ -]+)$/gm))
    versions.get(path!)?.push(oid!);
  return new Map([...versions].filter(([, oids]) => oids.length > 0));
}
