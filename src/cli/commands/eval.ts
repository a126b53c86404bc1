import { CoppiceError, decodeBytes } from '../../base/index.js';
import { operations } from '../../api/index.js';
import { evaluate, parseGoldenSet } from '../../evaluation/index.js';
import { defineCommand } from '../command.js';
import type { CommandContext } from '../context.js';
import { formatEvaluation, formatFailures, isFailure } from '../evaluation-output.js';
import { revFlag } from '../filter-flags.js';
import { readInput } from '../input-file.js';
import { singleRev } from '../rev-range.js';

const { choices: modes } = operations.search.parameters.mode;

export const command = defineCommand({
  name: 'eval',
  summary: 'how well search answers a set of queries with known answers',
  description:
    'SET has a line for each query:\n' +
    '  {"query": "where are stale locks released?", "category": "semantic",\n' +
    '   "relevant": [{"path": "src/lock.ts", "startLine": 40, "endLine": 62}, {"path": "src/a.ts", "symbol": "release"}]}\n' +
    '(on one line). category and lines are optional; symbol stands for the line where a definition is. Relevance is binary;\n' +
    'a hit counts when it shares a line with what is relevant. Exit code 1 when --min-ndcg is missed.',
  args: [{ name: 'SET', help: 'the file with the queries; - reads standard input' }],
  flags: {
    rev: { ...revFlag.rev, default: 'HEAD', help: 'where to ask: a branch, tag, sha, fork or @worktree' },
    mode: {
      type: 'string',
      value: 'MODE',
      choices: modes,
      help: 'only this kind of search; all of them when left out',
    },
    limit: { type: 'integer', short: 'n', value: 'N', default: 10, min: 1, help: 'how many hits to score' },
    failures: { type: 'boolean', help: 'list the queries that miss something, and what came instead' },
    'min-ndcg': { type: 'string', value: 'X', help: 'fail when the NDCG of a mode is below X, from 0 to 1' },
  },
  examples: [
    { command: 'coppice eval golden.jsonl', does: 'NDCG, recall and reciprocal rank of each mode' },
    { command: 'coppice eval golden.jsonl --mode hybrid --failures', does: 'what is not found' },
    { command: 'coppice eval golden.jsonl --mode hybrid --min-ndcg 0.8', does: 'a check for continuous integration' },
  ],
  async run(context, { args, flags }) {
    const set = args[0]!;
    const rev = singleRev(flags.rev, 'eval') ?? 'HEAD';
    const minNdcg = readShare(flags['min-ndcg']);
    const golden = parseGoldenSet(decodeBytes(await readInput(context.io, set)), set);
    const engine = await context.engine();
    const evaluation = await evaluate(engine, golden, {
      ...context.call(rev),
      rev,
      modes: flags.mode === undefined ? modes : [flags.mode],
      depth: flags.limit,
    });
    context.clearProgress();
    const below = evaluation.modes.filter(({ all }) => all.ndcg < minNdcg).map(({ mode }) => mode);
    if (context.json) {
      const { modes: evaluated, ...rest } = evaluation;
      const withFailures = evaluated.map(({ outcomes, ...mode }) =>
        flags.failures ? { ...mode, failures: outcomes.filter(isFailure) } : mode,
      );
      context.out.json({ ...rest, modes: withFailures, below });
    } else {
      context.out.write(formatEvaluation(evaluation, context.paint));
      if (flags.failures) context.out.write(formatFailures(evaluation, set, context.paint));
    }
    for (const { line, path, symbol } of evaluation.missing) {
      const what = symbol === undefined ? `'${path}'` : `'${symbol}' in '${path}'`;
      context.note(`${set}:${String(line)}: ${rev} has no ${what}; it counts as not found`);
    }
    tellWhatIsLeftOut(context, evaluation);
    if (below.length > 0) context.note(`below an NDCG of ${String(minNdcg)}: ${below.join(', ')}`);
    return below.length > 0 ? 1 : 0;
  },
});

function tellWhatIsLeftOut(
  context: CommandContext,
  { unavailable, modes: evaluated }: Awaited<ReturnType<typeof evaluate>>,
): void {
  for (const { mode, reason } of unavailable) context.note(`${mode} is left out: ${reason}`);
  const partly = evaluated.filter(({ mode, coverage }) => mode !== 'lexical' && coverage.semantic < 1);
  for (const { mode, coverage } of partly) {
    context.note(`${mode}: ${String(Math.floor(coverage.semantic * 100))} % of the chunks have vectors`);
  }
}

/** 0 when it is not given. */
function readShare(text: string | undefined): number {
  const share = text === undefined ? 0 : text.trim() === '' ? NaN : Number(text);
  if (share >= 0 && share <= 1) return share;
  throw new CoppiceError('USAGE', `--min-ndcg is '${String(text)}'`, {
    hint: 'give a number from 0 to 1, such as 0.8',
  });
}
