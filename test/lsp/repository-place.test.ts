import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { placeOf, rootAsSeenFrom } from '../../src/lsp/documents/repository-place.js';
import { makeFolder, makeRepository } from '../support/git.js';

test('finds the work tree around files and folders, there or not', async () => {
  const repository = makeRepository();
  const root = repository.path;
  repository.write('src/a.ts', '');
  expect(await placeOf(root)).toEqual({ root, path: '' });
  expect(await placeOf(join(root, 'src'))).toEqual({ root, path: 'src' });
  expect(await placeOf(join(root, 'src/a.ts'))).toEqual({ root, path: 'src/a.ts' });
  expect(await placeOf(join(root, 'src/new/b.ts'))).toEqual({ root, path: 'src/new/b.ts' });
});

test('finds nothing outside, in .git, and in a bare repository', async () => {
  const repository = makeRepository();
  expect(await placeOf(makeFolder())).toBeNull();
  expect(await placeOf('/')).toBeNull();
  expect(await placeOf(join(repository.path, '.git/COMMIT_EDITMSG'))).toBeNull();
  expect(await placeOf(makeRepository({ bare: true }).path)).toBeNull();
});

test('a repository inside is one of its own; a folder named .git is none', async () => {
  const outer = makeRepository();
  mkdirSync(join(outer.path, 'plain/.git'), { recursive: true });
  expect(await placeOf(join(outer.path, 'plain/x'))).toEqual({ root: outer.path, path: 'plain/x' });
  mkdirSync(join(outer.path, 'sub'));
  writeFileSync(join(outer.path, 'sub/.git'), 'gitdir: ../.git/modules/sub\n');
  expect(await placeOf(join(outer.path, 'sub/x'))).toEqual({ root: join(outer.path, 'sub'), path: 'x' });
});

test('follows symbolic links, and names the root as the client knows it', async () => {
  const repository = makeRepository();
  const root = repository.path;
  repository.write('src/a.ts', '');
  repository.symlink('alias', 'src');
  expect(await placeOf(join(root, 'alias/a.ts'))).toEqual({ root, path: 'src/a.ts' });

  const elsewhere = makeFolder();
  symlinkSync(root, join(elsewhere, 'whole'));
  symlinkSync(join(root, 'src'), join(elsewhere, 'part'));
  const whole = join(elsewhere, 'whole/src');
  expect(await placeOf(whole)).toEqual({ root, path: 'src' });
  expect(await rootAsSeenFrom(whole, { root, path: 'src' })).toBe(join(elsewhere, 'whole'));
  expect(await rootAsSeenFrom(join(elsewhere, 'part'), { root, path: 'src' })).toBe(root);
});
