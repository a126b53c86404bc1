// Doctor beside writers: npm run bench -- doctor [--minutes 10] [--writers 8] [--seed N]
//
// Processes fork, edit, index, drop and collect in one store, and one more collects all the time; doctor looks at it again and
// again. Nothing is ever wrong with the store, so that whatever doctor reports is false.
import { doctorBesideWriters } from '../test/store/support/doctor-beside-writers.js';
import { machine, option, printTable, writeJson } from './support/measure.js';

const minutes = Number(option('minutes', '10'));
const writers = Number(option('writers', '8'));
const seed = Number(option('seed', String(Date.now() % 1_000_000)));

const result = await doctorBesideWriters({
  ms: minutes * 60_000,
  writers,
  seed,
  onLook: (looks) => void process.stderr.write(`\r${looks} looks `),
});
process.stderr.write('\n');
const { looks, reports, acts, collections } = result;
for (const report of reports.slice(0, 20)) console.error(report.slice(0, 1000));
printTable(`doctor beside ${writers} writers and a gc, ${minutes} minutes, seed ${seed}; ${machine()}`, [
  { what: 'times that doctor looked', measured: String(looks), target: '', met: null },
  { what: 'acts meanwhile, collections among them', measured: `${acts}, ${collections}`, target: '', met: null },
  { what: 'false reports', measured: String(reports.length), target: '0', met: reports.length === 0 },
]);
writeJson('doctor', { machine: machine(), minutes, writers, seed, ...result });
