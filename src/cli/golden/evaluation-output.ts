import type { Comparison, Evaluation, Latency, LineSpan, Outcome, Summary, Target } from '../../evaluation/index.js';
import { formatDuration, formatTable, plural, printable, shortCommit } from '../terminal/format.js';
import { quotePath } from '../terminal/quote-path.js';
import type { Paint } from '../terminal/style.js';

/** Something relevant is missing, or not where it could be. */
export const isFailure = ({ chunks }: Outcome): boolean => chunks.ndcg < 1;

/** A table: each mode, and below it its categories. */
export function formatEvaluation({ rev, commit, queries, depth, modes }: Evaluation, paint: Paint): string {
  const at = `@${String(depth)}`;
  const head = ['', 'queries', `NDCG${at}`, `files NDCG${at}`, `recall${at}`, `MRR${at}`, 'p50', 'p99'];
  const rows = [head.map((cell) => paint('bold', cell))];
  for (const { mode, all, categories, latency } of modes) {
    rows.push([paint('cyan', mode), ...summaryCells(all), ...latencyCells(latency)]);
    for (const { category, ...summary } of categories)
      rows.push([`  ${printable(category)}`, ...summaryCells(summary)]);
  }
  return `${plural(queries, 'query', 'queries')} at ${printable(rev)} (${shortCommit(commit)})\n\n${formatTable(rows)}`;
}

/** A line for each rev and mode. */
export function formatOverRevs(evaluations: readonly Evaluation[], paint: Paint): string {
  const head = ['rev', 'commit', 'mode', 'queries', 'NDCG', 'files NDCG', 'recall', 'MRR', 'not there'];
  const rows = [head.map((cell) => paint('bold', cell))];
  for (const { rev, commit, modes, missing } of evaluations)
    for (const { mode, all } of modes)
      rows.push([
        printable(rev),
        shortCommit(commit),
        paint('cyan', mode),
        ...summaryCells(all),
        String(missing.length),
      ]);
  return formatTable(rows);
}

/** Two configurations side by side: the means, then the questions that differ, the largest differences first. */
export function formatComparison(
  { mode, questions, before, after, difference, interval: [low, high], verdict, rows }: Comparison,
  names: readonly [string, string],
  paint: Paint,
): string {
  const signed = (value: number): string => `${value < 0 ? '−' : '+'}${formatScore(Math.abs(value))}`;
  const said = {
    better: `${names[1]} is better`,
    worse: `${names[1]} is worse`,
    'cannot tell': 'these questions cannot tell them apart',
  }[verdict];
  const differing = rows
    .filter((row) => row.before !== row.after)
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before) || a.line - b.line);
  const table = differing.map((row) => [
    formatScore(row.before),
    formatScore(row.after),
    signed(row.after - row.before),
    printable(row.query),
  ]);
  const means = `${plural(questions, 'question')}: NDCG ${formatScore(before)} with ${names[0]}, ${formatScore(after)} with ${names[1]}`;
  return (
    `${paint('cyan', mode)}  ${means}\n` +
    `difference ${signed(difference)}, 95 % interval ${signed(low)} to ${signed(high)}: ${paint('bold', said)}\n` +
    (table.length === 0 ? 'no question differs\n' : `\n${formatTable(table)}`)
  );
}

const summaryCells = ({ queries, ndcg, fileNdcg, recall, mrr }: Summary): string[] => [
  String(queries),
  ...[ndcg, fileNdcg, recall, mrr].map(formatScore),
];

const latencyCells = ({ p50Ms, p99Ms }: Latency): string[] => [formatDuration(p50Ms), formatDuration(p99Ms)];

const formatScore = (score: number): string => score.toFixed(3);

/** The queries that miss something, the worst first: what is relevant, and what was found. */
export function formatFailures({ modes }: Evaluation, set: string, paint: Paint): string {
  let text = '';
  for (const { mode, outcomes } of modes) {
    const failures = outcomes.filter(isFailure).sort((a, b) => a.chunks.ndcg - b.chunks.ndcg);
    text += `\n${paint('cyan', mode)}: ${plural(failures.length, 'query misses', 'queries miss')} something\n`;
    for (const { query, chunks, targets, hits } of failures) {
      text += `\n${formatScore(chunks.ndcg)}  ${paint('bold', printable(query.query))}  ${paint('dim', `${set}:${String(query.line)}`)}\n`;
      text += formatTable([
        ...targets.map((target) => ['  relevant', formatPlace(target, paint)]),
        ...hits.map((hit, i) => [`  ${String(i + 1)}`, formatPlace(hit, paint)]),
      ]);
    }
  }
  return text;
}

function formatPlace({ path, startLine, endLine }: Target | LineSpan, paint: Paint): string {
  const shown = paint('magenta', quotePath(path));
  return startLine === undefined ? shown : `${shown}:${String(startLine)}-${String(endLine ?? startLine)}`;
}
