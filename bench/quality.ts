// Ranking quality on labelled sets, in each mode: `npm run bench:quality -- --sets DIR --repos DIR`. See bench/quality/README.md.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { mean } from '../src/evaluation/index.js';
import { rankingSignals } from '../src/search/index.js';
import type { RankMode, RankingSignals } from '../src/search/index.js';
import { absentTable, withAbsent } from './quality/absent.js';
import { ablate } from './quality/ablation.js';
import { crossValidate } from './quality/cross-validation.js';
import type { Validation } from './quality/cross-validation.js';
import { measureIndexTime, serveIndexing } from './quality/index-time.js';
import { measureLatency } from './quality/latency.js';
import type { ModeLatency } from './quality/latency.js';
import { OpenRepositories, modes } from './quality/open-repositories.js';
import type { Measured } from './quality/open-repositories.js';
import { ablationTable, failures, qualityTables, timeTables, validationTables } from './quality/report.js';
import { readSets } from './quality/sets.js';
import type { LabelledRepository } from './quality/sets.js';
import { selectLeaves, withValue } from './quality/signals.js';
import { machine } from './support/measure.js';

const { values } = parseArgs({
  options: {
    sets: { type: 'string' },
    repos: { type: 'string' },
    store: { type: 'string' },
    only: { type: 'string' },
    modes: { type: 'string', default: modes.join(',') },
    model: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    try: { type: 'string', multiple: true, default: [] },
    ablation: { type: 'boolean', default: false },
    'cross-validate': { type: 'string' },
    'no-times': { type: 'boolean', default: false },
    failures: { type: 'boolean', default: false },
    absent: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    'index-with': { type: 'string' },
  },
});

if (values['index-with'] === undefined) await main();
else await serveIndexing(values['index-with']);

async function main(): Promise<void> {
  if (values.sets === undefined || values.repos === undefined) {
    console.error('usage: npm run bench:quality -- --sets DIR --repos DIR (see bench/quality/README.md)');
    process.exit(2);
  }
  const { repositories: all, missing, published } = readSets(values.sets, values.repos);
  const only = values.only?.split(',');
  const repositories = all.filter(({ name }) => only?.includes(name) ?? true);
  if (missing.length > 0) console.error(`not found in ${values.repos}: ${missing.join(', ')}`);
  const signals = signalsInUse();
  const store = values.store ?? mkdtempSync(join(tmpdir(), 'coppice-quality-'));
  try {
    const sections: string[] = [];
    const open = await OpenRepositories.open(
      values.absent ? withAbsent(repositories) : repositories,
      store,
      values.model,
    );
    const measuredModes = open.available(values.modes.split(',').map(modeNamed));
    try {
      if (values.try.length > 0) {
        console.log(await tried(open, signals, measuredModes));
        return;
      }
      if (values.absent) {
        console.log(await absentTable(open, signals));
        return;
      }
      const byMode = new Map<RankMode, Measured[]>();
      for (const mode of measuredModes) byMode.set(mode, await open.rank(signals, mode));
      if (values.failures) console.log(failures(byMode));
      sections.push(qualityTables(byMode, published));
      if (values.ablation) sections.push(ablationTable(await ablate(open, signals, measuredModes), measuredModes));
      if (values['cross-validate'] !== undefined) {
        const leaves = selectLeaves(signals, values['cross-validate'].split(','));
        const validations: Validation[] = [];
        for (const mode of measuredModes) {
          const validation = await crossValidate(open, signals, leaves, mode);
          if (validation !== null) validations.push(validation);
        }
        sections.push(validationTables(validations, signals));
      }
    } finally {
      await open.close();
    }
    if (!values['no-times']) sections.splice(1, 0, await times(repositories, store, measuredModes));
    console.log(sections.join('\n'));
    if (values.write) writeResults(sections);
  } finally {
    if (values.store === undefined) rmSync(store, { recursive: true, force: true });
  }
}

/** `--try a=1,b=2`: what these values give beside those in use, over every other repository and over the rest. */
async function tried(open: OpenRepositories, signals: RankingSignals, modes: readonly RankMode[]): Promise<string> {
  const rows = [
    '| mode, setting | all | even repositories | odd | symbol questions |',
    '| --- | --: | --: | --: | --: |',
  ];
  for (const mode of modes) {
    for (const setting of ['', ...values.try]) {
      const changes = setting === '' ? [] : setting.split(',').map((change) => change.split('='));
      const own = changes.reduce((at, [leaf, value]) => withValue(at, leaf!, Number(value)), signals);
      const measured = await open.rank(own, mode);
      const scores = measured.map(({ outcomes }) => mean(outcomes.map(({ chunks }) => chunks.ndcg)));
      const symbols = measured
        .map(({ outcomes }) => outcomes.filter(({ query }) => query.category === 'symbol'))
        .filter((outcomes) => outcomes.length > 0)
        .map((outcomes) => mean(outcomes.map(({ chunks }) => chunks.ndcg)));
      const figures = [scores, scores.filter((_, i) => i % 2 === 0), scores.filter((_, i) => i % 2 === 1), symbols];
      rows.push(`| ${mode} ${setting} | ${figures.map((one) => mean(one).toFixed(4)).join(' | ')} |`);
    }
  }
  return rows.join('\n');
}

/** The signals of the sources, with what `--set NAME=VALUE` changes. */
function signalsInUse(): RankingSignals {
  return values.set.reduce((signals, change) => {
    const [leaf, value] = change.split('=');
    return withValue(signals, leaf!, Number(value));
  }, rankingSignals);
}

function modeNamed(name: string): RankMode {
  const mode = modes.find((known) => known === name);
  if (mode === undefined) throw new Error(`no mode is called ${name}; there are ${modes.join(', ')}`);
  return mode;
}

async function times(
  repositories: readonly LabelledRepository[],
  store: string,
  measuredModes: readonly RankMode[],
): Promise<string> {
  const busy = `load average ${loadavg()[0]!.toFixed(1)} before`;
  const latencies = new Map<string, ReadonlyMap<RankMode, ModeLatency>>();
  for (const repository of repositories) {
    const latency = await measureLatency(repository, store, measuredModes);
    latencies.set(repository.name, latency);
    console.error(`${repository.name}: ${JSON.stringify([...latency])}`);
  }
  const indexTimes = await measureIndexTime(repositories, (name, time) =>
    console.error(`${name}: ${JSON.stringify(time)}`),
  );
  return timeTables(latencies, indexTimes, `${machine()}, ${busy}`);
}

function writeResults(sections: readonly string[]): void {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const commit = git('rev-parse', '--short=10', 'HEAD');
  const date = new Date().toISOString().slice(0, 10);
  const heading = `# Ranking quality\n\nWritten by \`npm run bench:quality\` on ${date}, on top of commit ${commit}.\n`;
  mkdirSync('bench/quality', { recursive: true });
  writeFileSync('bench/quality/results.md', [heading, ...sections].join('\n'));
}
