import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRepository, type Repository } from '../../src/git/index.js';
import { asOid, type Oid } from '../../src/model/index.js';
import { git, makeFolder, makeRepository } from '../support/git.js';

async function listed(repo: Repository, ...args: Parameters<Repository['commits']>): Promise<Oid[]> {
  const oids: Oid[] = [];
  for await (const { oid } of repo.commits(...args)) oids.push(oid);
  return oids;
}

test('refs: branches, remote branches and tags, peeled to commits', async () => {
  const made = makeRepository();
  const [first, second] = made.commits([{ files: { a: '1' } }, { files: { a: '2' } }]);
  made.branch('feature/x', first);
  made.git('update-ref', 'refs/heads/-dash', first!);
  made.git('update-ref', 'refs/remotes/origin/main', second!);
  made.git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
  made.git('update-ref', 'refs/notes/other', first!);
  made.tag('v1', first);
  made.tag('v2', second, 'annotated');
  made.tag('v2-nested', 'v2', 'of a tag');
  made.tag('tree', 'HEAD^{tree}');
  made.tag('caf\u00e9');
  const repo = await openRepository(made.path);
  const rows = (await repo.refs()).map(({ name, shortName, kind, commit }) => [name, shortName, kind, commit]);
  expect(rows).toEqual([
    ['refs/heads/-dash', '-dash', 'branch', first],
    ['refs/heads/feature/x', 'feature/x', 'branch', first],
    ['refs/heads/main', 'main', 'branch', second],
    ['refs/remotes/origin/main', 'origin/main', 'remote', second],
    ['refs/tags/caf\u00e9', 'caf\u00e9', 'tag', second],
    ['refs/tags/tree', 'tree', 'tag', null],
    ['refs/tags/v1', 'v1', 'tag', first],
    ['refs/tags/v2', 'v2', 'tag', second],
    ['refs/tags/v2-nested', 'v2-nested', 'tag', second],
  ]);
  const asGitLists = (): string[] =>
    made
      .git('for-each-ref', '--format=%(refname) %(symref)', 'refs/heads', 'refs/remotes', 'refs/tags')
      .split('\n')
      .filter((line) => line.endsWith(' '))
      .map((line) => line.trim());
  made.git('pack-refs', '--all');
  expect((await repo.refs()).map(({ commit }) => commit)).toEqual(rows.map(([, , , commit]) => commit));
  // Some refs have left the packed ones behind, some are there only, one is new, and one has gone.
  made.git('update-ref', 'refs/heads/feature/x', second!);
  made.git('update-ref', 'refs/tags/new', first!);
  made.git('update-ref', '-d', 'refs/tags/tree');
  const later = await repo.refs();
  expect(later.map(({ name }) => name)).toEqual(asGitLists());
  expect(later.find(({ shortName }) => shortName === 'feature/x')?.commit).toBe(second);
  // A branch that is another one's alias: that is for git to say.
  made.git('symbolic-ref', 'refs/heads/alias', 'refs/heads/feature/x');
  expect((await repo.refs()).find(({ shortName }) => shortName === 'alias')?.commit).toBe(second);
  repo.close();
});

test('commits: topological, either way round, with exclusions', async () => {
  const made = makeRepository();
  const [a, b, c, d, e] = made.commits([
    { files: { f: 'a' } },
    { files: { f: 'b' } },
    { files: { g: 'c' }, branch: 'side', parents: [':1'] },
    // Its clock runs behind: older than its parents.
    { files: { g: 'c' }, parents: [':2', ':3'], time: 1_600_000_000 },
    { files: { f: 'e' } },
  ]) as [Oid, Oid, Oid, Oid, Oid];
  const repo = await openRepository(made.path);
  const newestFirst = await listed(repo, [e]);
  expect(newestFirst).toEqual(made.git('rev-list', '--topo-order', e).split('\n'));
  expect(await listed(repo, [e], { oldestFirst: true })).toEqual(newestFirst.toReversed());
  expect(new Set(await listed(repo, [e], { exclude: [b] }))).toEqual(new Set([c, d, e]));
  expect(await listed(repo, [])).toEqual([]);
  for await (const { oid, tree, parents } of repo.commits([d])) {
    expect(oid).toBe(d);
    expect(tree).toBe(made.revParse(`${d}^{tree}`));
    expect(parents).toEqual([b, c]);
    break;
  }
  const absent = asOid('0123456789'.repeat(4));
  await expect(listed(repo, [absent])).rejects.toMatchObject({ code: 'GIT_FAILED' });
  const signal = AbortSignal.abort();
  await expect(listed(repo, [e], { signal })).rejects.toMatchObject({ code: 'ABORTED' });

  expect(await repo.nearest(e, new Set([a]), 100)).toBe(a);
  expect(await repo.nearest(e, new Set([a, c]), 100)).toBe(c);
  expect(await repo.nearest(e, new Set([e, d]), 100)).toBe(e);
  expect(await repo.nearest(e, new Set([d]), 1)).toBe(d);
  expect(await repo.nearest(e, new Set([a]), 1)).toBeNull();
  expect(await repo.nearest(e, new Set([absent]), 100)).toBeNull();
  expect(await repo.nearest(e, new Set(), 100)).toBeNull();
  expect(await repo.nearest(absent, new Set([a]), 100)).toBeNull();
  repo.close();
});

test('a long history comes whole, and can be left early', async () => {
  const made = makeRepository({ bare: true });
  const oids = made.commits(Array.from({ length: 3000 }, (_, i) => ({ files: { f: String(i) } })));
  const repo = await openRepository(made.path);
  expect(await listed(repo, [oids.at(-1)!], { oldestFirst: true })).toEqual(oids);
  for await (const { oid } of repo.commits([oids.at(-1)!])) {
    expect(oid).toBe(oids.at(-1));
    break;
  }
  expect(await repo.nearest(oids.at(-1)!, new Set([oids[2500]!]), 1000)).toBe(oids[2500]);
  expect(await repo.rootCommit()).toBe(oids[0]);
  repo.close();
});

test('the root commit is the oldest root of all refs, the same in every clone', async () => {
  const made = makeRepository();
  const [, root] = made.commits([
    { files: { f: 'a' }, time: 1_650_000_000 },
    { files: { pages: 'x' }, branch: 'pages', parents: [], time: 1_640_000_000 },
    { files: { f: 'b' } },
  ]);
  const clone = join(makeFolder(), 'clone');
  git(made.path, ['clone', '-q', made.path, clone]);
  for (const path of [made.path, clone]) {
    const repo = await openRepository(path);
    expect(await repo.rootCommit()).toBe(root);
    repo.close();
  }
  // On no branch, but checked out.
  const detached = makeRepository();
  const only = detached.commit({ a: 'a' });
  detached.checkout(only);
  detached.git('update-ref', '-d', 'refs/heads/main');
  const repo = await openRepository(detached.path);
  expect(await repo.rootCommit()).toBe(only);
  repo.close();
});

test('a shallow clone ends at its boundary', async () => {
  const made = makeRepository();
  const oids = made.commits(Array.from({ length: 5 }, (_, i) => ({ files: { f: String(i) } })));
  const path = join(makeFolder(), 'shallow');
  git(made.path, ['clone', '-q', '--depth=2', `file://${made.path}`, path]);
  const repo = await openRepository(path);
  expect(repo.isShallow).toBe(true);
  expect(await listed(repo, [oids[4]!])).toEqual([oids[4], oids[3]]);
  expect(await repo.nearest(oids[4]!, new Set([oids[0]!]), 100)).toBeNull();
  expect(await repo.rootCommit()).toBe(oids[3]);
  await expect(repo.resolve('HEAD~2')).rejects.toMatchObject({ code: 'REV_NOT_FOUND' });
  await expect(repo.readCommit(oids[1]!)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
  repo.close();
});

test('a partial clone fetches nothing: blobs that are elsewhere are missing', async () => {
  const made = makeRepository();
  made.git('config', 'uploadpack.allowFilter', 'true');
  made.commit({ 'src/a': 'a', 'src/b': 'b' });
  const path = join(makeFolder(), 'partial');
  git(made.path, ['clone', '-q', '--no-checkout', '--filter=blob:none', `file://${made.path}`, path]);
  const objects = (): string => git(path, ['cat-file', '--batch-all-objects', '--batch-check=%(objectname)']);
  const before = objects();
  const repo = await openRepository(path);
  expect(repo.isPartialClone).toBe(true);
  const src = (await repo.readTree((await repo.resolve('HEAD')).tree))[0]!;
  const entries = await repo.readTree(src.oid);
  const results = [];
  for await (const { content, size } of repo.readBlobs(entries.map((entry) => entry.oid)))
    results.push([content, size]);
  expect(results).toEqual([
    [null, -1],
    [null, -1],
  ]);
  expect((await repo.resolve('HEAD')).kind).toBe('commit');
  expect(objects()).toBe(before);
  repo.close();
});
