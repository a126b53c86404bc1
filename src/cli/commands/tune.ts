import { decodeBytes } from '../../base/index.js';
import { evaluate, parseGoldenSet, questionsMin, tuneWeights, tunedSignals } from '../../evaluation/index.js';
import { defineCommand } from '../command.js';
import { formatTable } from '../terminal/format.js';
import { readInput } from '../typed/input-file.js';
import { singleRev } from '../typed/rev-range.js';

export const command = defineCommand({
  name: 'tune',
  summary: 'fit the weights of ranking to a golden set, if that is more than noise',
  description:
    'Tunes on all folds of the questions but one and measures on that one, for each. Only where what was left out gains more\n' +
    'than chance would give are the weights, then tuned on all, written to "ranking" in config.json of the store. It says so\n' +
    'either way. Exit code 1 when nothing is changed.',
  args: [{ name: 'SET', help: 'the file with the queries; - reads standard input' }],
  flags: {
    rev: { type: 'string', value: 'REV', help: 'where to ask (default: where each query says, else HEAD)' },
    folds: { type: 'integer', value: 'N', default: 5, min: 2, help: 'how many parts the questions are cut into' },
    seed: { type: 'integer', value: 'N', default: 1, min: 0, help: 'another number cuts them otherwise' },
    'dry-run': { type: 'boolean', help: 'only say what would be written' },
  },
  examples: [{ command: 'coppice tune golden.jsonl', does: 'weights for this code, if the questions support any' }],
  async run(context, { args, flags }) {
    const set = args[0]!;
    const rev = singleRev(flags.rev, 'tune') ?? 'HEAD';
    const golden = parseGoldenSet(decodeBytes(await readInput(context.io, set)), set);
    const { rankingDefaults, saveRanking } = await import('../../engine/index.js');
    const engine = await context.engineWith({ rerank: null, ranking: {} });
    try {
      const defaults = rankingDefaults();
      const call = context.call(rev);
      const options = { ...call, rev, ownRevs: flags.rev === undefined, modes: ['hybrid'] as const, depth: 10 };
      const result = await tuneWeights(
        async (questions, ranking) => {
          const asked = {
            search: (query: string, given: object) => engine.search(query, { ...given, ranking }),
            files: engine.files.bind(engine),
            outline: engine.outline.bind(engine),
          };
          const some = questions.map((i) => golden[i]!);
          const evaluation = await evaluate(asked, some, { ...options, repeat: false });
          return evaluation.modes[0]!.outcomes.map(({ chunks }) => chunks.ndcg);
        },
        {
          questions: golden.length,
          weights: Object.fromEntries(tunedSignals.map((name) => [name, defaults[name]!])),
          folds: Math.min(flags.folds, golden.length),
          seed: flags.seed,
          onProgress: (done, total) =>
            call.onProgress?.({ phase: 'verify', done, total, unit: 'records', bytes: 0, what: 'folds' }),
        },
      );
      context.clearProgress();
      const isChange = Object.keys(result.weights).length > 0;
      const writes = result.isSignificant && isChange && !flags['dry-run'];
      if (writes) saveRanking(engine.storePath, result.weights);
      if (context.json) context.out.json({ ...result, written: writes });
      else {
        const rows = Object.entries(result.weights).map(([name, value]) => [
          name,
          String(defaults[name]),
          String(value),
        ]);
        if (rows.length > 0) context.out.write(`${formatTable([['weight', 'in use', 'tuned'], ...rows])}\n`);
        const { before, leftOut, probability, changed, questions } = result;
        context.out.write(
          `NDCG on left-out questions: ${before.toFixed(3)} as it is, ${leftOut.toFixed(3)} tuned without them ` +
            `(${String(changed)} of ${String(questions)} questions differ; by chance with a probability of ${probability.toFixed(4)})\n`,
        );
        context.out.write(
          writes
            ? 'the tuned weights are in use from now on; a daemon that runs uses them once it is started anew (coppice serve --stop)\n'
            : result.isSignificant && isChange
              ? 'the tuned weights would be written\n'
              : `nothing is changed: ${golden.length < questionsMin ? `fewer than ${String(questionsMin)} questions say nothing of weights` : 'the gain is no more than chance would give'}\n`,
        );
      }
      return result.isSignificant && isChange ? 0 : 1;
    } finally {
      await engine.close();
    }
  },
});
