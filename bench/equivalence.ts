// Fork equivalence over random histories: npm run bench -- equivalence [--histories 500] [--seed N]
import fc from 'fast-check';
import { openEngine } from '../src/engine/index.js';
import { describeSteps, histories, runHistory } from '../test/property/support/history.js';
import { machine, option, printTable, writeJson } from './support/measure.js';

const count = Number(option('histories', '500'));
const seed = Number(option('seed', String(Date.now() % 1_000_000)));

let compared = 0;
let steps = 0;
const failures: { history: number; steps: string; differences: readonly string[] }[] = [];
const start = performance.now();
for (const [history, list] of fc.sample(histories(16), { numRuns: count, seed }).entries()) {
  steps += list.length;
  try {
    const outcome = await runHistory(openEngine, list, 4);
    compared += outcome.compared;
    if (outcome.differences.length > 0) failures.push({ history, steps: describeSteps(list), ...outcome });
  } catch (error) {
    failures.push({
      history,
      steps: describeSteps(list),
      differences: [String(error instanceof Error ? error.stack : error)],
    });
  }
  const last = failures.at(-1);
  if (last?.history === history)
    console.error(`\nhistory ${history}:\n${last.steps}\n${last.differences.slice(0, 3).join('\n').slice(0, 3000)}`);
  process.stderr.write(`\r${history + 1} histories, ${compared} snapshots compared, ${failures.length} differ `);
}
process.stderr.write('\n');
const differences = failures.reduce((sum, failure) => sum + failure.differences.length, 0);
printTable(`fork equivalence, seed ${seed}; ${machine()}`, [
  { what: 'histories', measured: `${count} of ${steps} steps`, target: '', met: null },
  { what: 'snapshots compared, each by some 30 questions', measured: String(compared), target: '', met: null },
  { what: 'answers that differ', measured: String(differences), target: '0', met: differences === 0 },
]);
writeJson('equivalence', {
  machine: machine(),
  seed,
  histories: count,
  steps,
  compared,
  differences,
  seconds: (performance.now() - start) / 1000,
  failures: failures.slice(0, 20),
});
