import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine, NamedRev } from '../../src/engine/index.js';
import { git, makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';

const opened: Engine[] = [];
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close();
});

async function open(repository: Pick<TestRepository, 'path'>, store = join(makeFolder(), 'store')): Promise<Engine> {
  const engine = await openEngine({ repo: repository.path, store, workers: 0 });
  opened.push(engine);
  return engine;
}

const shown = ({ rev, kind, current, indexed, path }: NamedRev): string =>
  [kind, rev, current ? 'current' : '', indexed ? 'indexed' : '', path ?? ''].filter((part) => part !== '').join(' ');

describe('revs', () => {
  test('names what can be searched, in order, and what of it is indexed', async () => {
    const repository = makeRepository();
    repository.commits([{ files: { 'a.txt': 'one\n' } }, { files: { 'a.txt': 'two\n' } }]);
    repository.git('reset', '-q', '--hard');
    for (const name of ['zebra', 'feature/x', 'both', 'deadbeef']) repository.branch(name, 'HEAD~1');
    for (const name of ['v1.2', 'v1.10', 'v1.10-rc1', 'v1.10.1', 'both', 'nightly']) repository.tag(name);
    repository.tag('v0.9', 'HEAD~1', 'annotated');
    git(repository.path, ['update-ref', 'refs/remotes/origin/main', 'HEAD']);
    git(repository.path, ['tag', 'a-blob', repository.revParse('HEAD:a.txt')]);
    const other = join(makeFolder(), 'other');
    repository.git('worktree', 'add', '-q', '--detach', other, 'HEAD~1');
    const engine = await open(repository);
    await engine.fork('zebra', { from: 'HEAD' });
    await engine.fork('mine', { from: 'HEAD' });
    await engine.lease('HEAD');
    const { revs, truncated } = await engine.revs();
    expect(truncated).toBe(false);
    expect(revs.map(shown)).toEqual([
      'head HEAD indexed',
      'worktree @worktree indexed',
      `worktree @worktree ${other}`,
      'branch main current indexed',
      'branch refs/heads/both',
      'branch deadbeef',
      'branch feature/x',
      'branch zebra',
      'tag v1.10.1 indexed',
      'tag v1.10 indexed',
      'tag v1.10-rc1 indexed',
      'tag v1.2 indexed',
      'tag v0.9',
      'tag refs/tags/both indexed',
      'tag nightly indexed',
      'fork mine indexed',
      'fork fork:zebra indexed',
      'remote origin/main indexed',
    ]);
    for (const { rev, commit, kind, path } of revs) {
      if (kind === 'worktree') expect(commit).toBeNull();
      else expect((await engine.resolve(rev)).commit).toBe(commit);
      if (path !== undefined) expect((await (await open({ path })).resolve(rev)).kind).toBe('worktree');
    }
  });

  test('only those that match, and so many', async () => {
    const repository = makeRepository();
    repository.commit({ 'a.txt': 'one\n' });
    for (let i = 0; i < 20; i++) repository.branch(`topic/${i}`);
    const engine = await open(repository);
    expect((await engine.revs({ match: 'TOPIC/1', limit: 3 })).revs.map(({ rev }) => rev)).toEqual([
      'topic/1',
      'topic/10',
      'topic/11',
    ]);
    expect((await engine.revs({ match: 'topic/1', limit: 3 })).truncated).toBe(true);
    expect(await engine.revs({ match: 'nothing' })).toEqual({ revs: [], truncated: false });
  });

  test('of a repository without commits, a detached HEAD and a bare repository', async () => {
    const empty = makeRepository();
    expect((await (await open(empty)).revs()).revs.map(shown)).toEqual(['worktree @worktree']);
    const bare = makeRepository({ bare: true });
    bare.commit({ 'a.txt': 'one\n' });
    expect((await (await open(bare)).revs()).revs.map(shown)).toEqual(['head HEAD', 'branch main current']);
    const detached = makeRepository();
    detached.commit({ 'a.txt': 'one\n' });
    detached.checkout('HEAD~0');
    const { revs } = await (await open(detached)).revs();
    expect(revs.map(shown)).toEqual(['head HEAD', 'worktree @worktree', 'branch main']);
  });

  test('of ten thousand, at once', async () => {
    const repository = makeRepository({ bare: true });
    const commits = repository.commits(Array.from({ length: 50 }, (_, i) => ({ files: { 'a.txt': `${i}\n` } })));
    const refs = Array.from({ length: 10_000 }, (_, i) => {
      const kind = ['heads', 'tags', 'remotes/origin'][i % 3]!;
      return `create refs/${kind}/v${i % 7}.${i} ${commits[i % 50]!}\n`;
    });
    git(repository.path, ['update-ref', '--stdin'], refs.join(''));
    git(repository.path, ['pack-refs', '--all']);
    const engine = await open(repository);
    await engine.index(['HEAD']);
    const first = await engine.revs({ limit: 20_000 });
    expect(first.revs).toHaveLength(10_002);
    expect(first.revs.filter(({ indexed }) => indexed)).toHaveLength(2 + 10_000 / 50);
    const startMs = performance.now();
    for (let i = 0; i < 5; i++) await engine.revs({ match: `v${i}.1` });
    expect((performance.now() - startMs) / 5).toBeLessThan(250);
  });
});
