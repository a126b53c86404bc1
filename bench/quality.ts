// Ranking quality on labelled sets: `npm run bench -- quality --sets DIR --repos DIR [--ablation] [--cross-validate]`.
// Results go to bench/quality/results.md and bench/out/quality.json; `--only NAME,NAME` and `--failures` are for looking closer.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { rankingSignals } from '../src/search/index.js';
import { ablate } from './quality/ablation.js';
import { crossValidate } from './quality/cross-validate.js';
import { OpenRepositories, measure } from './quality/measure.js';
import type { Measured } from './quality/measure.js';
import { ablationTable, failures, qualityTables, validationTable } from './quality/report.js';
import { readSets } from './quality/sets.js';

const { values } = parseArgs({
  options: {
    sets: { type: 'string' },
    repos: { type: 'string' },
    store: { type: 'string' },
    only: { type: 'string' },
    ablation: { type: 'boolean', default: false },
    'cross-validate': { type: 'boolean', default: false },
    failures: { type: 'boolean', default: false },
  },
});
if (values.sets === undefined || values.repos === undefined) {
  console.error('usage: npm run bench -- quality --sets DIR --repos DIR [--ablation] [--cross-validate] [--failures]');
  process.exit(2);
}

const { repositories: all, missing, published } = readSets(values.sets, values.repos);
const only = values.only?.split(',');
const repositories = all.filter(({ name }) => only?.includes(name) ?? true);
if (missing.length > 0) console.error(`not found in ${values.repos}: ${missing.join(', ')}`);

const store = values.store ?? mkdtempSync(join(tmpdir(), 'coppice-quality-'));
try {
  const measured: Measured[] = [];
  for (const repository of repositories) {
    console.error(`${repository.name} …`);
    measured.push(await measure(repository, store));
  }
  const sections = [qualityTables(measured, published)];
  if (values.ablation || values['cross-validate']) {
    const open = await OpenRepositories.open(repositories, store);
    try {
      if (values.ablation) sections.push(ablationTable(await ablate(open, rankingSignals)));
      if (values['cross-validate'])
        sections.push(validationTable(await crossValidate(open, rankingSignals, console.error)));
    } finally {
      await open.close();
    }
  }
  if (values.failures) console.log(failures(measured));
  console.log(sections.join('\n'));
  if (only === undefined && missing.length === 0) writeResults(sections, measured);
} finally {
  if (values.store === undefined) rmSync(store, { recursive: true, force: true });
}

function writeResults(sections: readonly string[], measured: readonly Measured[]): void {
  const commit = execFileSync('git', ['rev-parse', '--short=10', 'HEAD'], { encoding: 'utf8' }).trim();
  const heading = `# Ranking quality\n\nWritten by \`npm run bench -- quality\` on ${new Date().toISOString().slice(0, 10)}, on top of commit ${commit}.\n`;
  writeFileSync('bench/quality/results.md', [heading, ...sections].join('\n'));
  mkdirSync('bench/out', { recursive: true });
  writeFileSync('bench/out/quality.json', JSON.stringify({ commit, signals: rankingSignals, measured }, null, 1));
}
