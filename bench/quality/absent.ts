import type { RankingSignals } from '../../src/search/index.js';
import { mean } from '../../src/evaluation/index.js';
import type { OpenRepositories } from './open-repositories.js';
import type { LabelledQuery, LabelledRepository } from './sets.js';

/** About nothing that is in a library for programmers. */
const madeUp = [
  'zzznosuchword',
  'kubernetes pod scheduling',
  'quantum entanglement simulation',
  'blockchain consensus voting',
  'invoice payroll tax report',
  'protein folding kernel',
  'shopping cart checkout discount',
  'florbnicate the wuzzle',
  'satellite orbit telemetry',
  'bluetooth pairing handshake',
];
const wrong = 'not there';
/** Every so many-th of the other repositories is asked about. */
const step = 2;

/** The repositories, each also asked what is not in it: questions about repositories in other languages, and made-up ones. */
export function withAbsent(repositories: readonly LabelledRepository[]): LabelledRepository[] {
  return repositories.map((repository, i) => {
    const absent = madeUp.map((query): LabelledQuery => ({ query, category: wrong, targets: [] }));
    for (let k = step; k < repositories.length; k += step) {
      const other = repositories[(i + k) % repositories.length]!;
      if (other.language === repository.language) continue;
      const { query, category } = other.queries[(i * 7 + k * 3) % other.queries.length]!;
      // A name may well be there.
      if (category !== 'symbol') absent.push({ query, category: wrong, targets: [] });
    }
    return { ...repository, queries: [...repository.queries, ...absent] };
  });
}

/** What is said of questions about what is there and about what is not. */
export async function absentTable(open: OpenRepositories, signals: RankingSignals): Promise<string> {
  const rows = [
    '| repositories | questions about what is not there | weak or empty | empty | true questions | weak | lose a right hit |',
    '| --- | --: | --: | --: | --: | --: | --: |',
  ];
  const measured = await open.rank(signals, 'hybrid');
  for (const [part, name] of ['fitted on', 'others'].entries()) {
    const outcomes = measured.filter((_, i) => i % 2 === part).flatMap((one) => one.outcomes);
    const share = (of: typeof outcomes, holds: (outcome: (typeof outcomes)[number]) => boolean): string =>
      `${(100 * mean(of.map((outcome) => (holds(outcome) ? 1 : 0)))).toFixed(1)} %`;
    const isAbsent = (outcome: (typeof outcomes)[number]): boolean => outcome.query.category === wrong;
    const absent = outcomes.filter(isAbsent);
    const there = outcomes.filter((outcome) => !isAbsent(outcome));
    const isEmpty = ({ hits }: (typeof outcomes)[number]): boolean => hits.every(({ grade }) => grade === 'none');
    const isWeak = ({ hits }: (typeof outcomes)[number]): boolean => hits.every(({ grade }) => grade !== 'good');
    rows.push(
      `| ${name} | ${String(absent.length)} | ${share(absent, isWeak)} | ${share(absent, isEmpty)} | ${String(there.length)} | ` +
        `${share(there, isWeak)} | ${share(there, (one) => isEmpty(one) && one.chunks.recall > 0)} |`,
    );
  }
  return rows.join('\n');
}
