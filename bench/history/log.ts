import { openEngine } from 'coppice';
import type { Engine } from 'coppice';
import { git } from '../../test/support/git.js';
import { median, timed, timedProcess } from '../support/measure.js';
import { countWords, wordPicker } from '../support/patterns.js';
import { isTextBlob } from '../support/text-blobs.js';
import { pickSome, progress } from './context.js';
import type { HistoryBench } from './context.js';

/** Commits whose changed lines give the words. */
const commitsLookedAt = 300;
const ourRepetitions = 5;

/** Only a file that moves unchanged is the same file to Coppice. */
const gitOptions = ['--first-parent', '-M100%', '--format=%H'];

interface LogMeasured {
  readonly literal: string;
  readonly commits: number;
  /** Commits that only one side has, but for those that change it only in files that are not text to Coppice. */
  readonly commitsDiffer: readonly string[];
  /** Commits of lines' changes that `git log -G` has not, or that `git log -S` has and the lines have not. */
  readonly linesDiffer: readonly string[];
  /** Commits that differ in files that are not text. */
  readonly notText: number;
  readonly logCommitsMs: number;
  readonly logMs: number;
  readonly gitPickaxeMs: number;
  readonly gitGrepMs: number;
}

/** History search from rare to common literals, against `git log -S` and `-G`. */
export async function measureLog(bench: HistoryBench, patternCount: number): Promise<void> {
  const { repository, report, store } = bench;
  const engine = await openEngine({ repo: repository.path, store });
  const results: LogMeasured[] = [];
  const readable = readablePaths(bench);
  for (const literal of chooseLiterals(bench, patternCount)) {
    results.push(await measureLiteral(bench, engine, literal, readable));
    progress(`git log: ${results.length} patterns`);
  }
  await engine.close();
  const differing = results.filter(({ commitsDiffer }) => commitsDiffer.length > 0);
  for (const { literal, commitsDiffer } of differing)
    console.error(`\nlog ${literal}: ${commitsDiffer.slice(0, 5).join(', ')} differ`);
  const notText = results.reduce((sum, result) => sum + result.notText, 0);
  report.add(
    'commits that change a literal: sets that differ from git log -S',
    `${differing.length} of ${results.length}, from ${Math.min(...results.map(({ commits }) => commits))} to ${Math.max(...results.map(({ commits }) => commits))} commits (${notText} commits change it only in files that are not text)`,
    '0',
    differing.length === 0,
    results,
  );
  const linesDiffer = results.filter((result) => result.linesDiffer.length > 0);
  for (const { literal, linesDiffer: commits } of linesDiffer)
    console.error(`\nlog of lines ${literal}: ${commits.slice(0, 5).join(', ')} differ`);
  report.add(
    'log of lines: sets without a commit of git log -S, or with one that git log -G has not',
    `${linesDiffer.length} of ${results.length}`,
    '0',
    linesDiffer.length === 0,
  );
  const ratio = (ours: 'logCommitsMs' | 'logMs', git: 'gitPickaxeMs' | 'gitGrepMs'): number[] =>
    results.map((result) => result[git] / result[ours]);
  const p50 = (key: 'logCommitsMs' | 'logMs' | 'gitPickaxeMs' | 'gitGrepMs'): string =>
    `${median(results.map((result) => result[key])).toFixed(1)} ms`;
  const commitRatios = ratio('logCommitsMs', 'gitPickaxeMs');
  report.add(
    'commits that change a literal, along first parents, against git log -S',
    `${median(commitRatios).toFixed(0)}x at the median of ${results.length} literals (worst ${Math.min(...commitRatios).toFixed(0)}x; ours ${p50('logCommitsMs')}, git ${p50('gitPickaxeMs')})`,
    '≥ 500x at the median',
    median(commitRatios) >= 500,
  );
  const [toPickaxe, toGrep] = [ratio('logMs', 'gitPickaxeMs'), ratio('logMs', 'gitGrepMs')];
  report.add(
    'log of lines, the same literals',
    `${median(toPickaxe).toFixed(0)}x git log -S (worst ${Math.min(...toPickaxe).toFixed(0)}x), ${median(toGrep).toFixed(0)}x git log -G (worst ${Math.min(...toGrep).toFixed(0)}x); ours ${p50('logMs')}, git log -G ${p50('gitGrepMs')}`,
    '',
    null,
  );
}

/** Git's time is long: it is asked once, between our own runs. */
async function measureLiteral(
  bench: HistoryBench,
  engine: Engine,
  literal: string,
  readable: readonly string[],
): Promise<LogMeasured> {
  const { path } = bench.repository;
  const options = { literal: true, firstParent: true, deadlineMs: 60_000 };
  const logCommitsTimes: number[] = [];
  const logTimes: number[] = [];
  let commits = new Set<string>();
  let lineCommits = new Set<string>();
  const askOurs = async (): Promise<void> => {
    const byCommit = await timed(() => gathered(engine.logCommits(literal, ['HEAD'], options)));
    const byLine = await timed(() => gathered(engine.log(literal, ['HEAD'], options)));
    logCommitsTimes.push(byCommit.ms);
    logTimes.push(byLine.ms);
    commits = new Set(byCommit.result.map(({ commit }) => commit));
    const changes = byLine.result.flatMap(({ appeared, disappeared }) => [...appeared, ...disappeared]);
    lineCommits = new Set(changes.filter(({ firstParent }) => firstParent).map(({ commit }) => commit));
  };
  const askGit = (kind: string): { ms: number; commits: Set<string> } => {
    const args = ['-C', path, 'log', kind + literal, ...gitOptions, 'HEAD', '--', ...readable];
    const { ms, stdout, status } = timedProcess('git', args);
    if (status !== 0) throw new Error(`git log ${kind}${literal} failed`);
    return {
      ms,
      commits: new Set(
        stdout
          .toString()
          .split('\n')
          .filter((line) => line !== ''),
      ),
    };
  };
  await askOurs();
  const pickaxe = askGit('-S');
  await askOurs();
  const grep = askGit('-G');
  while (logTimes.length < ourRepetitions) await askOurs();

  const differ = [...without(pickaxe.commits, commits), ...without(commits, pickaxe.commits)];
  const linesDiffer = [...without(pickaxe.commits, lineCommits), ...without(lineCommits, grep.commits)];
  const commitsDiffer = differ.filter((commit) => onlyText(bench, commit, literal, readable));
  return {
    literal,
    commits: commits.size,
    commitsDiffer,
    linesDiffer: linesDiffer.filter((commit) => onlyText(bench, commit, literal, readable)),
    notText: differ.length - commitsDiffer.length,
    logCommitsMs: median(logCommitsTimes),
    logMs: median(logTimes),
    gitPickaxeMs: pickaxe.ms,
    gitGrepMs: grep.ms,
  };
}

async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const without = (set: ReadonlySet<string>, other: ReadonlySet<string>): string[] =>
  [...set].filter((commit) => !other.has(commit));

/** Whether what a commit changes is text on both sides in some file where git counts the literal otherwise. */
function onlyText({ repository }: HistoryBench, commit: string, literal: string, readable: readonly string[]): boolean {
  const [, parent] = repository.git('rev-list', '--parents', '--max-count=1', commit).split(' ');
  const trees = parent === undefined ? ['--root', commit] : [parent, commit];
  const args = ['diff-tree', '-r', '--raw', '--no-abbrev', '--no-commit-id', '-M100%'];
  const paths = ['--', ...readable];
  const changed =
    repository.git(...args, `-S${literal}`, ...trees, ...paths) || repository.git(...args, ...trees, ...paths);
  return changed.split('\n').some((line) => {
    const match = /^:(\d+) (\d+) ([0-9a-f]+) ([0-9a-f]+) /.exec(line);
    if (match === null) return false;
    const sides = [
      [match[1]!, match[3]!],
      [match[2]!, match[4]!],
    ] as const;
    return sides.every(
      ([mode, oid]) => mode === '000000' || (mode.startsWith('100') && isTextBlob(repository.path, oid)),
    );
  });
}

/** All paths but those of blobs that the repository lacks: git stops at the first one that it cannot read. */
function readablePaths({ repository }: HistoryBench): string[] {
  const objects = repository.git('rev-list', '--objects', '--no-object-names', '--missing=print', 'HEAD').split('\n');
  const missing = new Set(objects.filter((line) => line.startsWith('?')).map((line) => line.slice(1)));
  if (missing.size === 0) return ['.'];
  const log = repository.git(
    'log',
    '--first-parent',
    '-m',
    '--raw',
    '--no-abbrev',
    '--no-renames',
    '--format=',
    'HEAD',
  );
  const paths = new Set<string>();
  for (const line of log.split('\n')) {
    const [before, path] = line.split('\t');
    if (path !== undefined && before!.split(' ').some((word) => missing.has(word))) paths.add(path);
  }
  return ['.', ...Array.from(paths, (path) => `:(top,exclude,literal)${path}`)];
}

/** Words of lines that random commits changed, from rare to common. */
function chooseLiterals({ repository, random }: HistoryBench, count: number): string[] {
  const commits = repository.git('rev-list', '--first-parent', 'HEAD').split('\n');
  const patch = git(
    repository.path,
    [
      'log',
      '--no-walk=unsorted',
      '--stdin',
      '-p',
      '-U0',
      '--diff-merges=first-parent',
      '--no-ext-diff',
      '--no-textconv',
      '--format=',
    ],
    pickSome(commits, commitsLookedAt, random).join('\n'),
  );
  const lines = patch.split('\n').filter((line) => /^[+-](?![+-])[\x20-\x7e\t]{0,300}$/.test(line));
  const counts = countWords(lines);
  const literals: string[] = [];
  for (let i = 0; i < count && counts.size > 0; i++) {
    const [word] = wordPicker(counts)(i / Math.max(1, count - 1));
    literals.push(word);
    counts.delete(word);
  }
  return literals;
}
