import { expect, test } from 'vitest';
import { openEngine } from '../../src/index.js';
import { git, makeFolder, makeRepository } from '../support/git.js';

test('what was indexed by a search alone is not garbage', async () => {
  const repository = makeRepository();
  repository.commit({ 'a.txt': 'needle\n' });
  const engine = await openEngine({ repo: repository.path, store: makeFolder(), workers: 0 });
  await engine.grep('needle');
  const { chunksBefore, chunksAfter } = await engine.gc();
  expect([chunksBefore, chunksAfter]).toEqual([1, 1]);
  expect((await engine.status()).repositories.map(({ name }) => name)).toEqual(['repo']);
  await engine.close();
});

test('two clones share what is the same, and each keeps its own', async () => {
  const first = makeRepository();
  first.commit({ 'a.txt': 'shared\n' });
  const clone = `${makeFolder()}/clone`;
  git(first.path, ['clone', '-q', first.path, clone]);
  first.commit({ 'b.txt': 'only in the first\n' });
  git(clone, ['commit', '-q', '--allow-empty', '-m', 'x']);
  const store = makeFolder();
  const one = await openEngine({ repo: first.path, store, workers: 0 });
  const two = await openEngine({ repo: clone, store, workers: 0 });
  await one.grep('shared');
  const { revs } = await two.index(['HEAD']);
  expect(revs[0]).toMatchObject({ files: 1, newFiles: 0, newChunks: 0 });
  await two.gc();
  expect((await one.index(['HEAD'])).revs[0]).toMatchObject({ files: 2, newFiles: 0 });
  const names = (await two.status()).repositories.map(({ name }) => name);
  expect(names).toEqual(['clone', 'repo']);
  await one.close();
  await two.close();
});
