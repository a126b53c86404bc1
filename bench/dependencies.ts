// Dependency trees: npm run bench -- dependencies --repo PROJECT [--cases 500] [--whole 20] [--keep STORE] [--only index,lines,speed,ranked,second] [--packages N]
// Of the cases `--whole` are asked of all packages, the others of some packages each; with --keep the index is made once and used by later runs.
// With --packages so many of them, spread over their names, stand for all: of a tree that is too large for the machine's day.
// PROJECT is a git work tree with packages installed in node_modules; nothing in it is changed (a copy is, below the temporary folder).
// Peers (grep, ripgrep where it is on the PATH) search the same folders by the stated rule, in the same run.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEngines, type Engine } from 'coppice';
import { diskFiles, openDependencies } from '../src/dependencies/index.js';
import { WorktreeWatches } from '../src/daemon/worktree-watches.js';
import {
  Report,
  isOnPath,
  median,
  option,
  printTable,
  repositoryName,
  timed,
  timedProcess,
  writeJson,
} from './support/measure.js';
import { countWords, wordPicker } from './support/patterns.js';

const repo = resolve(option('repo'));
const caseCount = Number(option('cases', '500'));
const folder = mkdtempSync(join(tmpdir(), 'coppice-dependencies-'));
const report = new Report();
const kept = option('keep', '');
const store = kept === '' ? join(folder, 'store') : resolve(kept);
const wholeCount = Number(option('whole', '20'));
const only = new Set(option('only', 'index,lines,speed,ranked,second').split(','));
const everything = { deps: await packagesAsked() };
/** The stated rule, as grep and ripgrep are told it. */
const grepRule = [
  '--exclude=*.map',
  '--exclude=*.min.*',
  '--exclude-dir=.git',
  '--exclude-dir=.bin',
  '--exclude-dir=.cache',
  '--exclude=.package-lock.json',
  '--exclude=.modules.yaml',
  '--exclude=lock.yaml',
];
const rgRule = [
  '-uuu',
  '-n',
  '-g',
  '!*.map',
  '-g',
  '!*.min.*',
  '-g',
  '!.bin',
  '-g',
  '!.cache',
  '-g',
  '!.package-lock.json',
];

const questions = [
  'parse a url',
  'create middleware',
  'retry with backoff',
  'read file stream',
  'deep clone object',
  'schedule update',
  'resolve module path',
  'event emitter once',
  'format date',
  'validate schema',
];

// As the daemon has them: what is installed is watched.
const watches = new WorktreeWatches({ cookieFolder: join(folder, 'cookies'), onChange: () => undefined });
const engines = await openEngines({ store, watch: watches.watch });
const engineAt = (path: string): Engine => engines.open(path);

/** Until changes are told, and need not be looked for. */
async function isWatched(engine: Engine): Promise<void> {
  const untilMs = performance.now() + 60_000;
  do await engine.grep('no such line anywhere', everything);
  while (watches.describe().some(({ state }) => state === 'starting') && performance.now() < untilMs);
}

/** The names of some packages of the project; none: all of them. */
async function packagesAsked(): Promise<readonly string[]> {
  const wanted = Number(option('packages', '0'));
  if (wanted === 0) return [];
  const project = { files: diskFiles(repo), disk: repo, installed: true, home: homedir(), environment: process.env };
  const { packages } = await openDependencies(project).list();
  const names = [...new Set(packages.flatMap(({ name, origin }) => (origin === null ? [] : [name])))].sort();
  return names.filter(
    (_, i) => Math.floor((i * wanted) / names.length) !== Math.floor(((i - 1) * wanted) / names.length),
  );
}

const sizeOf = (engine: Engine): Promise<number> => engine.status().then(({ sizeBytes }) => sizeBytes);

let firstMs = 0;
let firstBytes = 0;

try {
  const engine = engineAt(repo);
  const files = await coldIndex(engine);
  const words = wordsIn(files);
  if (only.has('lines')) await compareLines(engine, words);
  if (only.has('speed')) await compareSpeed(engine, words);
  if (only.has('ranked')) await ranked(engine);
  if (only.has('second')) await secondProject();
  printTable(`dependencies of ${repositoryName(repo)}`, report.rows);
  writeJson(`dependencies-${repositoryName(repo)}`, report.details);
} finally {
  await engines.close();
  watches.close();
  rmSync(folder, { recursive: true, force: true });
}

async function coldIndex(engine: Engine): Promise<readonly string[]> {
  const before = process.cpuUsage();
  const { ms } = await timed(() => engine.grep('no such line anywhere', everything));
  const { user } = process.cpuUsage(before);
  const { files, total } = await engine.files({ ...everything, limit: 1_000_000 });
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const { packages } = (await engine.status()).repositories.find((one) => one.packages !== undefined)!;
  firstMs = ms;
  firstBytes = await sizeOf(engine);
  const rate = bytes / 1e6 / (ms / 1000);
  const rss = process.resourceUsage().maxRSS / 1024;
  const told = `${rate.toFixed(1)} MB/s (${packages!.installed} packages, ${total} files, ${(bytes / 1e6).toFixed(0)} MB in ${(ms / 1000).toFixed(0)} s, ${(user / 1e6).toFixed(0)} s of CPU), ${rss.toFixed(0)} MiB at most`;
  if (!only.has('index')) return files.map(({ path }) => path);
  report.add('cold index of all packages', told, '≥ 6 MB/s, ≤ 1 GiB', rate >= 6 && rss <= 1024, {
    ms,
    bytes,
    total,
    user,
    rss,
  });
  return files.map(({ path }) => path);
}

/** Words of the packages, from rare to common. */
function wordsIn(files: readonly string[]): (share: number) => [string, number] {
  const step = Math.max(1, Math.floor(files.length / 1500));
  const chosen = files
    .filter((path, i) => i % step === 0 && /\.(?:[cm]?[jt]sx?|py|go|rs|java|md)$/.test(path))
    .map((path) => join(repo, path));
  const { stdout } = spawnSync('cat', chosen, { maxBuffer: 2 ** 31 - 1 });
  const lines = stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => line.length <= 300 && !/[^\x20-\x7e\t]/.test(line));
  return wordPicker(countWords(lines));
}

function sortedLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

/** The lines of `grep -rnI` in the same folders: as many of them, and the same. */
async function compareLines(engine: Engine, word: (share: number) => [string, number]): Promise<void> {
  let differing = 0;
  let lines = 0;
  const { files } = await engine.files({ ...everything, limit: 1_000_000 });
  const containers = new Set(files.map(({ path }) => /^.*?(?:node_modules|site-packages)/.exec(path)?.[0] ?? ''));
  const whole = [...containers].filter((name) => name !== '');
  const places = placesOf(files);
  const names = [...places.keys()];
  for (let i = 0; i < caseCount; i++) {
    const isWhole = i < wholeCount && whole.length > 0 && everything.deps.length === 0;
    const chosen = isWhole ? [] : Array.from({ length: 12 }, (_, j) => names[(i * 37 + j * 101) % names.length]!);
    const folders = isWhole ? whole : [...new Set(chosen)].flatMap((name) => entriesOf(places.get(name)!));
    const pattern = word((i % 97) / 160)[0] + (i % 5 === 0 ? '\\(' : i % 5 === 1 ? ' ' : '');
    const options = { ignoreCase: i % 7 === 3, wholeWord: i % 11 === 4 };
    const flags = [...(options.ignoreCase ? ['-i'] : []), ...(options.wholeWord ? ['-w'] : [])];
    const ours = (await engine.grep(pattern, { deps: chosen, ...options })).lines
      .map(({ path, line, text }) => `${path}:${line}:${text}`)
      .sort();
    const { stdout } = timedProcess('grep', ['-rnIP', ...flags, ...grepRule, '-e', pattern, ...folders], repo);
    const theirs = sortedLines(stdout.toString('utf8'));
    lines += theirs.length;
    const own = new Set(ours);
    const other = new Set(theirs);
    const wrong = [...ours.filter((line) => !other.has(line)), ...theirs.filter((line) => !own.has(line))];
    if (wrong.length > 0)
      process.stderr.write(`${pattern} ${flags.join(' ')}: ${wrong.length} differ: ${wrong[0]!.slice(0, 200)}\n`);
    differing += wrong.length;
  }
  report.add(
    `lines against grep -rnI, ${caseCount} cases`,
    `${differing} of ${lines} differ`,
    '0 differ',
    differing === 0,
    { differing, lines },
  );
}

/** The folders of each package, by its name. */
function placesOf(files: Awaited<ReturnType<Engine['files']>>['files']): Map<string, Set<string>> {
  const places = new Map<string, Set<string>>();
  for (const { path, package: name, packagePath } of files) {
    if (name === undefined || packagePath === undefined) continue;
    const known = places.get(name) ?? new Set();
    places.set(name, known.add(path.slice(0, path.length - packagePath.length - 1)));
  }
  return places;
}

/** What is in the folders of a package, without the packages that lie in it. */
function entriesOf(folders: ReadonlySet<string>): string[] {
  return [...folders].flatMap((at) =>
    readdirSync(join(repo, at)).flatMap((name) => (name === 'node_modules' ? [] : [`${at}/${name}`])),
  );
}

async function compareSpeed(engine: Engine, word: (share: number) => [string, number]): Promise<void> {
  await isWatched(engine);
  const peer = isOnPath('rg') ? 'rg' : 'grep';
  const { files } = await engine.files({ ...everything, limit: 1_000_000 });
  const some = [...placesOf(files).values()].flatMap((places) => entriesOf(places));
  const folders = everything.deps.length === 0 ? ['node_modules'] : some;
  const ours: number[] = [];
  const theirs: number[] = [];
  const cpu: number[] = [];
  for (let i = 0; i < 30; i++) {
    const [pattern] = word(i / 45);
    await engine.grep(pattern, everything);
    const before = process.cpuUsage();
    ours.push((await timed(() => engine.grep(pattern, everything))).ms);
    cpu.push(cpuMsSince(before));
    const flags = peer === 'rg' ? rgRule : ['-rnI', ...grepRule];
    theirs.push(timedProcess(peer, [...flags, '-e', pattern, ...folders], repo).ms);
  }
  const ratio = median(theirs.map((ms, i) => ms / ours[i]!));
  report.add(
    `grep of all packages against ${peer === 'rg' ? 'ripgrep without ignore' : 'grep -rnI'}, 30 patterns`,
    `${ratio.toFixed(1)}x faster (p50 ${median(ours).toFixed(1)} ms, ${median(cpu).toFixed(1)} of CPU, against ${median(theirs).toFixed(0)} ms)`,
    '≥ 20x',
    ratio >= 20,
    { ours, theirs, cpu },
  );
}

async function ranked(engine: Engine): Promise<void> {
  const all = { ...everything, withDeps: true };
  await isWatched(engine);
  await engine.search('warm up', all);
  const took: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < 6; round++) {
    for (const question of questions) {
      const before = process.cpuUsage();
      const { ms } = await timed(() => engine.search(question, all));
      if (round === 0) continue;
      took.push(ms);
      cpu.push(cpuMsSince(before));
    }
  }
  const p50 = median(took);
  const told = `p50 ${p50.toFixed(1)} ms, ${median(cpu).toFixed(1)} of CPU, ${Math.min(...took).toFixed(1)} at least`;
  report.add('ranked over own code and all packages, warm', told, 'p50 ≤ 15 ms', p50 <= 15, { took, cpu });
}

/** Of all threads of this process. */
function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** A copy of the project in which a fifth of the packages are others, then one with one package more. */
async function secondProject(): Promise<void> {
  const copy = join(folder, 'copy');
  cpSync(repo, copy, { recursive: true, verbatimSymlinks: true });
  const engine = engineAt(copy);
  const { files } = await engine.files({ ...everything, limit: 1_000_000 });
  const packages = [...new Set(files.map(({ package: name }) => name!))];
  const others = new Set(packages.filter((_, i) => i % 5 === 0));
  for (const { path, package: name, skipped } of files)
    if (others.has(name!) && skipped === null && /\.[cm]?[jt]sx?$/.test(path))
      spawnSync('sed', ['-i', '1i // another release of this package', join(copy, path)]);
  const before = await sizeOf(engine);
  const second = (await timed(() => engine.grep('another release of this', everything))).ms;
  const grown = (await sizeOf(engine)) - before;
  const share = second / firstMs;
  report.add(
    'a project that shares 80 % of the packages',
    `${(share * 100).toFixed(0)} % of the time of the first; the store grows by ${((grown / firstBytes) * 100).toFixed(0)} %`,
    '≤ 25 %',
    share <= 0.25,
    { second, firstMs, grown },
  );
  await isWatched(engine);
  const at = join(copy, 'node_modules/one-more-package');
  mkdirSync(at);
  writeFileSync(join(at, 'package.json'), '{"name":"one-more-package","version":"1.0.0"}');
  writeFileSync(join(at, 'index.js'), 'exports.oneMorePackage = 1;\n');
  // Where some packages stand for all, the new one is none of them.
  const { deps } = everything;
  const asked = deps.length === 0 ? everything : { deps: [...deps, 'one-more-package'] };
  const { ms, result } = await timed(() => engine.grep('oneMorePackage', asked));
  report.add(
    'one more package, watched as by the daemon: found by the next search',
    `${ms.toFixed(0)} ms`,
    '≤ 1000 ms',
    ms <= 1000 && result.lines.length === 1,
    ms,
  );
}
