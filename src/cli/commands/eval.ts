import { CoppiceError, decodeBytes } from '../../base/index.js';
import { operations } from '../../api/index.js';
import { evaluate, parseGoldenSet } from '../../evaluation/index.js';
import type { Evaluation } from '../../evaluation/index.js';
import { defineCommand } from '../command.js';
import type { ExitCode } from '../command.js';
import type { CommandContext } from '../context.js';
import { formatEvaluation, formatFailures, formatOverRevs, isFailure } from '../golden/evaluation-output.js';
import { countFlag, revFlag } from '../typed/filter-flags.js';
import { readInput } from '../typed/input-file.js';
import { singleRev } from '../typed/rev-range.js';

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
  usage:
    'SET\n' +
    '       coppice eval make --from history|model > SET\n' +
    '       coppice eval add QUESTION PATH[:A-B] [--set SET]\n' +
    '       coppice eval compare SET --with A.json --with B.json',
  args: [{ name: 'SET', help: 'the file with the queries; - reads standard input; or make, add, compare', many: true }],
  flags: {
    rev: {
      ...revFlag.rev,
      many: true,
      help: 'where to ask (default: where each query says, else HEAD); several: over time',
    },
    mode: {
      type: 'string',
      value: 'MODE',
      choices: modes,
      help: 'only this kind of search; all of them when left out',
    },
    limit: { ...countFlag, default: 10, help: 'how many hits to score' },
    from: {
      type: 'string',
      value: 'SOURCE',
      choices: ['history', 'model'],
      help: 'make: of commits, or asked by a model',
    },
    count: { type: 'integer', value: 'N', default: 50, min: 1, help: 'make: how many questions' },
    seed: { type: 'integer', value: 'N', default: 1, min: 0, help: 'make: another number samples others' },
    examples: { type: 'string', value: 'SET', help: 'make --from model: questions of your own, for the manner' },
    'dry-run': { type: 'boolean', help: 'make --from model: say what would be sent, and send nothing' },
    set: { type: 'string', value: 'SET', help: 'add: the file, in the work tree (default golden.jsonl)' },
    with: { type: 'string', value: 'FILE', many: true, help: 'compare: settings as in config.json; two of them' },
    failures: { type: 'boolean', help: 'list the queries that miss something, and what came instead' },
    'min-ndcg': { type: 'string', value: 'X', help: 'fail when the NDCG of a mode is below X, from 0 to 1' },
  },
  examples: [
    { command: 'coppice eval golden.jsonl', does: 'NDCG, recall and reciprocal rank of each mode' },
    { command: 'coppice eval make --from history > golden.jsonl', does: 'questions of the commits of HEAD' },
    { command: "coppice eval add 'where are locks released' src/lock.ts:40-62", does: 'one by hand' },
    { command: 'coppice eval golden.jsonl --mode hybrid --failures', does: 'what is not found' },
    { command: 'coppice eval golden.jsonl --mode hybrid --min-ndcg 0.8', does: 'a check for continuous integration' },
  ],
  async run(context, { args, flags }) {
    const [first, ...rest] = args as [string, ...string[]];
    const { makeSet, addToSet, compareSet } = await import('../golden/golden-commands.js');
    if (first === 'make') return makeSet(context, flags);
    if (first === 'add') return addToSet(context, rest, flags);
    if (first === 'compare') return compareSet(context, rest, flags);
    if (rest.length > 0)
      throw new CoppiceError('USAGE', `eval takes one set, and '${rest[0]!}' is another`, {
        hint: 'or make, add or compare before it: coppice help eval',
      });
    return flags.rev.length > 1 ? evaluateOverRevs(context, first, flags) : evaluateOnce(context, first, flags);
  },
});

interface EvaluateFlags {
  readonly rev: readonly string[];
  readonly mode: (typeof modes)[number] | undefined;
  readonly limit: number;
  readonly failures: boolean;
  readonly 'min-ndcg': string | undefined;
}

/** Quality over time: one line for each rev. */
async function evaluateOverRevs(context: CommandContext, set: string, flags: EvaluateFlags): Promise<ExitCode> {
  const golden = parseGoldenSet(decodeBytes(await readInput(context.io, set)), set);
  const engine = await context.engine();
  const minNdcg = readShare(flags['min-ndcg']);
  const evaluations: Evaluation[] = [];
  for (const rev of flags.rev) {
    singleRev(rev, 'eval');
    evaluations.push(
      await evaluate(engine, golden, {
        ...context.call(rev),
        rev,
        modes: flags.mode === undefined ? modes : [flags.mode],
        depth: flags.limit,
      }),
    );
  }
  context.clearProgress();
  if (context.json)
    context.out.json({
      revs: evaluations.map(({ modes: evaluated, ...rest }) => ({
        ...rest,
        modes: evaluated.map(({ outcomes: _, ...mode }) => mode),
      })),
    });
  else context.out.write(formatOverRevs(evaluations, context.paint));
  return evaluations.some(({ modes: evaluated }) => evaluated.some(({ all }) => all.ndcg < minNdcg)) ? 1 : 0;
}

async function evaluateOnce(context: CommandContext, set: string, flags: EvaluateFlags): Promise<ExitCode> {
  const rev = singleRev(flags.rev[0], 'eval') ?? 'HEAD';
  const minNdcg = readShare(flags['min-ndcg']);
  const golden = parseGoldenSet(decodeBytes(await readInput(context.io, set)), set);
  const engine = await context.engine();
  const evaluation = await evaluate(engine, golden, {
    ...context.call(rev),
    rev,
    ownRevs: flags.rev.length === 0,
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
}

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
