import type { Ablation } from './ablation.js';
import type { Validation } from './cross-validate.js';
import type { Measured, Outcome } from './measure.js';
import { mean, overall } from './mean.js';
import type { Published } from './sets.js';

/** Published columns that are shown: what they are called in the file, and here. */
const shown = [
  ['ablation_semble-bm25', 'BM25 + ranking'],
  ['semble', 'semble'],
  ['cre_later_hybrid', 'CodeRankEmbed + BM25'],
] as const;
const categories = ['architecture', 'semantic', 'symbol'] as const;

const three = (value: number): string => value.toFixed(3);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n') + '\n';
}

/** By repository with the published figures beside, and by category. */
export function qualityTables(measured: readonly Measured[], published: Published): string {
  const others = (name: string): string[] =>
    shown.map(([method]) => (published[method]?.[name] === undefined ? '' : three(published[method][name])));
  const othersMean = shown.map(([method]) => {
    const values = measured.flatMap(({ repository }) => published[method]?.[repository.name] ?? []);
    return values.length === 0 ? '' : three(mean(values));
  });
  const rows = measured.map((one) => {
    const { repository } = one;
    return [repository.name, repository.language, ...figures([one]), ...others(repository.name)];
  });
  rows.push(['**all**', '', ...figures(measured), ...othersMean]);
  const latencies = measured.flatMap(({ outcomes }) => outcomes.map(({ tookMs }) => tookMs)).sort((a, b) => a - b);
  const at = (share: number): string => latencies[Math.floor((latencies.length - 1) * share)]!.toFixed(1);
  const byCategory = categories.map((category) => {
    const passes = ({ query }: Outcome): boolean => query.category === category;
    const count = measured.reduce((sum, { outcomes }) => sum + outcomes.filter(passes).length, 0);
    return [category, String(count), ...figures(measured, passes)];
  });
  const heads = ['NDCG@10', 'file NDCG@10', 'MRR', 'recall@10'];
  return [
    'Lexical ranking; NDCG@10 at chunk level unless said otherwise. The last three columns are published figures.\n',
    table(['repository', 'language', ...heads, ...shown.map(([, name]) => name)], rows),
    table(['category', 'queries', ...heads], byCategory),
    `A query takes ${at(0.5)} ms (p50), ${at(0.95)} ms (p95), in process, with 50 hits.\n`,
  ].join('\n');
}

function figures(measured: readonly Measured[], passes?: (outcome: Outcome) => boolean): string[] {
  return [
    overall(measured, ({ chunks }) => chunks.ndcg, passes),
    overall(measured, ({ files }) => files.ndcg, passes),
    overall(measured, ({ chunks }) => chunks.reciprocalRank, passes),
    overall(measured, ({ chunks }) => chunks.recall, passes),
  ].map(three);
}

export function ablationTable(ablations: readonly Ablation[]): string {
  const rows = ablations.map(({ signal, ndcg, difference }) => [signal, three(ndcg), signed(difference)]);
  return `## Without each signal\n\n${table(['without', 'NDCG@10', 'difference'], rows)}`;
}

const signed = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(4)}`;

export function validationTable({ chosen, untuned, folds, heldOut }: Validation): string {
  const rows = folds.map((fold) => [fold.heldOut.join(', '), three(fold.trained), three(fold.tested)]);
  return [
    '## Cross-validation\n',
    'Each fold leaves four repositories out, tunes every value on the other twelve (coordinate search that begins with',
    'round guesses), and measures on the four. Which signals there are was decided looking at all of them.\n',
    table(['left out', 'on the twelve', 'on the four'], rows),
    `Mean over the repositories, each with values tuned without it: **${three(heldOut)}**. With the round guesses: ${three(untuned)}; with the values in use: ${three(chosen)}.\n`,
  ].join('\n');
}

/** Queries that miss, and what came instead. */
export function failures(measured: readonly Measured[]): string {
  return measured
    .flatMap(({ repository, outcomes }) =>
      outcomes
        .filter(({ chunks }) => chunks.ndcg < 0.99)
        .map(({ query, chunks, results }) =>
          [
            `${repository.name} [${query.category}] ${query.query} — ${three(chunks.ndcg)}`,
            `  wants ${query.targets.map(({ path, startLine }) => (startLine === undefined ? path : `${path}:${startLine}`)).join(' ')}`,
            ...results.map(({ path, startLine, endLine }) => `    ${path}:${startLine}-${endLine}`),
          ].join('\n'),
        ),
    )
    .join('\n');
}
