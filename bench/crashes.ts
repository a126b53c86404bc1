// Kills a writing process over and over: npm run bench -- crashes [--kills 200] [--seed N]
//
// First one that forks, edits, indexes and collects at random (`--part acts`), then one that indexes a whole history,
// commits one by one, and collects what deleted branches leave (`--part history`), each killed so often. The history is
// made here, or is that of `--repo PATH`, which is only read.
import { resolve } from 'node:path';
import { runCrashes } from '../test/crash/support/crashes.js';
import { runHistoryCrashes } from '../test/crash/support/history-crashes.js';
import { flag, machine, option, printTable, writeJson } from './support/measure.js';
import type { Row } from './support/measure.js';

const kills = Number(option('kills', '200'));
const seed = Number(option('seed', String(Date.now() % 1_000_000)));
const part = option('part', 'acts,history').split(',');

const onKill = (done: number): void => void process.stderr.write(`\r${done} kills `);
const counts = (landed: Readonly<Record<string, number>>): string =>
  Object.entries(landed)
    .map(([phase, count]) => `${phase} ${count}`)
    .join(', ');
const row = (what: string, measured: string): Row => ({ what, measured, target: '', met: null });
function problemsRow(what: string, problems: readonly string[]): Row {
  process.stderr.write('\n');
  for (const problem of problems.slice(0, 10)) console.error(problem.slice(0, 2000));
  return { what, measured: String(problems.length), target: '0', met: problems.length === 0 };
}

const rows: Row[] = [];
const details: Record<string, unknown> = {};
const start = performance.now();
if (part.includes('acts')) {
  const result = await runCrashes({ kills, seed, onKill });
  const { acknowledged, interrupted, unfinishedRecords, problems } = result;
  rows.push(
    row('acts: kills', `${kills} (during: ${counts(interrupted)})`),
    row('acts acknowledged before them', String(acknowledged)),
    row('records left unfinished, which never counted', String(unfinishedRecords)),
    problemsRow('acknowledged things lost, answers that differ, faults found', problems),
  );
  details['acts'] = result;
}
if (part.includes('history')) {
  const repo = flag('repo') ? { repo: resolve(option('repo')) } : {};
  const commits = Number(option('commits', '600'));
  const result = await runHistoryCrashes({ kills, seed, commits, updates: 60, onKill, ...repo });
  const { landed, compared, unfinishedRecords, problems } = result;
  rows.push(
    row('history: kills', `${result.kills} (during: ${counts(landed)})`),
    row('stages run to their end, and compared with stores that nobody killed', String(compared)),
    row('records left unfinished, which never counted', String(unfinishedRecords)),
    problemsRow('acknowledged commits lost, answers that differ, faults found', problems),
  );
  details['history'] = result;
}
printTable(`kill -9, seed ${seed}; ${machine()}`, rows);
writeJson('crashes', { machine: machine(), seed, ...details, seconds: (performance.now() - start) / 1000 });
