// Exactness against git: npm run bench -- exactness --repo PATH [--cases 2000] [--commits 20] [--seed 1] [--minutes 10]
//
// Random literals (from the repository's own lines, and ones it has not) and random regular expressions made of them,
// at random commits, against `git grep -nI` there. The target is no differing line.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEngine } from 'coppice';
import { openRepository } from '../src/git/index.js';
import { randomFrom } from '../test/crash/support/random.js';
import { gitText } from '../test/property/support/git-grep.js';
import { exactnessRows, measureExactness } from './support/exactness.js';
import { machine, option, printTable, repositoryName, writeJson } from './support/measure.js';

const repo = resolve(option('repo'));
const cases = Number(option('cases', '2000'));
const commitCount = Number(option('commits', '20'));
const seed = Number(option('seed', '1'));
const minutes = Number(option('minutes', 'Infinity'));
const random = randomFrom(seed);

const repository = await openRepository(repo);
const { commonDir: gitDir } = repository;
repository.close();
const folder = mkdtempSync(join(tmpdir(), 'coppice-exactness-'));
const engine = await openEngine({ repo, store: join(folder, 'store') });
try {
  const all = gitText(gitDir, ['rev-list', '--all']).split('\n');
  const commits = Array.from({ length: commitCount }, () => all[random(all.length)]!);
  const result = await measureExactness(engine, gitDir, { commits, cases, random, minutes });
  printTable(
    `exactness on ${repositoryName(repo)} against ${gitText(gitDir, ['--version'])}; ${machine()}`,
    exactnessRows(result),
  );
  writeJson(`exactness-${repositoryName(repo)}`, { machine: machine(), seed, ...result });
} finally {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
}
