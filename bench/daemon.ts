// The figures of the daemon: npm run bench -- daemon --repo PATH [--only save,switch]
//
// Daemons and clients are real processes, on a temporary store and on repositories that are made of files of PATH (at most
// --files, 2,000 by default). Nothing is written to PATH. Linux only: what the daemon uses is read in /proc.
//
//   --only a,b           parts: save switch worktrees idle latency clients
//   --repos A,B,…        of idle: repositories to open, instead of old versions of PATH
//   --clients 32  --minutes 5   of clients
//   --seed 1
import { mkdirSync, mkdtempSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { randomFrom } from '../test/crash/support/random.js';
import { cleanUpOnSignals, removeOnEnd } from './daemon/cleanup.js';
import { measureClients, runClientProcess } from './daemon/clients.js';
import type { DaemonBench } from './daemon/context.js';
import { measureIdle } from './daemon/idle.js';
import { measureLatency } from './daemon/latency.js';
import { measureSave } from './daemon/save.js';
import { measureSwitch } from './daemon/switch.js';
import { measureWorktrees } from './daemon/worktrees.js';
import { Report, flag, git, machine, option, printTable, repositoryName, writeJson } from './support/measure.js';

const parts: Readonly<Record<string, (bench: DaemonBench) => Promise<void>>> = {
  save: measureSave,
  switch: measureSwitch,
  worktrees: measureWorktrees,
  idle: measureIdle,
  latency: measureLatency,
  clients: (bench) => measureClients(bench, Number(option('clients', '32')), Number(option('minutes', '5'))),
};

if (flag('client-process')) await runClientProcess(option('client-process'));
else await run();

async function run(): Promise<void> {
  const names = Object.keys(parts);
  const chosen = option('only', names.join()).split(',');
  const unknown = chosen.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(`no such part: ${unknown.join(', ')}; there are ${names.join(', ')}`);
    process.exit(2);
  }
  cleanUpOnSignals();
  const origin = resolve(option('repo'));
  const seed = Number(option('seed', '1'));
  const filesMax = Number(option('files', '2000'));
  const folder = mkdtempSync(join(tmpdir(), 'coppice-daemon-'));
  removeOnEnd(folder);
  const report = new Report();
  // Others who work on this machine are in every figure.
  const load = loadavg()[0]!;
  const title = `${repositoryName(origin)} at ${git(origin, 'rev-parse', 'HEAD').slice(0, 10)}; ${machine()}, load ${load.toFixed(1)}`;
  console.error(title);
  for (const [name, measure] of Object.entries(parts)) {
    if (!chosen.includes(name)) continue;
    // Each part draws from numbers of its own, so that it is the same alone.
    const random = randomFrom(seed * 100 + names.indexOf(name));
    const own = join(folder, name);
    mkdirSync(own);
    await measure({ origin, filesMax, folder: own, random, report });
  }
  printTable(`the daemon on ${title}`, report.rows);
  writeJson(`daemon-${repositoryName(origin)}`, { machine: machine(), load, seed, filesMax, ...report });
}
