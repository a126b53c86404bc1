// Views: npm run bench -- views --repos DIR [--count 50] [--files 200] [--keep STORE]
// DIR has bare repositories or work trees below it (up to two folders deep); those with so many files at HEAD are taken, the smallest
// first, in one view. It is compared with the merge of single answers, and with one repository that has all of these trees.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEngine, type Engine } from 'coppice';
import { Report, git, median, option, printTable, timed, writeJson } from './support/measure.js';
import { countWords, linesAt, wordPicker } from './support/patterns.js';

const count = Number(option('count', '50'));
const filesMin = Number(option('files', '200'));
const folder = mkdtempSync(join(tmpdir(), 'coppice-views-'));
const store = resolve(option('keep', join(folder, 'store')));
const report = new Report();
const rounds = 5;

interface Member {
  readonly path: string;
  readonly tree: string;
  readonly files: number;
  readonly bytes: number;
}

const questions = [
  'parse command line arguments',
  'retry with backoff',
  'read file stream',
  'http request handler',
  'format date',
  'cache eviction',
  'validate input schema',
  'thread pool',
  'json serializer',
  'escape html',
];

try {
  const members = await choose();
  const view = await openEngine({ repo: members.map(({ path }) => path), store });
  const { ms } = await timed(() => view.index(['HEAD']));
  const bytes = members.reduce((sum, one) => sum + one.bytes, 0);
  report.add(
    'index of all',
    `${members.length} repositories, ${(bytes / 1e6).toFixed(0)} MB in ${(ms / 1000).toFixed(0)} s`,
    '',
    null,
    members,
  );
  const joined = await openEngine({ repo: makeMembersOne(members, await mountsOf(view, members)), store });
  await joined.index(['HEAD']);
  const alone = new Map<string, Engine>();
  for (const { path } of members) alone.set(path, await openEngine({ repo: path, store }));
  const largest = alone.get(members.reduce((a, b) => (a.bytes > b.bytes ? a : b)).path)!;
  const mounts = await mountsOf(view, members);
  const words = wordsOf(members);
  await compareGrep(view, alone, mounts, largest, words);
  const engines = { view, joined, largest };
  const names = Array.from({ length: 30 }, (_, i) => words(i / 40)[0]);
  const same = 'against one repository of the same tree';
  await compareAnswers('ranked', `ranked: order and scores ${same}, 10 questions`, engines, questions, rankedAnswers);
  await compareAnswers('symbols', `symbols: ${same}, 30 names`, engines, names, symbolAnswers);
  for (const engine of [view, joined, ...alone.values()]) await engine.close();
  printTable(`a view of ${members.length} repositories`, report.rows);
  writeJson('views', report.details);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function choose(): Promise<Member[]> {
  const root = resolve(option('repos'));
  const found: Member[] = [];
  for (const path of below(root, 2)) {
    const { status, stdout } = spawnSync('git', ['-C', path, 'ls-tree', '-r', '-l', 'HEAD'], { maxBuffer: 2 ** 30 });
    if (status !== 0) continue;
    const sizes = stdout
      .toString('latin1')
      .split('\n')
      .flatMap((line) => (line.startsWith('100') ? [Number(line.split(/\s+/)[3]) || 0] : []));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    if (sizes.length >= filesMin)
      found.push({ path, tree: git(path, 'rev-parse', 'HEAD^{tree}').trim(), files: sizes.length, bytes });
  }
  return Promise.resolve(found.sort((a, b) => a.bytes - b.bytes).slice(0, count));
}

function* below(path: string, depth: number): Generator<string> {
  if (existsSync(join(path, 'HEAD')) || existsSync(join(path, '.git'))) {
    yield path;
    return;
  }
  if (depth === 0) return;
  for (const { name, isDirectory } of readdirSync(path, { withFileTypes: true }).map((entry) => ({
    name: entry.name,
    isDirectory: entry.isDirectory(),
  })))
    if (isDirectory) yield* below(join(path, name), depth - 1);
}

/** The mount of each member, told by the files of the view. */
async function mountsOf(view: Engine, members: readonly Member[]): Promise<ReadonlyMap<string, string>> {
  const { revs } = await view.index(['HEAD']);
  return new Map(members.map(({ path, tree }) => [path, revs.find((one) => one.tree === tree)!.repo!]));
}

/** One repository whose HEAD has the trees of all, each in the folder that it has in the view; its objects are theirs. */
function makeMembersOne(members: readonly Member[], mounts: ReadonlyMap<string, string>): string {
  const path = join(folder, 'joined.git');
  git(folder, 'init', '-q', '--bare', path);
  const objects = members.map((member) =>
    resolve(member.path, git(member.path, 'rev-parse', '--git-path', 'objects').trim()),
  );
  mkdirSync(join(path, 'objects/info'), { recursive: true });
  writeFileSync(join(path, 'objects/info/alternates'), `${objects.join('\n')}\n`);
  const input = members.map((member) => `040000 tree ${member.tree}\t${mounts.get(member.path)}\n`).join('');
  const tree = spawnSync('git', ['-C', path, 'mktree'], { input }).stdout.toString().trim();
  const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.org'];
  const commit = git(path, ...identity, 'commit-tree', '-m', 'all', tree).trim();
  git(path, 'update-ref', readFileSync(join(path, 'HEAD'), 'utf8').replace('ref: ', '').trim(), commit);
  return path;
}

function wordsOf(members: readonly Member[]): (share: number) => [string, number] {
  return wordPicker(countWords(members.flatMap(({ path }) => linesAt(path, 'HEAD', 60))));
}

function p50(took: readonly number[]): string {
  return `p50 ${median(took).toFixed(1)} ms`;
}

/** Both in turns: the machine's load is then the same for either. */
async function inTurns(
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<{ ours: number; theirs: number }> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < rounds; i++) {
    ours.push((await timed(one)).ms);
    theirs.push((await timed(other)).ms);
  }
  return { ours: median(ours), theirs: median(theirs) };
}

function addTimes(what: string, times: readonly { ours: number; theirs: number }[]): void {
  const [ours, theirs] = [times.map((one) => one.ours), times.map((one) => one.theirs)];
  const ratio = median(ours) / median(theirs);
  report.add(
    `${what}: the view against its largest repository alone`,
    `${ratio.toFixed(2)}x (${p50(ours)} against ${p50(theirs)})`,
    'p50 ≤ 2x',
    ratio <= 2,
    times,
  );
}

async function compareGrep(
  view: Engine,
  alone: ReadonlyMap<string, Engine>,
  mounts: ReadonlyMap<string, string>,
  largest: Engine,
  word: (share: number) => [string, number],
): Promise<void> {
  let differing = 0;
  let lines = 0;
  const times: { ours: number; theirs: number }[] = [];
  const equalTimes: { ours: number; theirs: number }[] = [];
  for (let i = 0; i < 30; i++) {
    const pattern = word(i / 33)[0] + (i % 3 === 2 ? '\\w*\\(' : '');
    const ours = (await view.grep(pattern, { rev: 'HEAD' })).lines.map(
      ({ repo, path, line, text }) => `${repo}/${path}:${line}:${text}`,
    );
    const theirs: string[] = [];
    for (const [path, engine] of alone)
      for (const found of (await engine.grep(pattern, { rev: 'HEAD' })).lines)
        theirs.push(`${mounts.get(path)}/${found.path}:${found.line}:${found.text}`);
    lines += theirs.length;
    const other = new Set(theirs);
    const own = new Set(ours);
    differing += ours.filter((line) => !other.has(line)).length + theirs.filter((line) => !own.has(line)).length;
    differing += Math.abs(ours.length - theirs.length);
    const inBoth = (maxCount: number): Promise<{ ours: number; theirs: number }> =>
      inTurns(
        () => view.grep(pattern, { rev: 'HEAD', maxCount }),
        () => largest.grep(pattern, { rev: 'HEAD', maxCount }),
      );
    times.push(await inBoth(1000));
    // As many lines as the largest has: what is left is what the others cost.
    const { length } = (await largest.grep(pattern, { rev: 'HEAD', maxCount: 1000 })).lines;
    if (length > 0) equalTimes.push(await inBoth(length));
  }
  report.add(
    'grep: lines against the merge of single answers, 30 patterns',
    `${differing} of ${lines} differ`,
    '0 differ',
    differing === 0,
  );
  addTimes('grep', times);
  addTimes(`grep, as many lines (${equalTimes.length} patterns that the largest has)`, equalTimes);
}

/** A place as it is called in the tree of all repositories. */
function placed(found: { repo?: string; path: string; startLine: number }, isView: boolean): string {
  return `${isView ? `${found.repo}/` : ''}${found.path}:${found.startLine}`;
}

/** What the view and one repository of the same tree answer is compared, and the view is timed by turns with the largest alone. */
async function compareAnswers(
  kind: string,
  what: string,
  { view, joined, largest }: { readonly view: Engine; readonly joined: Engine; readonly largest: Engine },
  asked: readonly string[],
  answersOf: (engine: Engine, question: string, isView: boolean) => Promise<readonly string[]>,
): Promise<void> {
  let differing = 0;
  const times: { ours: number; theirs: number }[] = [];
  for (const question of asked) {
    const ours = await answersOf(view, question, true);
    const theirs = await answersOf(joined, question, false);
    if (ours.join('\n') !== theirs.join('\n')) differing++;
    times.push(
      await inTurns(
        () => answersOf(view, question, true),
        () => answersOf(largest, question, false),
      ),
    );
  }
  report.add(what, `${differing} differ`, '0 differ', differing === 0);
  addTimes(kind, times);
}

async function rankedAnswers(engine: Engine, question: string, isView: boolean): Promise<string[]> {
  const { hits } = await engine.search(question, { rev: 'HEAD', limit: 20 });
  return hits.map((hit) => `${placed(hit, isView)} ${hit.score}`);
}

async function symbolAnswers(engine: Engine, name: string, isView: boolean): Promise<string[]> {
  const { symbols } = await engine.symbols(name, { rev: 'HEAD', limit: 50 });
  return symbols.map((symbol) => `${placed(symbol, isView)} ${symbol.name}`);
}
