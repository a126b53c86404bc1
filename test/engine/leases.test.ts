import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { sleep } from '../../src/base/index.js';
import { openEngine } from '../../src/engine/index.js';
import type { Engine } from '../../src/engine/index.js';
import { git, makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';

const opened: Engine[] = [];
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close();
});

async function open(repository: TestRepository, store = join(makeFolder(), 'store')): Promise<Engine> {
  const engine = await openEngine({ repo: repository.path, store, workers: 0 });
  opened.push(engine);
  return engine;
}

const linesOf = async (engine: Engine, rev: string): Promise<string[]> =>
  (await engine.grep('.', { rev })).lines.map(({ path, text }) => `${path}:${text}`);

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

function sample(): TestRepository {
  const repository = makeRepository();
  repository.commit({ 'a.txt': 'one\n' });
  return repository;
}

test('a lease gives the same answers whatever becomes of the rev, in any process, through garbage collection', async () => {
  const repository = sample();
  const engine = await open(repository);
  repository.write('open.txt', 'unsaved elsewhere\n');
  const work = await engine.lease('@worktree');
  const head = await engine.lease('main', { ttlMs: 60_000 });
  expect(work.lease).toMatch(/^lease:[0-9a-f]{16}$/);
  expect(work).toMatchObject({ rev: '@worktree', commit: null });
  expect(head).toMatchObject({ rev: 'main', commit: repository.revParse('main') });
  expect(Math.abs(head.expiresMs - Date.now() - 60_000)).toBeLessThan(5000);
  repository.remove('open.txt');
  repository.commit({ 'a.txt': 'two\n' });
  git(repository.path, ['update-ref', '-d', 'refs/heads/main']);
  git(repository.path, ['reflog', 'expire', '--expire=now', '--all']);
  const other = await open(repository, engine.storePath);
  await other.gc();
  for (const each of [engine, other]) {
    expect(await linesOf(each, work.lease)).toEqual(['a.txt:one', 'open.txt:unsaved elsewhere']);
    expect(await linesOf(each, head.lease)).toEqual(['a.txt:one']);
    const { rev, freshness } = await each.grep('one', { rev: work.lease });
    expect({ rev, freshness }).toMatchObject({
      rev: { kind: 'lease', commit: null, tree: work.tree },
      freshness: 'exact',
    });
    expect(await each.forks()).toEqual([]);
    expect((await each.doctor()).problems).toEqual([]);
  }
  await other.releaseLease(work.lease);
  await other.releaseLease(head.lease);
  expect(await codeOf(engine.grep('.', { rev: work.lease }))).toBe('LEASE_NOT_FOUND');
  expect(await codeOf(engine.releaseLease(work.lease))).toBe('LEASE_NOT_FOUND');
  expect((await other.gc()).chunksAfter).toBe(0);
});

test('a lease that has expired is gone, one that is renewed goes on', async () => {
  const repository = sample();
  const engine = await open(repository);
  const other = await open(repository, engine.storePath);
  repository.write('a.txt', 'only in the work tree\n');
  const [short, renewed] = [
    await engine.lease('@worktree', { ttlMs: 1000 }),
    await engine.lease('@worktree', { ttlMs: 1000 }),
  ];
  repository.git('reset', '-q', '--hard');
  const { expiresMs } = await other.renewLease(renewed.lease, { ttlMs: 60_000 });
  expect(expiresMs).toBeGreaterThan(renewed.expiresMs + 50_000);
  await other.gc();
  expect(await linesOf(engine, short.lease)).toEqual(['a.txt:only in the work tree']);
  await sleep(Math.max(0, short.expiresMs - Date.now()) + 5);
  for (const each of [engine, other]) {
    expect(await codeOf(each.resolve(short.lease))).toBe('LEASE_NOT_FOUND');
    expect(await codeOf(each.renewLease(short.lease))).toBe('LEASE_NOT_FOUND');
  }
  await other.gc();
  expect(await linesOf(engine, renewed.lease)).toEqual(['a.txt:only in the work tree']);
  await engine.renewLease(renewed.lease, { ttlMs: 1 });
  await sleep(5);
  expect((await other.gc()).chunksAfter).toBe(0);
});

test('a lease can be taken of a lease, a fork or an overlay; it is no fork, and cannot be moved', async () => {
  const engine = await open(sample());
  await engine.fork('f');
  await engine.apply('f', [{ kind: 'put', path: 'b.txt', content: Buffer.from('fork\n') }]);
  await engine.putOverlay('o', [{ path: 'c.txt', content: Buffer.from('buffer\n') }]);
  const first = await engine.lease('f');
  const again = await engine.lease(first.lease);
  const buffer = await engine.lease('overlay:o');
  await engine.index([again.lease, 'overlay:o']);
  expect((await engine.status()).repositories[0]!.revs.map(({ rev }) => rev)).toEqual(['HEAD', 'main', 'f']);
  await engine.drop('f');
  await engine.dropOverlay('o');
  await engine.releaseLease(first.lease);
  await engine.gc();
  expect(await linesOf(engine, again.lease)).toEqual(['a.txt:one', 'b.txt:fork']);
  expect(await linesOf(engine, buffer.lease)).toEqual(['a.txt:one', 'c.txt:buffer']);
  const put = { kind: 'put' as const, path: 'x', content: Buffer.from('x') };
  expect(await codeOf(engine.apply(again.lease, [put]))).toBe('FORK_NOT_FOUND');
  expect(await codeOf(engine.drop(again.lease))).toBe('FORK_NOT_FOUND');
  expect(await codeOf(engine.resolve(`fork:${again.lease}`))).toBe('FORK_NOT_FOUND');
  expect(await codeOf(engine.fork(again.lease))).toBe('FORK_NAME_INVALID');
  for (const ttlMs of [0, -1, 1.5, NaN, Infinity, 86_400_001])
    expect(await codeOf(engine.lease('HEAD', { ttlMs }))).toBe('USAGE');
});

test('a lease of a repository without commits outlives its first commit', async () => {
  const repository = makeRepository();
  repository.write('a.txt', 'early\n');
  const engine = await open(repository);
  const { lease } = await engine.lease('@worktree');
  repository.commit({ 'b.txt': 'first\n' });
  expect(await linesOf(engine, 'HEAD')).toEqual(['b.txt:first']);
  expect(await linesOf(engine, lease)).toEqual(['a.txt:early']);
});

test('a fork with a time to live drops itself, and its name is free again', async () => {
  const repository = sample();
  const engine = await open(repository);
  const other = await open(repository, engine.storePath);
  const first = await engine.fork('f', { ttlMs: 300 });
  expect(first.expiresMs! - first.createdMs).toBe(300);
  await engine.apply('f', [{ kind: 'put', path: 'b.txt', content: Buffer.from('edit\n') }]);
  expect((await other.forks())[0]).toMatchObject({ name: 'f', commit: null, expiresMs: first.expiresMs });
  expect(await codeOf(other.fork('f'))).toBe('FORK_EXISTS');
  await sleep(Math.max(0, first.expiresMs! - Date.now()) + 5);
  expect(await other.forks()).toEqual([]);
  expect(await codeOf(engine.resolve('f'))).toBe('REV_NOT_FOUND');
  expect(await codeOf(engine.drop('f'))).toBe('FORK_NOT_FOUND');
  const made = await Promise.all([codeOf(engine.fork('f')), codeOf(other.fork('f'))]);
  expect(made.sort()).toEqual(['FORK_EXISTS', 'none']);
  expect(await linesOf(engine, 'f')).toEqual(['a.txt:one']);
  expect((await other.forks())[0]).toMatchObject({ name: 'f', expiresMs: null });
});
