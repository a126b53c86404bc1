// 10,000 requests of random users about random repositories, judged for leaks, and how long refusals take: npm run bench -- visitors [--requests 10000] [--seed N]
import { lookForLeaks, timeRefusals } from '../test/remote/visitors/looking.js';
import { serveNode, serveStore } from '../test/remote/visitors/world.js';
import { machine, option, printTable, Report, writeJson } from './support/measure.js';

const requests = Number(option('requests', '10000'));
const seed = Number(option('seed', '1'));
const report = new Report();
for (const [what, serve] of [
  ['a search node', serveNode],
  ['a server of its own repositories', serveStore],
] as const) {
  const size = { repositories: 6, users: 8, requests: Math.ceil(requests / 2), seed };
  const { leaks, ...looked } = await lookForLeaks(serve, size, (leak) => console.error(leak));
  report.add(
    `${what}: ${looked.requests} requests, ${looked.refusals} of them refused and compared with a name that nobody has, ${looked.alone} compared with a server that has that repository alone: leaks`,
    String(leaks.length),
    '0',
    leaks.length === 0,
    leaks.slice(0, 100),
  );
  const pairs = Math.ceil(requests / 5);
  const { hiddenMs, absentMs, apart } = await timeRefusals(serve, pairs, seed);
  // Of few pairs chance alone makes more than 3 %: two standard deviations are let pass.
  const margin = Math.max(0.03, 1 / Math.sqrt(pairs));
  report.add(
    `${what}: time of a refusal, hidden against absent, ${pairs} by turns: medians; chance to tell them by it`,
    `${hiddenMs.toFixed(3)} ms, ${absentMs.toFixed(3)} ms; ${(apart * 100).toFixed(1)} %`,
    `50 % ± ${(margin * 100).toFixed(0)}`,
    Math.abs(apart - 0.5) <= margin,
  );
}
printTable(`visitors; ${machine()}`, report.rows);
writeJson('visitors', { machine: machine(), ...report });
process.exit(report.rows.every(({ met }) => met !== false) ? 0 : 1);
