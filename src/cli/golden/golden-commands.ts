import { posix } from 'node:path';
import { CoppiceError, decodeBytes } from '../../base/index.js';
import {
  compareOutcomes,
  costWith,
  evaluate,
  openModel,
  parseGoldenSet,
  planQuestions,
  questionsFromHistory,
  questionsFromModel,
} from '../../evaluation/index.js';
import type { Evaluation, GoldenQuery } from '../../evaluation/index.js';
import type { SearchEffort, SearchMode } from '../../engine/index.js';
import type { ExitCode } from '../command.js';
import type { CommandContext } from '../context.js';
import { formatComparison } from './evaluation-output.js';
import { plural, printable } from '../terminal/format.js';
import { readInput } from '../typed/input-file.js';
import { filePath } from '../typed/place.js';
import { parseShowTarget } from '../typed/show-target.js';
import { formatSpent } from '../results/model-output.js';

interface GoldenFlags {
  readonly rev: readonly string[];
  readonly mode: SearchMode | undefined;
  readonly limit: number;
  readonly from: 'history' | 'model' | undefined;
  readonly count: number;
  readonly seed: number;
  readonly examples: string | undefined;
  readonly 'dry-run': boolean;
  readonly set: string | undefined;
  readonly with: readonly string[];
}

/** Writes a golden set to standard output: of commits, or asked by a model. */
export async function makeSet(context: CommandContext, flags: GoldenFlags): Promise<ExitCode> {
  const { from, count, seed } = flags;
  const rev = flags.rev[0] ?? 'HEAD';
  const engine = await context.engine();
  if (from === undefined)
    throw new CoppiceError('USAGE', 'what are the questions to be made of?', {
      hint: '--from history or --from model',
    });
  if (from === 'history') {
    const entries = await questionsFromHistory(engine, { ...context.call(), rev, count, seed });
    context.clearProgress();
    for (const entry of entries) context.out.json(entry);
    if (entries.length < count) context.note(`${plural(entries.length, 'commit')} can be asked about`);
    return entries.length > 0 ? 0 : 1;
  }
  const client = await openModel(engine.storePath);
  try {
    const examples = await readExamples(context, flags.examples);
    const options = { ...context.call(rev), rev, count, seed, examples };
    if (flags['dry-run']) {
      let inputTokens = 0;
      let outputTokens = 0;
      let chunks = 0;
      for await (const { chunk, judge, question } of planQuestions(engine, client, options)) {
        chunks++;
        for (const { tokens } of [judge, question]) {
          inputTokens += tokens.input;
          outputTokens += tokens.output;
        }
        context.clearProgress();
        const { path, startLine } = chunk;
        if (context.json)
          for (const { url, body } of [judge, question]) context.out.json({ path, startLine, url, body });
        else context.out.write(`${printable(path)}:${String(startLine)}  ${printable(chunk.symbol)}\n`);
        await context.out.pass();
      }
      const cost = costWith(client, { input: inputTokens, output: outputTokens });
      const spent = { inputTokens, outputTokens, ...(cost !== undefined && { cost }) };
      context.note(`two requests each for ${plural(chunks, 'definition')} at most: ${formatSpent(spent)}`);
      return 0;
    }
    context.note(
      `code is sent to ${client.shownAddress} to be asked about, that of files that look like secrets excepted`,
    );
    const { entries, tokens, looked } = await questionsFromModel(engine, client, {
      ...options,
      onDone: (done) =>
        context
          .call()
          .onProgress?.({ phase: 'describe', done, total: count, unit: 'records', bytes: 0, what: 'questions' }),
    });
    context.clearProgress();
    for (const entry of entries) context.out.json(entry);
    const cost = costWith(client, tokens);
    const spent = { inputTokens: tokens.input, outputTokens: tokens.output, ...(cost !== undefined && { cost }) };
    context.note(`${plural(entries.length, 'question')} of ${plural(looked, 'definition')}: ${formatSpent(spent)}`);
    return entries.length > 0 ? 0 : 1;
  } finally {
    client.close();
  }
}

async function readExamples(context: CommandContext, path: string | undefined): Promise<string[]> {
  if (path === undefined) return [];
  return parseGoldenSet(decodeBytes(await readInput(context.io, path)), path)
    .slice(0, 10)
    .map(({ query }) => query);
}

/** Adds a question and its answer by hand. */
export async function addToSet(
  context: CommandContext,
  args: readonly string[],
  flags: GoldenFlags,
): Promise<ExitCode> {
  const [query, place, ...more] = args;
  if (query === undefined || place === undefined || more.length > 0)
    throw new CoppiceError('USAGE', 'eval add takes a question and where its answer is', {
      hint: "coppice eval add 'where are locks released' src/lock.ts:40-62",
    });
  const { path: given, lines } = parseShowTarget(place, true);
  const rev = flags.rev[0];
  const path = filePath(context, { given, isFromHere: true, rev });
  const engine = await context.engine();
  const { set } = await engine.addLabel({
    query,
    path,
    ...(lines !== undefined && { startLine: lines.start, endLine: lines.end }),
    ...(flags.set !== undefined && { set: posix.join(context.place.folder, flags.set) }),
    ...(rev !== undefined && { rev }),
  });
  if (context.json) context.out.json({ set, query, path });
  else context.out.write(`added to ${printable(set)}\n`);
  return 0;
}

/** Asks a set with two configurations, and says whether the difference is more than noise. */
export async function compareSet(
  context: CommandContext,
  args: readonly string[],
  flags: GoldenFlags,
): Promise<ExitCode> {
  const [set] = args;
  const [a, b, ...more] = flags.with;
  if (set === undefined || args.length > 1 || a === undefined || b === undefined || more.length > 0)
    throw new CoppiceError('USAGE', 'eval compare takes a set and two files of settings', {
      hint: 'coppice eval compare golden.jsonl --with a.json --with b.json; a file may be {}: the settings as they are',
    });
  const golden = parseGoldenSet(decodeBytes(await readInput(context.io, set)), set);
  const before = await evaluateWith(context, golden, a, flags);
  const after = await evaluateWith(context, golden, b, flags);
  context.clearProgress();
  const comparisons = before.modes.flatMap(({ mode, outcomes }, i) => {
    const other = after.modes.find((one) => one.mode === mode) ?? after.modes[i];
    return other === undefined ? [] : [compareOutcomes(mode, outcomes, other.outcomes)];
  });
  if (context.json) context.out.json({ set, with: [a, b], rev: before.rev, comparisons });
  else
    context.out.write(
      comparisons
        .map((comparison) => formatComparison(comparison, [printable(a), printable(b)], context.paint))
        .join('\n'),
    );
  return 0;
}

/** `mode` and `effort` say how it is asked; everything else is settings. */
async function evaluateWith(
  context: CommandContext,
  golden: readonly GoldenQuery[],
  file: string,
  flags: GoldenFlags,
): Promise<Evaluation> {
  const given: unknown = parseJson(decodeBytes(await readInput(context.io, file)), file);
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new CoppiceError('CONFIG_INVALID', `${file}: not a JSON object`);
  const { mode = flags.mode ?? 'hybrid', effort, ...settings } = given as Record<string, unknown>;
  const engine = await context.engineWith(settings);
  try {
    return await evaluate(engine, golden, {
      ...context.call(flags.rev[0] ?? 'HEAD'),
      rev: flags.rev[0] ?? 'HEAD',
      ownRevs: flags.rev.length === 0,
      modes: [mode as SearchMode],
      depth: flags.limit,
      ...(effort !== undefined && { effort: effort as SearchEffort }),
    });
  } finally {
    await engine.close();
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CoppiceError('CONFIG_INVALID', `${file}: ${error instanceof Error ? error.message : 'not JSON'}`);
  }
}
