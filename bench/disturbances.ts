// Indexes while things go wrong: npm run bench -- disturbances [--repo PATH] [--rounds 1] [--only NAME,NAME]
//
// Each time in a process of its own, into a new store, under one disturbance: what the process is started with (`-e`, `--import`, `--require`,
// `--inspect`, NODE_OPTIONS), worker threads that are killed, too little memory, too few descriptors, a busy machine. Then once more
// undisturbed. What is stored then (files, chunks, symbols, vectors) must be what a quiet run stores; where only flags differ, at once and in
// the same time. The repository is only read; default is the one at hand.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  contentDigest,
  disturbances,
  headTree,
  indexDisturbed,
  runDisturbed,
} from '../test/crash/support/disturbances.js';
import type { DisturbanceResult } from '../test/crash/support/disturbances.js';
import { machine, option, printTable, writeJson } from './support/measure.js';
import type { Row } from './support/measure.js';

const repo = resolve(option('repo', '.'));
const rounds = Number(option('rounds', '1'));
const only = option('only', '')
  .split(',')
  .filter((name) => name !== '');
const slowerMax = 1.3;

const folder = mkdtempSync(join(tmpdir(), 'coppice-disturbances-'));
const dist = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
const place = { dist, repo, folder };
const rows: Row[] = [];
const results: (DisturbanceResult & { ratio: number })[] = [];
try {
  const quietStore = join(folder, 'quiet');
  await indexDisturbed({ ...place, store: quietStore }, null);
  const expected = await contentDigest(quietStore, headTree(repo));
  if (expected === null) throw new Error('the quiet run did not end well');
  for (const disturbance of disturbances(folder)) {
    if (only.length > 0 && !only.some((name) => disturbance.name.includes(name))) continue;
    const ratios: number[] = [];
    let last: DisturbanceResult | null = null;
    let same = true;
    for (let round = 0; round < rounds; round++) {
      const quiet = await indexDisturbed(
        { ...place, store: join(folder, `quiet-${disturbance.name.replace(/\W+/g, '-')}-${round}`) },
        null,
      );
      last = await runDisturbed(place, disturbance, expected, round);
      ratios.push(last.disturbed.ms / quiet.ms);
      same &&= last.sameAfterwards && (!last.flagsOnly || last.sameAtOnce);
    }
    const ratio = ratios.sort((a, b) => a - b)[ratios.length >> 1]!;
    const { ended, code, provisional } = last!.disturbed;
    const how =
      ended === '0'
        ? provisional > 0
          ? `${provisional} files provisional`
          : 'well'
        : code === ''
          ? `ended by ${ended}`
          : code;
    results.push({ ...last!, ratio });
    rows.push({
      what: disturbance.name,
      measured: `${how}; ${ratio.toFixed(2)}x; ${same ? 'same content' : 'OTHER CONTENT'}${last!.sameAtOnce ? ' at once' : ''}`,
      target: disturbance.flagsOnly ? `same content at once, ${slowerMax}x` : 'same content once undisturbed',
      met: same && (!disturbance.flagsOnly || ratio <= slowerMax),
    });
    process.stderr.write(`${disturbance.name}: ${rows.at(-1)!.measured}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
printTable(`indexing ${repo} while things go wrong; ${machine()}`, rows);
writeJson('disturbances', { machine: machine(), repo, rounds, results });
