import { CoppiceError } from '../../base/index.js';
import type {
  CallOptions,
  Engine,
  GrepRangeResult,
  GrepResult,
  Hit,
  LineHistory,
  LineMatch,
  SymbolHit,
} from '../../engine/index.js';
import { parseRevRange } from '../../model/index.js';
import { askEach } from '../workspace/ask-each.js';
import type { Answer, Failure } from '../workspace/ask-each.js';
import { rangeOf, rangeOfName, rangeOfText } from '../documents/ranges.js';
import { flag, isObject, oneOf, readMembers, text, texts, whole } from './read-members.js';
import type { Checks } from './read-members.js';
import { toResponseError } from '../messages/response-error.js';
import type { Workspace } from '../workspace/workspace.js';
import type { WorkspaceRepository } from '../workspace/workspace-repository.js';

/** As the HTTP API bounds its lists. */
const resultsMax = 10_000;
const contextMax = 1000;
const deadlineMsMax = 60_000;

export interface CommandContext {
  readonly workspace: Workspace;
  readonly options: CallOptions;
}

interface Command {
  /** Takes the arguments as the client sent them. USAGE when they are wrong. */
  run(sent: readonly unknown[], context: CommandContext): Promise<object>;
}

/** Which repositories are asked, and about what. */
const placeArguments = {
  /** A REV. Without it: the work tree with the unsaved buffers of the editor. */
  rev: text,
  /** URI of a file or folder: only the repository around it is asked. */
  folder: text,
};
const filterArguments = { paths: texts, languages: texts };
const freshnessArguments = { allowStale: flag };
/** In what the project depends on: instead of its own files, or besides. */
const packageArguments = { deps: texts, withDeps: flag };

/** Commands by name, for `workspace/executeCommand`. Each takes one object, and answers with plain JSON. */
export const commands: ReadonlyMap<string, Command> = new Map([
  defineCommand(
    'coppice.search',
    { query: text },
    {
      ...placeArguments,
      ...filterArguments,
      ...packageArguments,
      ...freshnessArguments,
      limit: whole(1, resultsMax),
      mode: oneOf('hybrid', 'lexical', 'semantic'),
    },
    async ({ query, rev, folder, limit = 10, ...filters }, context) => {
      const { answers, repositories } = await ask(context, { rev, folder }, (engine, current) =>
        engine.search(query, { ...filters, ...context.options, limit, rev: current }),
      );
      const hits = answers.flatMap(({ repository, value }) => value.hits.map((hit) => placedHit(repository, hit)));
      hits.sort((a, b) => b.score - a.score);
      return { query, hits: hits.slice(0, limit), repositories };
    },
  ),
  defineCommand(
    'coppice.grep',
    { pattern: text },
    {
      ...placeArguments,
      ...filterArguments,
      ...packageArguments,
      ...freshnessArguments,
      literal: flag,
      ignoreCase: flag,
      wholeWord: flag,
      maxCount: whole(1, resultsMax),
      context: whole(0, contextMax),
      deadlineMs: whole(1, deadlineMsMax),
    },
    async ({ pattern, rev, folder, maxCount = resultsMax, context: around, ...how }, context) => {
      const range = rev === undefined ? undefined : parseRevRange(rev);
      if (range !== undefined && around !== undefined) {
        throw new CoppiceError('USAGE', 'coppice.grep: context is not available for a range of revs');
      }
      const options = { ...how, ...context.options, maxCount };
      type Found = GrepResult | GrepRangeResult;
      const { answers, repositories } = await ask(context, { rev, folder }, (engine, current): Promise<Found> =>
        range === undefined
          ? engine.grep(pattern, { ...options, rev: current, ...(around === undefined ? {} : { context: around }) })
          : engine.grepRange(pattern, range.from, range.to, options),
      );
      const found = answers.flatMap(({ repository, value }) => value.lines.map((line) => placedLine(repository, line)));
      const lines = around === undefined ? found.slice(0, maxCount) : found; // with context, each repository's own bound counts
      const truncated = lines.length < found.length || answers.some(({ value }) => value.truncated);
      return { pattern, lines, truncated, repositories };
    },
  ),
  defineCommand(
    'coppice.symbols',
    { name: text },
    {
      ...placeArguments,
      ...filterArguments,
      ...packageArguments,
      ...freshnessArguments,
      kinds: texts,
      limit: whole(1, resultsMax),
    },
    async ({ name, rev, folder, limit = 20, ...filters }, context) => {
      const { answers, repositories } = await ask(context, { rev, folder }, (engine, current) =>
        engine.symbols(name, { ...filters, ...context.options, limit, rev: current }),
      );
      const symbols = answers.flatMap(({ repository, value }) =>
        value.symbols.map((symbol) => placedSymbol(repository, symbol)),
      );
      return { name, symbols: symbols.slice(0, limit), repositories };
    },
  ),
  defineCommand(
    'coppice.log',
    { pattern: text },
    {
      ...placeArguments,
      ...filterArguments,
      literal: flag,
      ignoreCase: flag,
      wholeWord: flag,
      maxCount: whole(1, resultsMax),
    },
    async ({ pattern, rev = 'HEAD', folder, maxCount = 1000, ...how }, context) => {
      const { answers, repositories } = await ask(context, { rev, folder }, async (engine, current) => {
        const lines: LineHistory[] = [];
        for await (const line of engine.log(pattern, [current], { ...how, ...context.options, maxCount }))
          lines.push(line);
        return { lines };
      });
      const lines = answers.flatMap(({ repository, value }) =>
        value.lines.map((line) => ({ ...line, folder: repository.uriOf('') })),
      );
      return { pattern, lines: lines.slice(0, maxCount), repositories };
    },
  ),
  defineCommand(
    'coppice.show',
    { rev: text, path: text },
    { folder: text, ...packageArguments },
    async ({ rev, path, folder, ...packages }, context) => {
      const { answers, repositories } = await ask(context, { rev, folder }, (engine, current) =>
        engine.show(current, path, undefined, { ...packages, ...context.options }),
      );
      return { path, text: Buffer.from(answers[0]!.value.content).toString('utf8'), repositories };
    },
  ),
  defineCommand(
    'coppice.revs',
    {},
    { folder: text, match: text, limit: whole(1, resultsMax) },
    async ({ folder, ...filters }, context) => {
      const { answers, repositories } = await ask(context, { rev: 'HEAD', folder }, (engine) =>
        engine.revs({ ...filters, ...context.options }),
      );
      const revs = answers.flatMap(({ repository, value }) =>
        value.revs.map((rev) => ({ ...rev, folder: repository.uriOf('') })),
      );
      return { revs, truncated: answers.some(({ value }) => value.truncated), repositories };
    },
  ),
]);

function defineCommand<Required extends object, Optional extends object>(
  name: string,
  required: Checks<Required>,
  optional: Checks<Optional>,
  run: (read: Required & Partial<Optional>, context: CommandContext) => Promise<object>,
): [string, Command] {
  const known = [...Object.keys(required), ...Object.keys(optional)];
  const hint = `it takes one object with ${known.join(', ')}`;
  const command: Command = {
    async run(sent, context) {
      const [value = {}, ...more] = sent;
      const unknown = isObject(value) ? Object.keys(value).find((member) => !known.includes(member)) : undefined;
      if (unknown !== undefined) throw new CoppiceError('USAGE', `${name}: unknown argument ${unknown}`, { hint });
      if (more.length > 0) throw new CoppiceError('USAGE', `${name}: more than one argument`, { hint });
      return run(readMembers(name, value, required, optional), context);
    },
  };
  return [name, command];
}

/** The answers of the repositories that are meant, and for each repository what there is to tell besides its results. */
async function ask<T extends object>(
  { workspace, options }: CommandContext,
  { rev, folder }: { rev: string | undefined; folder: string | undefined },
  question: (engine: Engine, rev: string) => Promise<T>,
): Promise<{ answers: Answer<T>[]; repositories: object[] }> {
  const repositories = await chosen(workspace, folder);
  const { answers, failures } = await askEach(repositories, (repository) => repository.ask(rev, options, question));
  return { answers, repositories: [...answers.map(factsOf), ...failures.map(errorOf)] };
}

async function chosen(workspace: Workspace, folder: string | undefined): Promise<readonly WorkspaceRepository[]> {
  if (folder === undefined) {
    const all = await workspace.repositories();
    if (all.length > 0) return all;
    throw new CoppiceError('NOT_A_REPOSITORY', 'the workspace has no folder');
  }
  const located = await workspace.locate(folder);
  if (located !== null) return [located.repository];
  throw new CoppiceError('NOT_A_REPOSITORY', `${folder} is in no repository of the workspace`, {
    hint: 'name a file or folder inside a folder of the workspace, as a file: URI',
  });
}

/** All but the lists, which are merged. */
function factsOf({ repository, value }: Answer<object>): object {
  const facts = Object.entries(value).filter(([, fact]) => !Array.isArray(fact));
  return { folder: repository.uriOf(''), ...Object.fromEntries(facts) };
}

function errorOf({ repository, error }: Failure): object {
  const { message, data } = toResponseError(error);
  return { folder: repository.uriOf(''), error: { ...data, message } };
}

const placedHit = (repository: WorkspaceRepository, hit: Hit) => ({
  ...hit,
  uri: repository.uriOf(hit.path),
  folder: repository.uriOf(''),
  range: rangeOfText(hit.startLine, hit.text),
  matches: hit.matches.map((match) => ({ ...match, range: rangeOf(match.line, match.column, match.length) })),
});

const placedLine = (repository: WorkspaceRepository, line: LineMatch) => ({
  ...line,
  uri: repository.uriOf(line.path),
  folder: repository.uriOf(''),
  // A line of context has no match: all of it.
  range: line.column === 0 ? rangeOf(line.line, 1, line.text.length) : rangeOf(line.line, line.column, line.length),
});

const placedSymbol = (repository: WorkspaceRepository, symbol: SymbolHit) => ({
  ...symbol,
  uri: repository.uriOf(symbol.path),
  folder: repository.uriOf(''),
  range: rangeOfName(symbol.line, symbol.text, symbol.name),
});
