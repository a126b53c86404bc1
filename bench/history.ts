// The figures of a whole history: npm run bench:history -- --repo PATH [--all-refs]
//
// Works on a temporary bare repository that borrows the objects of PATH and has its branches and tags; with `--all-refs`
// all of its refs, pull requests among them. Nothing is written to PATH.
//
//   --only a,b  --skip a,b   parts: whole exact cold warm log grep zoekt commits forks gc
//   --store DIR              keep the indexed store there, or use the one that is there
//   --exact-commits 200  --exact-patterns 10  --patterns 20 (of log)  --repetitions 7  --forks 200  --seed 1
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEngine } from 'coppice';
import { randomFrom } from '../test/crash/support/random.js';
import { measureCollection } from './history/collection.js';
import { coldChild, measureCold } from './history/cold.js';
import { pickSome } from './history/context.js';
import type { HistoryBench } from './history/context.js';
import { measureLog } from './history/log.js';
import { measureForks, measureNewCommits } from './history/new-commits.js';
import { measureGrep, measureWarm } from './history/warm.js';
import { indexWhole, measureWhole } from './history/whole.js';
import { measureZoekt } from './history/zoekt.js';
import { BorrowedRepository } from '../test/support/borrowed.js';
import { exactnessRows, measureExactness } from './support/exactness.js';
import { Report, flag, machine, option, printTable, repositoryName, writeJson } from './support/measure.js';

const parts: Readonly<Record<string, (bench: HistoryBench) => Promise<void> | void>> = {
  exact: measureExact,
  cold: measureCold,
  warm: measureWarm,
  log: (bench) => measureLog(bench, Number(option('patterns', '20'))),
  grep: measureGrep,
  zoekt: measureZoekt,
  commits: measureNewCommits,
  forks: (bench) => measureForks(bench, Number(option('forks', '200'))),
  gc: measureCollection,
};

if (flag('cold-child')) await coldChild(option('cold-child'));
else await run();

async function run(): Promise<void> {
  const names = ['whole', ...Object.keys(parts)];
  const [only, skipped] = [option('only', names.join()).split(','), option('skip', '').split(',')];
  const unknown = [...only, ...skipped].filter((name) => name !== '' && !names.includes(name));
  if (unknown.length > 0) {
    console.error(`no such part: ${unknown.join(', ')}; there are ${names.join(', ')}`);
    process.exit(2);
  }
  const chosen = new Set(only.filter((name) => !skipped.includes(name)));
  const origin = resolve(option('repo'));
  const seed = Number(option('seed', '1'));
  const folder = mkdtempSync(join(tmpdir(), 'coppice-history-'));
  try {
    const repository = new BorrowedRepository(join(folder, repositoryName(origin)), origin, {
      allRefs: flag('all-refs'),
    });
    const report = new Report();
    const store = resolve(option('store', join(folder, 'store')));
    const commits = repository.commits();
    const name = `${repositoryName(origin)}${flag('all-refs') ? ', all refs' : ''}`;
    const title = `${name}: ${repository.refs.length} refs, ${commits.length.toLocaleString('en')} commits; ${machine()}`;
    console.error(title);
    const repetitions = Number(option('repetitions', '7'));
    // Each part draws from numbers of its own, so that it is the same alone.
    const benchOf = (part: string): HistoryBench => {
      const random = randomFrom(seed * 100 + names.indexOf(part));
      return { origin, repository, store, folder, commits, random, report, repetitions };
    };
    if (existsSync(store)) console.error(`the store ${store} is used as it is`);
    else {
      const whole = await indexWhole(repository.path, store);
      if (chosen.has('whole')) await measureWhole(benchOf('whole'), whole);
    }
    for (const [part, measure] of Object.entries(parts)) if (chosen.has(part)) await measure(benchOf(part));
    printTable(`whole history of ${title}`, report.rows);
    writeJson(`history-${repositoryName(origin)}${flag('all-refs') ? '-all-refs' : ''}`, {
      machine: machine(),
      refs: repository.refs.length,
      commits: commits.length,
      seed,
      ...report,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureExact({ commits, random, report, repository, store }: HistoryBench): Promise<void> {
  const some = pickSome(commits, Number(option('exact-commits', '200')), random);
  const cases = some.length * Number(option('exact-patterns', '10'));
  const engine = await openEngine({ repo: repository.path, store });
  const result = await measureExactness(engine, repository.path, { commits: some, cases, random });
  await engine.close();
  for (const { what, measured, target, met } of exactnessRows(result))
    report.add(`against git grep -nI: ${what}`, measured, target, met, result);
}
