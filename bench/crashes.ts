// Kills a writing process over and over: npm run bench -- crashes [--kills 200] [--seed N]
import { runCrashes } from '../test/crash/support/crashes.js';
import { machine, option, printTable, writeJson } from './support/measure.js';

const kills = Number(option('kills', '200'));
const seed = Number(option('seed', String(Date.now() % 1_000_000)));
const start = performance.now();
const result = await runCrashes({
  kills,
  seed,
  onKill: (done) => process.stderr.write(`\r${done} kills `),
});
process.stderr.write('\n');
const { acknowledged, interrupted, unfinishedRecords, problems } = result;
for (const problem of problems.slice(0, 10)) console.error(problem.slice(0, 2000));
const during = Object.entries(interrupted)
  .map(([act, count]) => `${act} ${count}`)
  .join(', ');
printTable(`kill -9, seed ${seed}; ${machine()}`, [
  { what: 'kills', measured: `${kills} (during: ${during})`, target: '', met: null },
  { what: 'acts acknowledged before them', measured: String(acknowledged), target: '', met: null },
  { what: 'records left unfinished, which never counted', measured: String(unfinishedRecords), target: '', met: null },
  {
    what: 'acknowledged things lost, answers that differ, faults found',
    measured: String(problems.length),
    target: '0',
    met: problems.length === 0,
  },
]);
writeJson('crashes', { machine: machine(), seed, ...result, seconds: (performance.now() - start) / 1000 });
