import { mean, pathsMatch, percentile } from '../../src/evaluation/index.js';
import type { RankMode, RankingSignals } from '../../src/search/index.js';
import type { Ablation } from './ablation.js';
import type { Validation } from './cross-validation.js';
import type { IndexTime } from './index-time.js';
import type { ModeLatency } from './latency.js';
import { overall } from './mean.js';
import { depth, modes } from './open-repositories.js';
import type { Measured, Outcome } from './open-repositories.js';
import type { Published } from './sets.js';
import { changes } from './signals.js';

/** What was measured of each mode, repository by repository. */
export type ByMode = ReadonlyMap<RankMode, readonly Measured[]>;

/** Published methods that are shown: what they are called in the file, and here. */
const shown = [
  ['semble', 'semble'],
  ['cre_later_hybrid', 'CodeRankEmbed + BM25'],
  ['cre_later_semantic', 'CodeRankEmbed'],
  ['ablation_semble-bm25', 'semble, BM25 only'],
  ['ablation_semble-semantic', 'semble, vectors only'],
] as const;
const categories = ['architecture', 'semantic', 'symbol'] as const;

/** Tokens of the cl100k encoding are about four characters of code each. */
const charsPerToken = 4;
const budgets = [500, 1000, 2000] as const;

const three = (value: number): string => value.toFixed(3);
const signed = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(4)}`;
const ms = (value: number): string => (value < 100 ? value.toFixed(1) : value.toFixed(0));

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const medianOf = <T>(values: readonly T[], value: (one: T) => number): number => percentile(values.map(value), 0.5);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n') + '\n';
}

const ndcg = ({ chunks }: Outcome): number => chunks.ndcg;
const fileNdcg = ({ files }: Outcome): number => files.ndcg;

/** Overall, by category, and by repository with the published figures beside. */
export function qualityTables(byMode: ByMode, published: Published): string {
  const heads = ['NDCG@10', 'files NDCG@10', 'recall@10', 'MRR@10', ...budgets.map((budget) => `in ${budget} tokens`)];
  const all = [...byMode].map(([mode, measured]) => [
    `**${mode}**`,
    ...[ndcg, fileNdcg, recall, reciprocalRank].map((value) => three(overall(measured, value))),
    ...budgets.map((budget) => three(overall(measured, (outcome) => recallWithin(outcome, budget)))),
  ]);
  const names = [...byMode.values()][0]!.map(({ repository }) => repository.name);
  for (const [method, title] of shown) {
    const values = names.flatMap((name) => published[method]?.[name] ?? []);
    if (values.length === names.length)
      all.push([`${title} (published)`, three(mean(values)), ...heads.slice(1).map(() => '')]);
  }
  return [
    table(['', ...heads], all),
    `NDCG@${depth}, recall and MRR are at chunk level; "in N tokens" is the share of the relevant files of which a whole chunk is`,
    `among the first ${budgets.join(', ')} tokens of the answer, a token being taken for ${charsPerToken} characters. All are means of the`,
    "repositories' means.\n",
    '## By category\n',
    categoryTable(byMode),
    '## By repository\n',
    repositoryTable(byMode, published),
  ].join('\n');
}

const recall = ({ chunks }: Outcome): number => chunks.recall;
const reciprocalRank = ({ chunks }: Outcome): number => chunks.reciprocalRank;

/** Share of the relevant files that a reader of so many tokens of the answer has seen a chunk of. */
function recallWithin({ query, hits }: Outcome, tokens: number): number {
  let left = tokens * charsPerToken;
  const read: string[] = [];
  for (const { path, chars } of hits) {
    left -= chars;
    if (left < 0) break;
    read.push(path);
  }
  const wanted = [...new Set(query.targets.map(({ path }) => path))];
  return mean(wanted.map((path) => (read.some((seen) => pathsMatch(seen, path)) ? 1 : 0)));
}

function categoryTable(byMode: ByMode): string {
  const rows = categories.map((category) => {
    const passes = ({ query }: Outcome): boolean => query.category === category;
    const [first] = byMode.values();
    const count = first!.reduce((sum, { outcomes }) => sum + outcomes.filter(passes).length, 0);
    const figures = [...byMode.values()].flatMap((measured) => [
      overall(measured, ndcg, passes),
      overall(measured, recall, passes),
      overall(measured, reciprocalRank, passes),
    ]);
    return [category, String(count), ...figures.map(three)];
  });
  const heads = [...byMode.keys()].flatMap((mode) => [`${mode} NDCG@10`, 'recall@10', 'MRR@10']);
  return table(['', 'queries', ...heads], rows);
}

function repositoryTable(byMode: ByMode, published: Published): string {
  const [first] = byMode.values();
  const rows = first!.map(({ repository: { name, language } }, i) => [
    name,
    language,
    ...[...byMode.values()].flatMap((measured) => [
      three(overall([measured[i]!], ndcg)),
      three(overall([measured[i]!], fileNdcg)),
    ]),
    ...shown.map(([method]) => (published[method]?.[name] === undefined ? '' : three(published[method][name]))),
  ]);
  const heads = [...byMode.keys()].flatMap((mode) => [mode, 'files']);
  return table(['repository', 'language', ...heads, ...shown.map(([, title]) => title)], rows);
}

/** Latency through the engine, and what a cold index takes. */
export function timeTables(
  latencies: ReadonlyMap<string, ReadonlyMap<RankMode, ModeLatency>>,
  indexTimes: ReadonlyMap<string, IndexTime>,
  machine: string,
): string {
  const measuredModes = modes.filter((mode) => [...latencies.values()].every((latency) => latency.has(mode)));
  const rows = [...latencies].map(([name, latency]) => {
    const time = indexTimes.get(name)!;
    return [
      name,
      `${Math.round(time.textBytes / 1000)}`,
      String(time.chunks),
      ms(time.withMs),
      ms(time.withoutMs),
      percent(time.added),
      percent(time.cpuAdded),
      ...measuredModes.map((mode) => `${ms(latency.get(mode)!.p50Ms)} / ${ms(latency.get(mode)!.p99Ms)}`),
    ];
  });
  const times = [...indexTimes.values()];
  const small = times.filter(({ textBytes }) => textBytes <= 1e6);
  const ndcgs = measuredModes.map((mode) => {
    const values = [...latencies.values()].map((latency) => latency.get(mode)!.ndcg);
    return `${mode} ${three(mean(values))}`;
  });
  return [
    '## Time\n',
    `Of the public API in one process, on ${machine}. Queries ask for ten hits, warm, modes in turns, p50 / p99 in ms; a cold index`,
    'is the median of five into an empty store, in turns with and without vectors, in ms.\n',
    table(
      ['repository', 'text KB', 'chunks', 'index', 'without vectors', 'vectors add', 'in CPU time', ...measuredModes],
      rows,
    ),
    `Median over the repositories: vectors add ${percent(medianOf(times, ({ added }) => added))} to the index time,`,
    `${percent(medianOf(times, ({ cpuAdded }) => cpuAdded))} in CPU time; of the ${small.length} with at most 1 MB of text an index takes`,
    `${ms(medianOf(small, ({ withMs }) => withMs))} ms, ${ms(medianOf(small, ({ withoutMs }) => withoutMs))} without vectors.\n`,
    `NDCG@10 of these answers: ${ndcgs.join(', ')}.\n`,
  ].join('\n');
}

export function ablationTable(ablations: readonly Ablation[], measuredModes: readonly RankMode[]): string {
  const rows = ablations.map(({ leaf, value, neutral, differences }) => [
    leaf,
    String(value),
    neutral > 1000 ? '∞' : String(neutral),
    ...measuredModes.map((mode) => (differences[mode] === 0 ? '' : signed(differences[mode]!))),
  ]);
  return [
    '## Without each signal\n',
    'Each value on its own is set to what makes it say nothing; what that changes in NDCG@10.\n',
    table(['signal', 'in use', 'set to', ...measuredModes], rows),
  ].join('\n');
}

export function validationTables(validations: readonly Validation[], signals: RankingSignals): string {
  const sections = validations.map(({ mode, leaves, inUse, guessed, folds, leftOut, tuned, tunedOnAll }) => {
    const rows = folds.map((fold) => [fold.leftOut.join(', '), three(fold.trained), three(fold.tested)]);
    return [
      `### ${mode}: ${leaves.join(', ')}\n`,
      table(['left out', 'on the others', 'on the left out'], rows),
      `Mean over the repositories, each with values tuned without it: **${three(leftOut)}**. With first guesses: ${three(guessed)}; with`,
      `the values in use: ${three(inUse)}; tuned on all: ${three(tunedOnAll)} (${changes(signals, tuned) || 'the same values'}).\n`,
    ].join('\n');
  });
  return [
    '## Cross-validation\n',
    'Each fold leaves four repositories out, tunes the named values on the others (coordinate search that begins with first',
    'guesses; all other values stay as they are in use), and measures on the four.\n',
    ...sections,
  ].join('\n');
}

/** Queries that miss, and what came instead. */
export function failures(byMode: ByMode): string {
  const missed = [...byMode].flatMap(([mode, measured]) =>
    measured.flatMap(({ repository, outcomes }) =>
      outcomes.filter((outcome) => ndcg(outcome) < 0.99).map((outcome) => ({ mode, repository, outcome })),
    ),
  );
  return missed
    .map(({ mode, repository, outcome: { query, chunks, hits } }) =>
      [
        `${mode} ${repository.name} [${query.category}] ${query.query} — ${three(chunks.ndcg)}`,
        `  wants ${query.targets.map(({ path, startLine }) => (startLine === undefined ? path : `${path}:${String(startLine)}`)).join(' ')}`,
        ...hits.slice(0, depth).map(({ path, startLine, endLine }) => `    ${path}:${startLine}-${endLine}`),
      ].join('\n'),
    )
    .join('\n');
}
