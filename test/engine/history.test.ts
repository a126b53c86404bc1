import { expect, test } from 'vitest';
import { openEngine } from '../../src/index.js';
import type { Engine, EngineOptions } from '../../src/index.js';
import { git, makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';

const open = (repository: TestRepository, more: Partial<EngineOptions> = {}): Promise<Engine> =>
  openEngine({ repo: repository.path, store: makeFolder(), workers: 0, ...more });

const commitCount = async (engine: Engine): Promise<number> => (await engine.status()).commits;

/** Two branches that part and meet again. */
function withMerge(): { repository: TestRepository; oids: string[] } {
  const repository = makeRepository();
  const oids = repository.commits([
    { branch: 'main', files: { 'a.ts': 'one();\n', 'b.txt': 'kept\n' } },
    { branch: 'main', files: { 'a.ts': 'one();\ntwo();\n' } },
    { branch: 'side', parents: [':1'], files: { 'c.ts': 'side();\n' } },
    { branch: 'main', parents: [':2', ':3'], files: { 'c.ts': 'side();\n' } },
    { branch: 'main', files: { 'c.ts': null, 'sub/c.ts': 'side();\n' } },
  ]);
  git(repository.path, ['reset', '-q', '--hard']);
  return { repository, oids };
}

test('every commit of the history is searched without more indexing, and indexed once', async () => {
  const { repository, oids } = withMerge();
  const engine = await open(repository);
  expect((await engine.index([], { history: true })).commits).toBe(5);
  expect(await commitCount(engine)).toBe(5);
  for (const oid of oids) {
    const { revs } = await engine.index([oid]);
    expect(revs[0]).toMatchObject({ newFiles: 0, newChunks: 0 });
  }
  const { lines } = await engine.grep('side', { rev: oids[4]! });
  expect(lines.map(({ path }) => path)).toEqual(['sub/c.ts']);
  expect((await engine.index([], { history: true, all: true })).commits).toBe(0);
  await engine.close();
});

test('a history goes on with each commit that is indexed, and catches up with those that were not', async () => {
  const { repository } = withMerge();
  const engine = await open(repository);
  repository.commit({ 'd.ts': 'next();\n' });
  await engine.index(['HEAD']);
  expect(await commitCount(engine)).toBe(0); // nothing to go on from
  await engine.index(['HEAD'], { history: true });
  expect(await commitCount(engine)).toBe(6);
  repository.commit({ 'd.ts': 'after();\n' });
  await engine.grep('after');
  expect(await commitCount(engine)).toBe(7);
  repository.commit({ 'd.ts': 'skipped();\n' });
  repository.commit({ 'd.ts': 'latest();\n' });
  await engine.grep('latest');
  expect(await commitCount(engine)).toBe(7); // its parent is not recorded
  expect((await engine.index(['HEAD'], { history: true })).commits).toBe(2);
  expect(await commitCount(engine)).toBe(9);
  await engine.close();
});

test('a hit says in which commit its text came, whatever was indexed first', async () => {
  const { repository, oids } = withMerge();
  const engine = await open(repository);
  const seen = async (query: string, rev = 'HEAD'): Promise<string | undefined> =>
    (await engine.search(query, { rev, limit: 1 })).hits[0]!.firstSeen?.commit;
  expect(await seen('side')).toBeUndefined();
  await engine.index([], { history: true });
  expect(await seen('side')).toBe(oids[2]); // not the merge that brought it, nor the move
  expect(await seen('two')).toBe(oids[1]);
  expect(await seen('kept', oids[4])).toBe(oids[0]);
  expect((await engine.search('kept')).hits[0]!.firstSeen?.date).toBe('2023-11-14T22:14:20.000Z');
  repository.write('new.ts', 'unheard();\n');
  expect(await seen('unheard', '@worktree')).toBeUndefined();
  await engine.close();
});

test('another repository with the same text does not say when this one had it', async () => {
  const one = makeRepository();
  one.commit({ 'a.ts': 'common();\n' }, { time: 1_000_000_000 });
  const two = makeRepository();
  two.commits([{ files: { 'x.ts': 'own();\n' } }, { files: { 'a.ts': 'common();\n' } }]);
  const store = makeFolder();
  const first = await open(one, { store });
  await first.index([], { history: true });
  const second = await open(two, { store });
  expect((await second.search('common')).hits[0]!.firstSeen).toBeNull();
  await second.index([], { history: true });
  expect((await second.search('common')).hits[0]!.firstSeen?.commit).toBe(two.revParse('HEAD'));
  await first.close();
  await second.close();
});

test('a run that is cancelled keeps what it did, and the next goes on', async () => {
  const repository = makeRepository();
  repository.commits(Array.from({ length: 40 }, (_, i) => ({ files: { [`f${i}.ts`]: `value${i}();\n` } })));
  const store = makeFolder();
  const engine = await open(repository, { store });
  const cancel = new AbortController();
  const cancelled = engine.index([], {
    history: true,
    signal: cancel.signal,
    onProgress: ({ bytes }) => {
      if (bytes > 200) cancel.abort();
    },
  });
  await expect(cancelled).rejects.toMatchObject({ code: 'ABORTED' });
  expect((await engine.doctor()).problems).toEqual([]);
  await engine.index([], { history: true });
  expect(await commitCount(engine)).toBe(40);
  expect((await engine.status()).chunks).toBe(40);
  await engine.close();
});

test('collecting garbage forgets the commits of a deleted branch, and only those', async () => {
  const { repository } = withMerge();
  repository.commits([{ branch: 'gone', parents: ['main^0'], files: { 'gone.ts': 'gone();\n' } }]);
  const engine = await open(repository);
  await engine.index([], { history: true, all: true });
  expect(await commitCount(engine)).toBe(6);
  const before = (await engine.search('side two kept')).hits;
  git(repository.path, ['update-ref', '-d', 'refs/heads/gone']);
  git(repository.path, ['reflog', 'expire', '--expire=now', '--all']);
  const dry = await engine.gc({ dryRun: true });
  const { reclaimedBytes } = await engine.gc();
  expect(reclaimedBytes).toBe(dry.reclaimedBytes);
  expect(reclaimedBytes).toBeGreaterThan(0);
  expect(await commitCount(engine)).toBe(5);
  expect((await engine.search('side two kept')).hits).toEqual(before);
  expect((await engine.doctor()).problems).toEqual([]);
  expect((await engine.index([], { history: true, all: true })).commits).toBe(0);
  await engine.close();
});

test('a shallow clone has a history from its boundary on', async () => {
  const { repository } = withMerge();
  const clone = `${makeFolder()}/clone`;
  git(repository.path, ['clone', '-q', '--depth', '2', `file://${repository.path}`, clone]);
  const engine = await openEngine({ repo: clone, store: makeFolder(), workers: 0 });
  expect((await engine.index([], { history: true })).commits).toBe(2);
  expect(await commitCount(engine)).toBe(2);
  await engine.close();
});
