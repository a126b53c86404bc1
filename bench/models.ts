// Models at work: npm run bench -- models --sets DIR --repos DIR [--part rerank|describe|tune|refuse] [--only NAME,…] [--candidates 60] [--store DIR] [--seeds 1-20]
//                 npm run bench -- models --part once --repo PATH [--commits 100]
//                 npm run bench -- models --part real --repo PATH --question TEXT --model FOLDER
// `real` installs a small language model and a server for it into FOLDER (180 MB, kept for the next run). Elsewhere stubs that know the labels stand for models, so that what is measured is ours: what is lost on the way in and out, what descriptions are
// worth, how often one is asked for, what tuning makes of half of the questions. Sets as for bench:quality.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { measureDescribing } from './models/describe.js';
import { measureOnce } from './models/once.js';
import { measureReal } from './models/real.js';
import { measureReranking } from './models/rerank.js';
import { measureRefusals, measureTuning } from './models/tune.js';
import { readSets } from './quality/sets.js';
import type { LabelledRepository } from './quality/sets.js';
import { Report, flag, machine, option, printTable, writeJson } from './support/measure.js';

function labelled(): LabelledRepository[] {
  const { repositories, missing } = readSets(option('sets'), option('repos'));
  const only = option('only', 'cobra,click,express,rack,gson').split(',');
  const chosen = repositories.filter(({ name }) => only.includes('all') || only.includes(name));
  if (chosen.length === 0)
    throw new Error(
      `none of ${only.join(', ')} is there${missing.length > 0 ? ` (not found: ${missing.join(', ')})` : ''}`,
    );
  return chosen;
}

const folder = mkdtempSync(join(tmpdir(), 'coppice-models-'));
const report = new Report();
const part = option('part', 'rerank');
const store = flag('store') ? resolve(option('store')) : join(folder, 'store');
try {
  if (part === 'rerank') await measureReranking(labelled(), folder, Number(option('candidates', '60')), report);
  else if (part === 'describe') await measureDescribing(labelled(), folder, report);
  else if (part === 'tune') await measureTuning(labelled(), store, report);
  else if (part === 'refuse') {
    const [first = 1, last = first] = option('seeds', '1-20').split('-').map(Number);
    await measureRefusals(labelled(), store, [first, last], report);
  } else if (part === 'once')
    await measureOnce(resolve(option('repo')), folder, Number(option('commits', '100')), report);
  else if (part === 'real')
    await measureReal(resolve(option('repo')), option('question'), folder, resolve(option('model')), report);
  else throw new Error(`no part is called ${part}; there are rerank, describe, tune, refuse, once, real`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
printTable(`models, ${part}; ${machine()}`, report.rows);
writeJson(`models-${part}`, { machine: machine(), rows: report.rows, details: report.details });
