// How many of the definitions that universal-ctags finds are symbols, and whether those that it does not know are definitions:
// npm run bench:symbols -- --repo PATH[:FOLDER] [--repo …] [--language C++] [--misses N] [--precision [N]] [--seed N]
// By name and file, of HEAD, locals left out; and without what ctags takes for a definition by mistake (`setAside` tells by the text alone;
// the column `all` is recall with these, and --misses prints them too). --misses prints so many of what is missing of each kind; --precision prints N (50)
// symbols of each language that ctags does not know, with their lines, to be read. Needs `ctags` (Debian: universal-ctags).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEngine } from 'coppice';
import type { Engine, OutlineSymbol } from 'coppice';
import {
  definitionsAmong,
  isMeasured,
  isStrange,
  readTags,
  spellings,
  targetLanguages,
} from './symbols/definitions.js';
import { setAside } from './symbols/set-aside.js';
import type { Tag } from './symbols/definitions.js';
import { flag, git, isOnPath, machine, option, printTable, repositoryName, writeJson } from './support/measure.js';

/** Kinds whose names are titles, keys or selectors: they may have spaces, and ctags has other ideas of them. */
const textKinds = new Set<string>(['test', 'section', 'key', 'element', 'rule']);

interface Count {
  found: number;
  all: number;
}

interface Sample {
  readonly where: string;
  readonly name: string;
  readonly kind: string;
  readonly text: string;
}

class Language {
  readonly repositories = new Set<string>();
  readonly total: Count = { found: 0, all: 0 };
  readonly kinds = new Map<string, Count>();
  /** Tags that are no definitions, and how many of these are symbols all the same. */
  readonly aside: Count = { found: 0, all: 0 };
  readonly missed = new Map<string, string[]>();
  /** Symbols that ctags does not know. */
  readonly unknown: Sample[] = [];
  /** Symbols with white space or brackets in their names. */
  readonly strange: Sample[] = [];
  symbols = 0;

  count(tag: Tag, found: boolean, where: string, mistake: string | undefined): void {
    if (mistake !== undefined) {
      this.aside.all++;
      if (found) this.aside.found++;
      else this.miss(`set aside: ${mistake}`, `${where}:${tag.line} ${tag.name}`);
      return;
    }
    const kind = this.kinds.get(tag.kind) ?? { found: 0, all: 0 };
    this.kinds.set(tag.kind, kind);
    for (const count of [this.total, kind]) {
      count.all++;
      if (found) count.found++;
    }
    if (!found) this.miss(tag.kind, `${where}:${tag.line} ${tag.name}`);
  }

  private miss(what: string, where: string): void {
    const list = this.missed.get(what);
    if (list === undefined) this.missed.set(what, [where]);
    else list.push(where);
  }

  get recall(): number {
    return this.total.found / this.total.all;
  }

  /** Nothing set aside. */
  get recallOfAll(): number {
    return (this.total.found + this.aside.found) / (this.total.all + this.aside.all);
  }
}

const languages = new Map<string, Language>();
const misses = Number(option('misses', '0'));
const precision = flag('precision') ? Number(/^\d+$/.exec(option('precision', '50'))?.[0] ?? 50) : 0;
const only = option('language', '').toLowerCase();
const random = seeded(Number(option('seed', '1')));
const folder = mkdtempSync(join(tmpdir(), 'coppice-symbols-'));

if (!isOnPath('ctags')) {
  console.error('universal-ctags is needed on the PATH (Debian: apt-get install universal-ctags)');
  process.exit(2);
}
const repositories = process.argv.flatMap((word, i, all) => (word === '--repo' ? [all[i + 1] ?? ''] : []));
if (repositories.length === 0) option('repo'); // says what is missing

try {
  for (const [i, repository] of repositories.entries()) await measure(repository, join(folder, String(i)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
print();

async function measure(given: string, scratch: string): Promise<void> {
  const [path = '', below = ''] = existsSync(given) ? [given] : given.split(/:(?=[^:]*$)/);
  const repo = resolve(path);
  const name = repositoryName(repo);
  const engine = await openEngine({ repo, store: join(scratch, 'store') });
  try {
    await engine.index(['HEAD']);
    const work = mkdtempSync(join(folder, 'work-'));
    checkOut(repo, below, work);
    for (const [file, tags] of byFile(readTags(work))) {
      const language = tags[0]!.language;
      if (!isMeasured(language) || (only !== '' && language.toLowerCase() !== only)) continue;
      const symbols = await outlineOf(engine, file);
      if (symbols === undefined) continue;
      const result = languages.get(language) ?? new Language();
      languages.set(language, result);
      result.repositories.add(name);
      compare(result, `${name}/${file}`, tags, symbols, readFileSync(join(work, file), 'utf8'));
    }
    rmSync(work, { recursive: true, force: true });
  } finally {
    await engine.close();
  }
}

function byFile(tags: readonly Tag[]): Map<string, Tag[]> {
  const files = new Map<string, Tag[]>();
  for (const tag of tags) {
    const list = files.get(tag.path);
    if (list === undefined) files.set(tag.path, [tag]);
    else list.push(tag);
  }
  return files;
}

/** Writes the files of HEAD; those whose objects are not in this copy of the repository are left out. */
function checkOut(repo: string, below: string, work: string): void {
  const env = { ...process.env, GIT_INDEX_FILE: join(folder, 'index') };
  const run = (args: readonly string[], input?: Buffer): Buffer =>
    spawnSync('git', ['-C', repo, ...args], { env, input, maxBuffer: 2 ** 31 - 1 }).stdout;
  run(['read-tree', 'HEAD']);
  const paths = run(['ls-files', '-z', ...(below === '' ? [] : ['--', below])]);
  run(['--work-tree', work, 'checkout-index', '-q', '-f', '-z', '--stdin'], paths);
}

/** Undefined for a file that is not indexed (binary, too large, missing). */
async function outlineOf(engine: Engine, file: string): Promise<readonly OutlineSymbol[] | undefined> {
  try {
    return (await engine.outline('HEAD', file)).symbols;
  } catch {
    return undefined;
  }
}

function compare(
  result: Language,
  where: string,
  tags: readonly Tag[],
  symbols: readonly OutlineSymbol[],
  text: string,
): void {
  const ours = new Set(symbols.flatMap(({ name }) => spellings(name)));
  const lines = text.split(/\r?\n/);
  for (const tag of definitionsAmong(tags)) {
    const found = spellings(tag.name).some((name) => ours.has(name));
    result.count(tag, found, where, setAside(tag, lines));
  }
  const theirs = new Set(tags.flatMap(({ name }) => spellings(name)));
  for (const { name, kind, line } of symbols) {
    result.symbols++;
    if (textKinds.has(kind)) continue;
    const sample = { where: `${where}:${line}`, name, kind, text: (lines[line - 1] ?? '').trim().slice(0, 120) };
    if (isStrange(name, tags[0]!.language)) result.strange.push(sample);
    if (!spellings(name).some((spelling) => theirs.has(spelling))) result.unknown.push(sample);
  }
}

function print(): void {
  const sorted = [...languages].sort(([a], [b]) => (a < b ? -1 : 1));
  const target = sorted.filter(([name]) => targetLanguages.has(name));
  for (const group of [target, sorted.filter(([name]) => !targetLanguages.has(name))]) {
    if (group.length > 0) printLanguages(group);
  }
  for (const [name, result] of sorted) {
    for (const [kind, missed] of result.missed) printSome(`${name}: ${kind} that are missing`, missed, misses);
    const shown = result.strange.map(shownSample);
    printSome(`${name}: names with spaces or brackets`, shown, misses);
    printSome(`${name}: symbols that ctags does not know`, result.unknown.map(shownSample), precision);
  }
  const recalls = target.map(([name, { recall }]) => ({ name, recall })).sort((a, b) => a.recall - b.recall);
  if (recalls.length > 0) {
    const mean = recalls.reduce((sum, { recall }) => sum + recall, 0) / recalls.length;
    const worst = recalls[0]!;
    printTable(`symbols against universal-ctags; ${machine()}`, [
      {
        what: `recall, mean over ${recalls.length} languages`,
        measured: mean.toFixed(3),
        target: '≥ 0.97',
        met: mean >= 0.97,
      },
      {
        what: 'recall, worst language',
        measured: `${worst.name} ${worst.recall.toFixed(3)}`,
        target: '≥ 0.93',
        met: worst.recall >= 0.93,
      },
    ]);
  }
  writeJson('symbols', {
    machine: machine(),
    repositories: repositories.map((path) => ({ name: repositoryName(path), commit: headOf(path) })),
    languages: Object.fromEntries(
      sorted.map(
        ([name, { recall, recallOfAll, total, aside, kinds, unknown, strange, symbols, repositories: names }]) => [
          name,
          {
            recall,
            ...total,
            setAside: aside.all,
            recallOfAll,
            symbols,
            unknown: unknown.length,
            strange: strange.length,
            repositories: [...names],
            kinds: Object.fromEntries(kinds),
          },
        ],
      ),
    ),
  });
}

function headOf(given: string): string {
  return git(resolve(existsSync(given) ? given : given.replace(/:[^:]*$/, '')), 'rev-parse', 'HEAD').trim();
}

function printLanguages(group: readonly (readonly [string, Language])[]): void {
  console.log(
    '\n| language | recall | found | of | set aside | all | by kind | symbols | ctags does not know | spaces, brackets | repositories |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|---|---|');
  for (const [name, result] of group) {
    const { recall, recallOfAll, total, aside, kinds, symbols, unknown, strange, repositories: from } = result;
    const byKind = [...kinds]
      .sort((a, b) => b[1].all - a[1].all)
      .map(([kind, { found, all }]) => `${kind} ${(found / all).toFixed(2)} of ${all}`);
    const counts = [name, recall.toFixed(3), total.found, total.all, aside.all, recallOfAll.toFixed(3)];
    const cells = [...counts, byKind.join(', '), symbols, unknown.length];
    console.log(`| ${[...cells, strange.length, [...from].join(', ')].join(' | ')} |`);
  }
}

function shownSample({ where, kind, name, text }: Sample): string {
  return `${where} ${kind} \`${name}\`: ${text}`;
}

function printSome(title: string, values: readonly string[], count: number): void {
  if (values.length === 0 || count === 0) return;
  console.log(`\n${title} (${values.length})`);
  const shuffled = values.map((value) => [random(), value] as const).sort((a, b) => a[0] - b[0]);
  for (const [, value] of shuffled.slice(0, count)) console.log(`  ${value}`);
}

/** The same samples for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
