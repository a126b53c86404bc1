import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openEngine, openEngines } from '../../src/engine/index.js';
import type { Engine, Hit, LineMatch, LocalEngines } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';
import type { Files, TestRepository } from '../support/git.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const engines of opened.splice(0)) await engines.close();
});

async function openMany(store = join(makeFolder(), 'store')): Promise<LocalEngines> {
  const engines = await openEngines({ store, workers: 0 });
  opened.push(engines);
  return engines;
}

async function openOne(repo: string | readonly string[], store: string): Promise<Engine> {
  const engine = await openEngine({ store, repo, workers: 0 });
  opened.push(engine);
  return engine;
}

const common = 'export function retry(times: number): void {\n  // shared by all\n}\n';
const contents: Record<string, Files> = {
  alpha: {
    'src/retry.ts': common,
    'src/alpha.ts': 'export class Alpha {\n  backoff = 1;\n}\n',
    'README.md': '# Alpha\n\nRetries with backoff.\n',
  },
  'beta-tools': { 'lib/retry.ts': common, 'lib/beta.py': 'def backoff(n):\n    return n * 2\n' },
  gamma: { 'retry.go': 'package gamma\n\nfunc Retry(n int) int { return n }\n', 'x/alpha.txt': 'backoff alpha\n' },
};

function makeThree(): Record<string, TestRepository> {
  return Object.fromEntries(
    Object.entries(contents).map(([name, files]) => {
      const repository = makeRepository({ name });
      repository.commit(files);
      repository.git('reset', '-q', '--hard');
      return [name, repository];
    }),
  );
}

/** One repository that has the files of all, each in a folder of its name. */
function makeJoined(): TestRepository {
  const repository = makeRepository({ name: 'joined' });
  const files = Object.entries(contents).flatMap(([name, own]) =>
    Object.entries(own).map(([path, content]) => [`${name}/${path}`, content] as const),
  );
  repository.commit(Object.fromEntries(files));
  repository.git('reset', '-q', '--hard');
  return repository;
}

const whereOf = (line: Pick<LineMatch, 'repo' | 'path'>): string => `${line.repo}/${line.path}`;
const pathsOf = (repositories: Record<string, TestRepository>): string[] =>
  Object.values(repositories).map(({ path }) => path);
const bare = ({ repo: _, rev: __, commit: ___, path: ____, freshness: _____, ...hit }: Hit): object => hit;

describe('a view of repositories', () => {
  test.each(['HEAD', undefined])('answers as one repository with all of their files (%s)', async (rev) => {
    const store = join(makeFolder(), 'store');
    const engines = await openMany(store);
    const view = engines.open(JSON.stringify(pathsOf(makeThree())));
    const joined = engines.open(makeJoined().path);
    const at = rev === undefined ? {} : { rev };
    for (const pattern of ['retry', 'backoff', 'shared', '.', 'nothing-at-all']) {
      const found = await view.grep(pattern, at);
      const expected = await joined.grep(pattern, at);
      expect(found.lines.map(({ repo, path, ...line }) => ({ ...line, path: `${repo}/${path}` }))).toEqual(
        expected.lines.map((line) => line),
      );
      const counts = await view.grepCounts(pattern, at);
      expect(counts.files.map(({ repo, path, count }) => ({ path: `${repo}/${path}`, count }))).toEqual(
        (await joined.grepCounts(pattern, at)).files,
      );
    }
    for (const query of ['retry', 'backoff alpha', 'where is backoff', 'Alpha', '"backoff alpha"', 'shared lang:ts']) {
      for (const mode of ['hybrid', 'lexical', 'semantic'] as const) {
        const found = await view.search(query, { ...at, mode });
        const expected = await joined.search(query, { ...at, mode });
        expect(found.hits.map(whereOf)).toEqual(expected.hits.map(({ path }) => path));
        expect(found.hits.map(bare)).toEqual(expected.hits.map(bare));
        expect(found.coverage).toEqual(expected.coverage);
      }
    }
    for (const name of ['retry', 'Alpha', 'back']) {
      const found = await view.symbols(name, at);
      const expected = await joined.symbols(name, at);
      expect(found.symbols.map(({ repo, path, ...symbol }) => ({ ...symbol, path: `${repo}/${path}` }))).toEqual(
        expected.symbols,
      );
    }
    const files = await view.files(at);
    expect(files.files.map(whereOf)).toEqual((await joined.files(at)).files.map(({ path }) => path));
    expect(files.total).toBe(7);
  });

  test('says of each hit which repository, rev and commit it is of', async () => {
    const three = makeThree();
    const engines = await openMany();
    const view = engines.open(JSON.stringify([three['alpha']!.path, `${three['gamma']!.path}@HEAD`]));
    three['alpha']!.write('src/alpha.ts', 'export class Alpha {\n  changed = "backoff";\n}\n');
    const { hits } = await view.search('backoff');
    const told = hits.map(({ repo, path, rev, commit, freshness }) => [repo, path, rev, commit, freshness]);
    const head = three['gamma']!.git('rev-parse', 'HEAD').trim();
    expect(told).toContainEqual(['gamma', 'x/alpha.txt', 'HEAD', head, 'exact']);
    expect(told).toContainEqual(['alpha', 'src/alpha.ts', '@worktree', null, 'live']);
    expect((await view.grep('changed')).lines.map(whereOf)).toEqual(['alpha/src/alpha.ts']);
    const shown = await view.show(undefined, 'alpha/src/alpha.ts', { start: 2, end: 2 });
    expect(shown).toMatchObject({ repo: 'alpha', path: 'src/alpha.ts' });
    expect(Buffer.from(shown.content).toString()).toBe('  changed = "backoff";\n');
    expect((await view.outline(undefined, 'alpha/src/alpha.ts')).symbols[0]).toMatchObject({ name: 'Alpha' });
    const onDisk = await view.show(undefined, join(three['alpha']!.path, 'src/retry.ts'));
    expect(onDisk).toMatchObject({ repo: 'alpha', path: 'src/retry.ts' });
    await expect(view.show(undefined, 'alpha/nope.ts')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    await expect(view.show(undefined, 'nope')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  });

  test('path filters hold of the path in the repository and of that in the view', async () => {
    const three = makeThree();
    const engines = await openMany();
    const view = engines.open(JSON.stringify(pathsOf(three)));
    const grep = async (options: object): Promise<string[]> =>
      (await view.grepCounts('e|a', options)).files.map(whereOf);
    expect(await grep({ paths: ['src/*.ts'] })).toEqual(['alpha/src/alpha.ts', 'alpha/src/retry.ts']);
    expect(await grep({ paths: ['alpha/**'] })).toEqual([
      'alpha/README.md',
      'alpha/src/alpha.ts',
      'alpha/src/retry.ts',
    ]);
    expect(await grep({ paths: ['!src/**', '!gamma/**'] })).toEqual([
      'alpha/README.md',
      'beta-tools/lib/beta.py',
      'beta-tools/lib/retry.ts',
    ]);
    expect(await grep({ paths: [join(three['gamma']!.path, 'x')] })).toEqual(['gamma/x/alpha.txt']);
    expect(await grep({ pathspecs: ['lib', ':!*.py'] })).toEqual(['beta-tools/lib/retry.ts']);
    expect(await grep({ languages: ['go'] })).toEqual(['gamma/retry.go']);
    expect((await view.grep('x', { paths: ['nope/'] })).unmatched).toEqual(['nope/']);
    expect((await view.grep('x', { paths: ['src/'] })).unmatched).toEqual([]);
    const searched = async (query: string): Promise<(string | undefined)[]> =>
      (await view.search(query)).hits.map(whereOf).sort();
    expect(await searched('retry path:lib/*.ts')).toEqual(['beta-tools/lib/retry.ts']);
    expect(await searched('retry repo:gamma')).toEqual(['gamma/retry.go']);
    expect(await searched('retry repo:beta')).toEqual(['beta-tools/lib/retry.ts']);
    expect(await searched('retry -repo:*a* ')).toEqual([]);
    expect(await searched('retry repo:*-tools')).toEqual(['beta-tools/lib/retry.ts']);
  });

  test('has a name that is kept, and can be dropped', async () => {
    const three = makeThree();
    const store = join(makeFolder(), 'store');
    const [alpha, beta] = [three['alpha']!, three['beta-tools']!];
    beta.git('tag', 'v2');
    const engine = await openOne(alpha.path, store);
    await engine.addView('work', [alpha.path, `${beta.path}@v2`]);
    await expect(engine.addView('work', [alpha.path])).rejects.toMatchObject({ code: 'VIEW_EXISTS' });
    await expect(engine.addView('a b', [alpha.path])).rejects.toMatchObject({ code: 'VIEW_NAME_INVALID' });
    await expect(engine.addView('other', [`${beta.path}@v3`])).rejects.toMatchObject({ code: 'REV_NOT_FOUND' });
    await expect(engine.addView('other', [])).rejects.toMatchObject({ code: 'USAGE' });
    beta.write('lib/beta.py', 'uncommitted = 1\n');
    const view = await openOne('view:work', store);
    expect((await view.grepCounts('retry')).files.map(whereOf)).toEqual([
      'alpha/src/retry.ts',
      'beta-tools/lib/retry.ts',
    ]);
    expect((await view.grep('uncommitted')).lines).toEqual([]);
    expect((await view.views()).map(({ name, roots }) => [name, ...roots])).toEqual([
      ['work', alpha.path, `${beta.path}@v2`],
    ]);
    await view.dropView('work');
    await expect(view.grep('x')).rejects.toMatchObject({ code: 'VIEW_NOT_FOUND' });
    await expect(view.dropView('work')).rejects.toMatchObject({ code: 'VIEW_NOT_FOUND' });
  });

  test('names what the store knows: by name, by glob, or all', async () => {
    const three = makeThree();
    const store = join(makeFolder(), 'store');
    for (const path of pathsOf(three)) await (await openOne(path, store)).index(['HEAD']);
    expect((await (await openOne('*', store)).files()).total).toBe(7);
    expect((await (await openOne('*a', store)).files()).total).toBe(5);
    expect((await (await openOne('gamma', store)).grep('Retry')).lines.map(({ path }) => path)).toEqual(['retry.go']);
    expect((await (await openOne(['gamma', 'alpha@HEAD'], store)).files()).total).toBe(5);
    await expect((await openOne('delta', store)).files()).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
    await expect((await openOne('delta*', store)).files()).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
    const all = await openOne('*', store);
    await expect(all.fork('x')).rejects.toMatchObject({ code: 'NOT_IN_A_VIEW' });
    await expect(all.log('x')[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'NOT_IN_A_VIEW' });
    await expect((await openOne('*', join(makeFolder(), 'empty'))).files()).rejects.toMatchObject({
      code: 'VIEW_EMPTY',
    });
  });

  test('tells repositories of one name apart, and takes one at two revs', async () => {
    const [one, two] = [makeRepository({ name: 'app' }), makeRepository({ name: 'app' })];
    for (const [repository, word] of [
      [one, 'first'],
      [two, 'second'],
    ] as const) {
      repository.commit({ 'a.txt': `${word}\n` });
      repository.git('tag', 'v1');
      repository.commit({ 'a.txt': `${word} again\n` });
    }
    const engines = await openMany();
    const clones = engines.open(JSON.stringify([`${one.path}@main`, `${two.path}@v1`]));
    const found = (await clones.grep('.')).lines.map((line) => `${whereOf(line)}:${line.text}`);
    expect(found).toEqual(['app@main/a.txt:first again', 'app@v1/a.txt:second']);
    const versions = engines.open(JSON.stringify([`${one.path}@v1`, `${one.path}@main`, `${one.path}@main`]));
    expect((await versions.grep('.')).lines.map(whereOf)).toEqual(['app@main/a.txt', 'app@v1/a.txt']);
    const both = engines.open(JSON.stringify([one.path, two.path]));
    const names = (await both.grep('.', { rev: 'v1' })).lines.map(({ repo }) => repo);
    expect(new Set(names).size).toBe(2);
    const range = await both.grepRange('.', 'v1', 'main');
    expect(range.lines.map(({ side, text }) => side + text).sort()).toEqual([
      '+first again',
      '+second again',
      '-first',
      '-second',
    ]);
    await expect(both.grep('.', { rev: 'v9' })).rejects.toMatchObject({ code: 'REV_NOT_FOUND' });
  });
});
