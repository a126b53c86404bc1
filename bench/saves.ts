// Many saves: npm run bench -- saves [--saves 10000] [--repo PATH] [--files 300] [--seed N]
//
// A daemon serves a repository of which one file is saved again and again and looked for, beside a big one that differs from HEAD
// all the time, and at times is more than is kept in memory. Then it collects: what is left is compared with a fresh store. The
// repository is made here, or of files of that of `--repo PATH`, which is only read.
import { join, resolve } from 'node:path';
import { randomFrom } from '../test/crash/support/random.js';
import { bigText, saveAndLook, storeBytes } from '../test/engine/support/saves.js';
import { makeFolder, makeRepository } from '../test/support/git.js';
import { BenchDaemon } from './daemon/bench-daemon.js';
import { makeWorkRepository } from './daemon/work-repository.js';
import { flag, machine, option, printTable, timed, writeJson } from './support/measure.js';

const saves = Number(option('saves', '10000'));
const seed = Number(option('seed', '1'));
const storeRatioMax = 1.05;
const idsPerVersionMax = 10;

const folder = makeFolder();
const repository = flag('repo')
  ? makeWorkRepository(join(folder, 'repo'), resolve(option('repo')), { filesMax: Number(option('files', '300')) })
  : makeRepository();
repository.commit({ 'big.ts': bigText(1, 300_000), 'small.ts': 'export const small = 0;\n', 'src/other.ts': 'x\n' });
repository.git('reset', '-q', '--hard');

const used = BenchDaemon.start(join(folder, 'used'));
const engine = used.engine(repository.path);
await engine.index(['HEAD']);
await engine.grep('small', { rev: '@worktree' });
await used.watching();
const { ms, result } = await timed(() =>
  saveAndLook({
    engine,
    repository,
    store: used.storePath,
    saves,
    random: randomFrom(seed),
    onSave: (done) => void (done % 50 === 0 && process.stderr.write(`\r${done} saves `)),
  }),
);
process.stderr.write('\n');
const before = storeBytes(used.storePath);
await engine.gc();
const { problems } = await engine.doctor();

const fresh = BenchDaemon.start(join(folder, 'fresh'));
const other = fresh.engine(repository.path);
await other.index(['HEAD']);
for (const one of [engine, other]) await one.grep('small', { rev: '@worktree' });
const [after, ideal] = [storeBytes(used.storePath), storeBytes(fresh.storePath)];
await used.stop();
await fresh.stop();

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`;
const { versions, wrong, idsPerVersion } = result;
printTable(`${saves} saves under the daemon, then gc, seed ${seed}; ${machine()}`, [
  {
    what: 'distinct saved versions',
    measured: `${versions} (${(ms / saves).toFixed(1)} ms a save)`,
    target: '',
    met: null,
  },
  { what: 'answers that lacked a save and said live', measured: String(wrong), target: '0', met: wrong === 0 },
  {
    what: 'numbers used for each version',
    measured: idsPerVersion.toFixed(2),
    target: `≤ ${idsPerVersionMax}`,
    met: idsPerVersion <= idsPerVersionMax,
  },
  {
    what: 'store after gc against a fresh one',
    measured: `${kib(after)} (${kib(before)} before gc) against ${kib(ideal)}: ${(after / ideal).toFixed(3)}x`,
    target: `≤ ${storeRatioMax}x`,
    met: after <= storeRatioMax * ideal,
  },
  { what: 'faults that doctor found', measured: String(problems.length), target: '0', met: problems.length === 0 },
]);
writeJson('saves', { machine: machine(), seed, saves, ...result, before, after, ideal, problems });
