import { afterEach, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine } from '../../src/engine/types.js';
import { makeFolder, makeRepository } from '../support/git.js';

let engine: Engine | null = null;
afterEach(async () => {
  await engine?.close();
  engine = null;
});

test('folders 2,000 deep: indexed with their history, searched, compared, forked, verified, collected', async () => {
  const repository = makeRepository({ bare: true });
  const deep = 'd/'.repeat(2000);
  repository.commit({ 'a.ts': 'top\n', link: { submodule: '1'.repeat(40) } });
  repository.commit({ [`${deep}x.ts`]: 'deepest\n' });
  repository.commit({ [`${deep}x.ts`]: 'deepest\nmore\n', 'd/y.ts': 'y\n' });
  engine = await openEngine({ repo: repository.path, store: makeFolder(), workers: 0 });
  await engine.index(['HEAD'], { history: true });
  const { lines } = await engine.grep('more', { rev: 'HEAD' });
  expect(lines.map(({ path, line }) => [path.length, line])).toEqual([[deep.length + 4, 2]]);
  expect((await engine.grepRange('more|y', 'HEAD~1', 'HEAD')).lines).toHaveLength(2);
  await engine.fork('f', { from: 'HEAD~2' });
  await engine.apply('f', [{ kind: 'commit', rev: 'HEAD' }]);
  await engine.apply('f', [{ kind: 'put', path: `${deep}z.ts`, content: Buffer.from('put\n') }]);
  expect((await engine.grep('put', { rev: 'f' })).lines).toHaveLength(1);
  expect((await engine.doctor()).problems).toEqual([]);
  await engine.gc();
  expect((await engine.grep('put', { rev: 'f' })).lines).toHaveLength(1);
});

test('folders deeper than git goes are an error, in a tree and in a path that is put', async () => {
  const repository = makeRepository({ bare: true });
  repository.commit({ 'a.ts': 'top\n' });
  repository.commit({ [`${'d/'.repeat(4100)}x.ts`]: 'deepest\n' });
  engine = await openEngine({ repo: repository.path, store: makeFolder(), workers: 0 });
  await expect(engine.grep('top', { rev: 'HEAD' })).rejects.toMatchObject({ code: 'TREE_TOO_DEEP' });
  await engine.fork('f', { from: 'HEAD~1' });
  const step = { kind: 'put' as const, path: `${'d/'.repeat(20_000)}x`, content: Buffer.from('x') };
  await expect(engine.apply('f', [step])).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  expect((await engine.grep('top', { rev: 'f' })).lines).toHaveLength(1);
});
