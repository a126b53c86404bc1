// Whether what says `live` is true: npm run bench -- live [--steps 20000] [--minutes N] [--seed N]
//
// A work tree is changed at random in every way that can matter (files, links, the index, HEAD, rules of the repository and of the
// user, attributes and conversions, nested repositories, replacements, mass renames), and after each few steps an engine that
// watches it as the daemon does is asked for all of it; git and the disk say what is right.
import { runWorktreeSteps } from '../test/daemon/watch/support/worktree-run.js';
import { machine, option, printTable, writeJson } from './support/measure.js';

const steps = Number(option('steps', '20000'));
const minutes = Number(option('minutes', 'Infinity'));
const seed = Number(option('seed', String(Date.now() % 1_000_000)));

const start = performance.now();
const onStep = (done: number): void => void process.stderr.write(`\r${done} answers `);
const onWrong = (what: string): void => console.error(`\n${what.slice(0, 3000)}`);
const { live, stale, changes, wrong } = await runWorktreeSteps({ steps, seed, ms: minutes * 60_000, onStep, onWrong });
process.stderr.write('\n');
printTable(`the work tree against git and the disk, seed ${seed}; ${machine()}`, [
  { what: 'changes, answers after them', measured: `${changes}, ${live + stale}`, target: '', met: null },
  { what: 'answers that say `stale`', measured: String(stale), target: '', met: null },
  { what: 'wrong answers that say `live`', measured: String(wrong.length), target: '0', met: wrong.length === 0 },
]);
writeJson('live', {
  machine: machine(),
  seed,
  steps,
  changes,
  live,
  stale,
  wrong,
  seconds: (performance.now() - start) / 1000,
});
