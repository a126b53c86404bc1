import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openEngine } from 'coppice';
import type { Engine, SearchResult, SymbolsResult } from '../../../src/engine/types.js';
import { gitGrep, largeFiles } from '../../../test/property/support/git-grep.js';
import type { TestRepository } from '../../../test/support/git.js';
import { pickSome } from '../../history/context.js';
import { choosePatterns, chooseQueries } from '../../support/patterns.js';
import type { DaemonBench } from '../context.js';
import { makeWorkRepository, someCommits, someTextFiles } from '../work-repository.js';
import type { TextFile } from '../work-repository.js';

/** A matching line. */
export type Line = readonly [path: string, line: number, text: string];

/** A commit whose right answers are known. */
export interface KnownRev {
  readonly rev: string;
  readonly commit: string;
  /** Of each of the plan's literals, as `git grep` found them. */
  readonly lines: readonly (readonly Line[])[];
  /** Files to show and to edit. */
  readonly files: readonly TextFile[];
  /** Asked and digest of the answer, as an engine gave them that did nothing else. */
  readonly searches: readonly (readonly [query: string, digest: string])[];
  readonly symbols: readonly (readonly [name: string, digest: string])[];
}

/** What clients need to know to tell right answers from wrong ones. */
export interface ClientPlan {
  readonly storePath: string;
  readonly socketPath: string;
  readonly repo: string;
  readonly seed: number;
  readonly literals: readonly string[];
  readonly revs: readonly KnownRev[];
  /** Branches that move, each with the commits that it is at, one after the other; `HEAD` is one of them. */
  readonly moving: Readonly<Record<string, readonly string[]>>;
  /** Each client saves one of these files of the work tree. */
  readonly saved: readonly TextFile[];
}

/** In each commit of a branch that moves, this file has one line: `movemark_N_`, N being the commit's place. */
export const movingFile = 'movemark.txt';

const oldCommits = 4;
const filesEach = 24;
const searchesEach = 12;
const linesMax = 1500;
const movingBranches = ['moving-1', 'moving-2'];

/** Makes the repository, and finds out what is right by git and by an engine of our own on another store. */
export async function makePlan(
  bench: DaemonBench,
  counts: { readonly clients: number; readonly moves: number },
): Promise<{ repository: TestRepository; plan: Omit<ClientPlan, 'storePath' | 'socketPath'> }> {
  const { folder, origin, random } = bench;
  const repository = makeWorkRepository(join(folder, 'repo'), origin, bench);
  const saved = someTextFiles(repository, counts.clients, random);
  const patterns = choosePatterns(repository.path).patterns.filter(
    ({ literal, lines }) => literal && lines <= linesMax,
  );
  const literals = patterns.map(({ source }) => source);
  repository.tag('known-0');
  someCommits(origin, oldCommits).forEach((commit, i) => repository.tag(`known-${i + 1}`, commit));
  const engine = await openEngine({ repo: repository.path, store: join(folder, 'reference') });
  const revs: KnownRev[] = [];
  for (let i = 0; i <= oldCommits; i++) revs.push(await knownRev(bench, repository, engine, `known-${i}`, literals));
  await engine.close();
  const moving: Record<string, string[]> = {};
  for (const branch of ['main', ...movingBranches]) {
    const specs = Array.from({ length: counts.moves }, (_, i) => ({
      files: { [movingFile]: `movemark_${i}_\n` },
      branch: `${branch}-chain`,
      ...(i === 0 ? { parents: ['known-0'] } : {}),
    }));
    moving[branch === 'main' ? 'HEAD' : branch] = repository.commits(specs);
    repository.git('update-ref', '-d', `refs/heads/${branch}-chain`);
  }
  return { repository, plan: { repo: repository.path, seed: random(1e9), literals, revs, moving, saved } };
}

async function knownRev(
  { random }: DaemonBench,
  repository: TestRepository,
  engine: Engine,
  rev: string,
  literals: readonly string[],
): Promise<KnownRev> {
  const excluded = largeFiles(repository.gitDir, rev);
  const lines = literals.map((pattern) => {
    const search = { pattern, literal: true, ignoreCase: false, wholeWord: false };
    return gitGrep(repository.gitDir, rev, search, excluded).map(parseLine);
  });
  const queries = pickSome(chooseQueries(choosePatterns(repository.path, rev).lines), searchesEach, random);
  const searches: [string, string][] = [];
  const names = new Set<string>();
  for (const query of queries) {
    const found = await engine.search(query, { rev });
    searches.push([query, digestOfSearch(found)]);
    for (const { symbol } of found.hits) if (symbol !== '') names.add(symbol.split('.').at(-1)!);
  }
  const symbols: [string, string][] = [];
  for (const name of [...names].slice(0, searchesEach)) {
    symbols.push([name, digestOfSymbols(await engine.symbols(name, { rev }))]);
  }
  const files: TextFile[] = [];
  const paths = repository.git('ls-tree', '-r', '-z', '--name-only', rev).split('\0').filter(Boolean);
  for (const path of pickSome(paths, filesEach * 4, random)) {
    if (files.length === filesEach) break;
    const text = await textOf(engine, rev, path);
    if (text !== null) files.push({ path, text });
  }
  return { rev, commit: repository.revParse(`${rev}^{commit}`), lines, files, searches, symbols };
}

/** Null unless a file is text of usual size. */
async function textOf(engine: Engine, rev: string, path: string): Promise<string | null> {
  try {
    const bytes = Buffer.from((await engine.show(rev, path)).content);
    const text = bytes.toString('utf8');
    const isUsual = bytes.length < 40_000 && text.endsWith('\n') && !/[\0\r\ufffd]/.test(text);
    return isUsual && Buffer.from(text).equals(bytes) ? text : null;
  } catch {
    return null; // a link or a submodule
  }
}

function parseLine(line: string): Line {
  const [, path, number, text] = /^(.*?):(\d+):(.*)$/s.exec(line)!;
  return [path!, Number(number), text!];
}

/** All of an answer but what is of the moment. */
export const digestOfSearch = ({ hits, commit }: SearchResult): string => digestOf([commit, hits]);
export const digestOfSymbols = ({ rev, symbols }: SymbolsResult): string => digestOf([rev.commit, symbols]);
export const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url');
