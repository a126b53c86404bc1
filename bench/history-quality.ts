// Ranking quality on questions from history: `npm run bench -- history-quality --repos DIR`. See bench/quality/README.md.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { rankingSignals } from '../src/search/index.js';
import type { RankMode, RankingSignals } from '../src/search/index.js';
import { askHistory, historyTable } from './quality/history.js';
import { historyRepositories } from './quality/history-questions.js';
import { withValue } from './quality/signals.js';

const { values } = parseArgs({
  options: {
    repos: { type: 'string' },
    never: { type: 'string', default: '' },
    store: { type: 'string' },
    only: { type: 'string' },
    questions: { type: 'string', default: '25' },
    modes: { type: 'string', default: 'lexical,semantic,hybrid' },
    try: { type: 'string', multiple: true, default: [] },
    part: { type: 'string', default: 'all' },
    out: { type: 'string' },
  },
});
if (values.repos === undefined) {
  console.error('usage: npm run bench -- history-quality --repos DIR (see bench/quality/README.md)');
  process.exit(2);
}
const store = values.store ?? mkdtempSync(join(tmpdir(), 'coppice-history-'));
const only = values.only?.split(',');
const repositories = historyRepositories(values.repos, values.never)
  .filter(({ name }) => only?.includes(name) ?? true)
  .filter(({ isForTuning }) => values.part === 'all' || isForTuning === (values.part === 'tuning'));
/** `--try a=1,b=2`: the signals with these values, beside those in use. */
const settings = new Map<string, RankingSignals>([['in use', rankingSignals]]);
for (const tried of values.try) {
  const changes = tried.split(',').map((change) => change.split('='));
  settings.set(
    tried,
    changes.reduce((at, [leaf, value]) => withValue(at, leaf!, Number(value)), rankingSignals),
  );
}
try {
  const modes = values.modes.split(',') as RankMode[];
  const outcomes = await askHistory(repositories, settings, {
    store,
    count: Number(values.questions),
    modes,
    onRepository: (all) => {
      if (values.out !== undefined) writeFileSync(values.out, JSON.stringify(all));
    },
  });
  console.log(historyTable(outcomes));
} finally {
  if (values.store === undefined) rmSync(store, { recursive: true, force: true });
}
