import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRepository, type Repository } from '../../src/git/index.js';
import type { Oid } from '../../src/model/index.js';
import { makeRepository, type TestRepository } from '../support/git.js';

let made: TestRepository;
let repo: Repository;
let commits: Oid[];

beforeAll(async () => {
  made = makeRepository();
  commits = made.commits([
    { files: { 'src/a.txt': 'one\n', b: 'b\n' }, message: 'first: begin\n' },
    { files: { 'src/a.txt': 'two\n' }, message: 'second step\n' },
    { files: { 'src/a.txt': 'three\n' }, message: 'third\n' },
  ]);
  made.branch('feature/login', commits[1]);
  made.tag('v1.0', commits[0]);
  made.tag('v2.0', commits[1], 'release');
  made.tag('nested', 'v2.0', 'tag of a tag');
  made.tag('a-tree', 'HEAD:src');
  made.tag('tagged-tree', 'HEAD:src', 'a tree');
  made.tag('a-blob', 'HEAD:b', 'a blob');
  for (const name of ['--all', '-x', '-']) made.git('update-ref', `refs/heads/${name}`, commits[1]!);
  made.git('update-ref', 'refs/heads/caf\u00e9 x'.replace(' ', '-'), commits[1]!);
  repo = await openRepository(made.path);
});
afterAll(() => repo.close());

describe('revs', () => {
  test.each([
    'HEAD',
    '@',
    'main',
    'HEAD~2',
    'v1.0',
    'v2.0',
    'v2.0^{}',
    'nested',
    'v2.0^{commit}',
    'feature/login',
    'HEAD^{/second}',
  ])('%s is the commit that git says', async (rev) => {
    const commit = made.revParse(`${rev}^{commit}`);
    expect(await repo.resolve(rev)).toEqual({ kind: 'commit', commit, tree: made.revParse(`${commit}^{tree}`) });
  });

  test.each(['main:src', 'HEAD~1:src', 'HEAD^{tree}', 'main:', 'a-tree', 'tagged-tree'])(
    '%s is a tree',
    async (rev) => {
      expect(await repo.resolve(rev)).toEqual({
        kind: 'tree',
        commit: null,
        tree: made.revParse(`${rev}^{tree}`.replace(/:(.*)\^\{tree\}$/, ':$1')),
      });
    },
  );

  test('an oid, in full or abbreviated, and a message search', async () => {
    for (const rev of [commits[0]!, commits[0]!.slice(0, 9), ':/first: begin', 'main@{0}', '@{0}']) {
      const { commit } = await repo.resolve(rev).catch(() => ({ commit: null }));
      if (!rev.includes('@{')) expect(commit).toBe(commits[0]);
    }
  });

  test.each(['--all', '-x', '-', 'café-x'])('a branch called %s is only ever a branch', async (rev) => {
    expect((await repo.resolve(`refs/heads/${rev}`)).commit).toBe(commits[1]);
    if (rev !== '-') expect((await repo.resolve(rev)).commit).toBe(commits[1]);
  });

  test.each([
    '--branches',
    '--version',
    '-h',
    'main..HEAD',
    '^main',
    'HEAD~99',
    'no such',
    ' ',
    '',
    'a\nHEAD',
    'a\0b',
    'HEAD\r',
    'main:none',
  ])('%j is REV_NOT_FOUND', async (rev) => {
    await expect(repo.resolve(rev)).rejects.toMatchObject({ code: 'REV_NOT_FOUND' });
    expect((await repo.resolve('HEAD')).commit).toBe(commits[2]);
  });

  test.each(['HEAD:b', 'a-blob', 'v1.0:src/a.txt'])('%s is a file: REV_NOT_A_TREE', async (rev) => {
    await expect(repo.resolve(rev)).rejects.toMatchObject({ code: 'REV_NOT_A_TREE' });
  });

  test('names that are spelled alike are offered', async () => {
    await expect(repo.resolve('mian')).rejects.toMatchObject({ hint: 'did you mean main?', data: { near: ['main'] } });
    await expect(repo.resolve('login')).rejects.toMatchObject({ data: { near: ['feature/login'] } });
    await expect(repo.resolve('v1.1~2')).rejects.toMatchObject({ data: { near: ['v1.0', 'v2.0'] } });
    await expect(repo.resolve('unlike-anything')).rejects.toMatchObject({ data: { near: [] } });
  });

  test('an expression that git dies of is REV_NOT_FOUND, and the questions around it are answered', async () => {
    const [before, upstream, after, tree] = await Promise.allSettled([
      repo.resolve('HEAD'),
      repo.resolve('@{u}'),
      repo.resolve('v1.0'),
      repo.readTree(made.revParse('HEAD^{tree}')),
    ]);
    expect(upstream).toMatchObject({
      reason: { code: 'REV_NOT_FOUND', hint: expect.stringMatching(/no upstream/) as string },
    });
    expect([before, after]).toMatchObject([{ value: { commit: commits[2] } }, { value: { commit: commits[0] } }]);
    expect(tree.status).toBe('fulfilled');
  });

  test('an abbreviated oid of several objects is REV_NOT_FOUND with a hint', async () => {
    const crowded = makeRepository();
    crowded.commits(Array.from({ length: 300 }, (_, i) => ({ files: { a: String(i) } })));
    const open = await openRepository(crowded.path);
    const prefixes = new Map<string, number>();
    const objects = crowded.git('cat-file', '--batch-all-objects', '--batch-check=%(objectname)').split('\n');
    // Four digits are the least that git takes.
    for (const oid of objects) prefixes.set(oid.slice(0, 4), (prefixes.get(oid.slice(0, 4)) ?? 0) + 1);
    const shared = [...prefixes].find(([, count]) => count > 1)![0];
    await expect(open.resolve(shared)).rejects.toMatchObject({
      code: 'REV_NOT_FOUND',
      hint: expect.stringMatching(/ambiguous/) as string,
    });
    open.close();
  });
});

test('a quick look says null for what is not there', async () => {
  for (const rev of ['no-such', '', 'a\nb', '@{u}', '--all=x']) expect(await repo.find(rev)).toBeNull();
  expect(await repo.find('v2.0')).toEqual(await repo.resolve('v2.0'));
  await expect(repo.find('HEAD:b')).rejects.toMatchObject({ code: 'REV_NOT_A_TREE' });
});

test('a detached HEAD', async () => {
  const other = makeRepository();
  const [first] = other.commits([{ files: { a: '1' } }, { files: { a: '2' } }]);
  other.checkout(first!);
  const open = await openRepository(other.path);
  expect(await open.head()).toEqual({ branch: null, commit: first });
  expect((await open.resolve('HEAD')).commit).toBe(first);
  open.close();
});

test('an upstream branch', async () => {
  const origin = makeRepository({ bare: true });
  const tip = origin.commit({ a: 'a' });
  const clone = makeRepository();
  clone.git('fetch', '-q', origin.path, 'main:refs/remotes/origin/main');
  clone.git('config', 'remote.origin.url', origin.path);
  clone.git('config', 'remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*');
  clone.git('checkout', '-q', '-b', 'work', 'origin/main');
  const open = await openRepository(clone.path);
  for (const rev of ['@{u}', 'work@{upstream}', 'origin/main']) expect((await open.resolve(rev)).commit).toBe(tip);
  open.close();
});

test('before the first commit', async () => {
  const open = await openRepository(makeRepository().path);
  for (const rev of ['HEAD', '@', 'HEAD~1', 'main']) {
    await expect(open.resolve(rev)).rejects.toMatchObject({ code: 'EMPTY_REPOSITORY' });
  }
  expect(await open.head()).toEqual({ branch: 'main', commit: null });
  expect(await open.refs()).toEqual([]);
  expect(await open.rootCommit()).toBeNull();
  open.close();
});
