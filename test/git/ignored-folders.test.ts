import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openRepository, type Repository } from '../../src/git/index.js';
import { git, makeFolder, makeRepository } from '../support/git.js';

const opened: Repository[] = [];
afterEach(() => {
  for (const repo of opened.splice(0)) repo.close();
});

async function open(path: string): Promise<Repository> {
  const repo = await openRepository(path);
  opened.push(repo);
  return repo;
}

test('what a rule ignores as a whole, and nothing that only has ignored files in it', async () => {
  const made = makeRepository();
  made.commit({
    '.gitignore': '*.log\nnode_modules/\ndist\n/build/*\n!/build/keep\n/all/**\n!/all/but\nodd*\n',
    'packages/.gitignore': 'out\n',
    'tracked/node_modules/forced': 'committed although a rule ignores it',
    'src/dist.ts': 'no folder',
  });
  for (const path of [
    'logs/only.log',
    'mixed/one.log',
    'mixed/other.txt',
    'node_modules/a/node_modules/b/c',
    'packages/p/node_modules/a',
    'packages/p/out/a',
    'out/a',
    'dist/a',
    'build/made/a',
    'build/keep/a',
    'all/below/a',
    'tracked/node_modules/more/a',
    'odd "é"\n/a',
  ])
    made.write(path, '');
  mkdirSync(join(made.path, 'empty'));
  mkdirSync(made.file('odd-\udce9'));
  writeFileSync(made.file('odd-\udce9/a'), '');
  made.symlink('node_modules2', 'node_modules');

  const repo = await open(made.path);
  expect(await repo.ignoredFolders()).toEqual([
    'all/below',
    'build/made',
    'dist',
    'node_modules',
    'odd "é"\n',
    'odd-\udce9',
    'packages/p/node_modules',
    'packages/p/out',
    'tracked/node_modules/more',
  ]);

  // What is listed really does not count, and what is not listed can.
  for (const folder of await repo.ignoredFolders()) writeFileSync(made.file(`${folder}/new`), '');
  for (const folder of ['logs', 'all', 'build/keep', 'out']) made.write(`${folder}/but`, '');
  expect((await repo.worktreeChanges()).changed.map(({ path }) => path)).toEqual([
    'all/but',
    'build/keep/a',
    'build/keep/but',
    'logs/but',
    'mixed/other.txt',
    'node_modules2',
    'out/a',
    'out/but',
  ]);
});

test('nested repositories, registered as submodules or not', async () => {
  const inner = makeRepository();
  const commit = inner.commit({ a: 'a' });
  const made = makeRepository();
  made.commit({ '.gitignore': 'vendor\n', a: 'a', 'libs/sub': { submodule: commit } });
  for (const path of ['libs/sub', 'libs/own', 'vendor/own']) git(made.path, ['clone', '-q', inner.path, path]);
  made.write('libs/not/file', '');
  const repo = await open(made.path);
  expect(await repo.ignoredFolders()).toEqual(['libs/own', 'libs/sub', 'vendor']);
});

test('of a linked work tree its own; none without rules; a bare repository has no work tree', async () => {
  const made = makeRepository();
  made.commit({ a: 'a' });
  made.write('.git/info/exclude', 'cache\n');
  const linked = join(makeFolder(), 'linked');
  made.git('worktree', 'add', '-q', '--detach', linked);
  mkdirSync(join(linked, 'cache'));
  writeFileSync(join(linked, 'cache/a'), '');
  expect(await (await open(linked)).ignoredFolders()).toEqual(['cache']);
  expect(await (await open(made.path)).ignoredFolders()).toEqual([]);
  const bare = await open(makeRepository({ bare: true }).path);
  await expect(bare.ignoredFolders()).rejects.toMatchObject({ code: 'NO_WORKTREE' });
});
