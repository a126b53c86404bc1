import * as fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { WorktreeWatcher } from '../../../src/daemon/watch/index.js';
import { git, makeFolder, makeRepository, type TestRepository } from '../../support/git.js';
import { placeOf, seenOf, untilExact, watchPlace } from './support/watched.js';

let repo: TestRepository;
beforeEach(() => {
  repo = makeRepository();
  repo.commit({ 'src/a.ts': 'a', 'docs/b.md': 'b' });
});

async function start(path: string): Promise<WorktreeWatcher> {
  const monitor = watchPlace(await placeOf(path), { quietMs: 5 });
  await untilExact(monitor);
  return monitor;
}

describe('in the main work tree', () => {
  let monitor: WorktreeWatcher;
  beforeEach(async () => {
    repo.commit({ 'src/a.ts': 'other' }, { branch: 'other' });
    monitor = await start(repo.path);
  });

  test.each<[string, string[], string[]]>([
    ['a commit', ['head', 'refs'], ['commit', '-q', '--allow-empty', '-m', 'x']],
    ['another branch of the same files', ['head', 'refs'], ['checkout', '-q', '-b', 'same']],
    ['another branch of other files', ['head', 'worktree'], ['checkout', '-q', 'other']],
    ['no branch', ['head'], ['checkout', '-q', '--detach']],
    ['a new branch', ['refs'], ['branch', 'new']],
    ['a branch with a slash', ['refs'], ['branch', 'team/new/branch']],
    ['a branch that is gone', ['refs'], ['branch', '-D', 'other']],
    ['a tag', ['refs'], ['tag', 'v1']],
    ['refs in one file', ['refs'], ['pack-refs', '--all']],
    ['a file taken out of the index', ['head'], ['rm', '-q', '--cached', 'docs/b.md']],
  ])('%s', async (_, reported, args) => {
    const seen = await seenOf(monitor, () => repo.git(...args));
    expect(seen.grown).toBeGreaterThan(0);
    expect(seen.reported).toEqual(expect.arrayContaining(reported));
    if (!reported.includes('worktree') && !reported.includes('refs')) expect(seen.reported).not.toContain('refs');
  });

  test('a branch in a folder made just before', async () => {
    repo.git('branch', 'team/one');
    await untilExact(monitor);
    expect((await seenOf(monitor, () => repo.git('update-ref', 'refs/heads/team/one', 'other'))).grown).toBeGreaterThan(
      0,
    );
  });

  test('nothing, when objects come, or git only looks', async () => {
    repo.git('status');
    const seen = await seenOf(monitor, () => {
      repo.git('hash-object', '-w', '--stdin');
      repo.git('log', '--all');
      git(repo.path, ['status'], '', { GIT_OPTIONAL_LOCKS: '0' });
    });
    expect(seen).toEqual({ grown: 0, reported: [] });
  });

  test('a work tree that comes and goes is a change of refs, which changes no files here', async () => {
    const other = join(makeFolder(), 'other');
    const added = await seenOf(monitor, () => repo.git('worktree', 'add', '-q', '--detach', other));
    expect(added).toMatchObject({ reported: ['refs'] });
    expect(await seenOf(monitor, () => git(other, ['checkout', '-q', 'other']))).toEqual({
      grown: 0,
      reported: ['refs'],
    });
    fs.writeFileSync(join(other, 'file'), 'x');
    expect(await seenOf(monitor, () => git(other, ['add', 'file']))).toEqual({ grown: 0, reported: [] });
    const removed = await seenOf(monitor, () => repo.git('worktree', 'remove', '--force', other));
    expect(removed).toMatchObject({ reported: ['refs'] });
  });
});

test('in a linked work tree: its own HEAD and index, the shared refs', async () => {
  const path = join(makeFolder(), 'linked');
  repo.git('worktree', 'add', '-q', '-b', 'linked', path);
  const monitor = await start(path);
  fs.writeFileSync(join(path, 'src/a.ts'), 'x');
  const staged = await seenOf(monitor, () => git(path, ['add', 'src/a.ts']));
  expect(staged).toMatchObject({ reported: ['head'] });
  const committed = await seenOf(monitor, () => git(path, ['commit', '-q', '-m', 'x']));
  expect(committed.grown).toBeGreaterThan(0);
  expect(committed.reported).toEqual(['head', 'refs']);
  const branched = await seenOf(monitor, () => repo.git('branch', 'new'));
  expect(branched.grown).toBeGreaterThan(0);
  expect(branched.reported).toEqual(['refs']);
  repo.write('src/a.ts', 'main');
  expect(await seenOf(monitor, () => repo.git('add', 'src/a.ts'))).toEqual({ grown: 0, reported: [] });
});
