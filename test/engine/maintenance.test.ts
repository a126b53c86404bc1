import { expect, test } from 'vitest';
import { openEngine } from '../../src/index.js';
import { volatileIdMin } from '../../src/model/index.js';
import { Store } from '../../src/store/index.js';
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

test.each(['doc', 'file', 'tree', 'commit'] as const)(
  'a store whose %s numbers are used up says so; what it has is searched, and a work tree from memory',
  async (kind) => {
    const repository = makeRepository();
    repository.commit({ 'a.txt': 'needle\n' });
    repository.git('reset', '-q', '--hard');
    const path = makeFolder();
    const engine = await openEngine({ repo: repository.path, store: path, workers: 0 });
    await engine.index(['HEAD']);
    const store = Store.open(path);
    const next = { ...store.catalog.nextIds, [kind]: volatileIdMin - 1 };
    store.record({ t: 'segments', add: [], remove: [], next });
    store.close();
    expect((await engine.grep('needle', { rev: 'HEAD' })).lines).toHaveLength(1);
    repository.commit({ 'b.txt': 'another needle\n' });
    const exhausted = { code: 'STORE_EXHAUSTED', hint: expect.stringContaining('--store') as string };
    await expect(engine.index(['HEAD'])).rejects.toMatchObject(exhausted);
    await expect(engine.grep('needle', { rev: 'HEAD' })).rejects.toMatchObject(exhausted);
    expect((await engine.grep('needle', { rev: 'HEAD~1' })).lines).toHaveLength(1);
    expect((await engine.doctor()).problems).toEqual([]);
    await engine.close();
  },
);

test('what is collected before it was laid out for searches is passed over', async () => {
  const repository = makeRepository();
  repository.commit({ 'a.txt': 'one\n' });
  repository.commit({ 'b.txt': 'two\n' }, { branch: 'side', parents: ['HEAD'] });
  const notes: string[] = [];
  const onNote = (note: string): void => void notes.push(note);
  const engine = await openEngine({ repo: repository.path, store: makeFolder(), workers: 0, onNote });
  await engine.index(['main', 'side']);
  repository.git('branch', '-D', 'side');
  expect((await engine.gc()).chunksAfter).toBe(1);
  await engine.close();
  expect(notes).toEqual([]);
});
