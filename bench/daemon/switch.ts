import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gitGrep } from '../../test/property/support/git-grep.js';
import type { Files, TestRepository } from '../../test/support/git.js';
import { pickSome } from '../history/context.js';
import { median, quantile, timed } from '../support/measure.js';
import { choosePatterns } from '../support/patterns.js';
import { BenchDaemon } from './bench-daemon.js';
import { linesOf, ms, storeOf } from './context.js';
import type { DaemonBench } from './context.js';
import { pause } from './waiting.js';
import { makeWorkRepository } from './work-repository.js';

const changedFiles = 500;
/** Of which are only on one of the branches, on each side. */
const ownFiles = 10;
const switchCount = 20;
const giveUpMs = 30_000;
const thinkMs = 500;

interface Switch {
  readonly gitMs: number;
  /** From git's return to an answer that is right. */
  readonly ms: number;
  readonly answers: number;
  readonly wrong: number;
}

/** `git switch` between two branches that are indexed, and then a grep of the work tree. */
export async function measureSwitch(bench: DaemonBench): Promise<void> {
  const { report } = bench;
  const repository = makeWorkRepository(join(bench.folder, 'repo'), bench.origin, bench);
  const changed = commitOther(bench, repository);
  const daemon = BenchDaemon.start(storeOf(bench));
  const engine = daemon.engine(repository.path);
  await engine.index(['main', 'other', '@worktree']);
  await daemon.watching();
  const word = choosePatterns(repository.path).patterns.findLast(({ literal, lines }) => literal && lines <= 2000)!;
  const pattern = `switchmark_\\d+_|${word.source}`;
  const expected = (): string[] =>
    gitGrep(repository.gitDir, 'HEAD', { pattern, literal: false, ignoreCase: false, wholeWord: false }, new Set());

  const switchOnce = async (branch: string): Promise<Switch> => {
    const gitMs = (await timed(() => repository.git('switch', '-q', branch))).ms;
    const startMs = performance.now();
    const answered: { lines: string; live: boolean }[] = [];
    // What is right is looked up after the answer, so that git's own time is in no figure.
    let found = await engine.grep(pattern, { rev: '@worktree' });
    let elapsed = performance.now() - startMs;
    const wanted = expected().join('\n');
    for (;;) {
      answered.push({ lines: linesOf(found).join('\n'), live: found.freshness === 'live' });
      if (answered.at(-1)!.lines === wanted) break;
      if (elapsed > giveUpMs) throw new Error(`${branch} is checked out, and not found after ${giveUpMs} ms`);
      found = await engine.grep(pattern, { rev: '@worktree' });
      elapsed = performance.now() - startMs;
    }
    const wrong = answered.filter(({ lines, live }) => live && lines !== wanted).length;
    return { gitMs, ms: elapsed, answers: answered.length, wrong };
  };

  await switchOnce('other');
  await switchOnce('main');
  const before = await engine.status();
  const switches: Switch[] = [];
  for (let i = 0; i < switchCount; i++) {
    await pause(thinkMs);
    switches.push(await switchOnce(i % 2 === 0 ? 'other' : 'main'));
  }
  const after = await engine.status();
  await daemon.stop();

  const times = switches.map((one) => one.ms);
  const p50 = median(times);
  report.add(
    `git switch over ${changed} files, from its return to the right answer (${switches.length} switches)`,
    `p50 ${ms(p50)} ms, p99 ${ms(quantile(times, 0.99))} ms (git itself ${ms(median(switches.map(({ gitMs }) => gitMs)))} ms)`,
    'p50 ≤ 200 ms',
    p50 <= 200,
    switches,
  );
  const wrong = switches.reduce((sum, one) => sum + one.wrong, 0);
  report.add('answers that say `live` and are of the other branch', String(wrong), '0', wrong === 0);
  const [files, chunks] = [after.files - before.files, after.chunks - before.chunks];
  report.add('indexed by the switches', `${files} files, ${chunks} chunks`, '0', files === 0 && chunks === 0);
}

/** A branch `other` that has some files changed, some added and some removed; how many differ. */
function commitOther({ random }: DaemonBench, repository: TestRepository): number {
  const paths = repository.git('ls-files', '-z').split('\0').filter(Boolean);
  const picked = pickSome(paths, changedFiles - ownFiles, random);
  const files: Record<string, Files[string]> = {};
  picked.forEach((path, i) => {
    const content = readFileSync(join(repository.path, path));
    files[path] = i < ownFiles ? null : Buffer.concat([content, Buffer.from(`\nswitchmark_${i}_\n`)]);
  });
  for (let i = 0; i < ownFiles; i++) files[`switchmark/new-${i}.txt`] = `switchmark_${i}_\n`;
  repository.commit(files, { branch: 'other', parents: ['main'] });
  return Object.keys(files).length;
}
