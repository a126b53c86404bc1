import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openRepository, type Repository } from '../../src/git/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

const opened: Repository[] = [];
afterEach(() => {
  for (const repo of opened.splice(0)) repo.close();
  vi.unstubAllEnvs();
});

async function open(path: string): Promise<Repository> {
  const repo = await openRepository(path);
  opened.push(repo);
  return repo;
}

describe('where a repository is found', () => {
  test('in its work tree, a folder of it, its .git folder and a folder of that', async () => {
    const made = makeRepository({ name: 'project' });
    const commit = made.commit({ 'src/deep/a.txt': 'a\n' });
    for (const path of ['', 'src/deep', '.git', '.git/refs']) {
      const repo = await open(join(made.path, path));
      expect([repo.gitDir, repo.commonDir, repo.workTree]).toEqual([made.gitDir, made.gitDir, made.path]);
      expect([repo.name, repo.objectFormat, repo.isShallow, repo.isPartialClone]).toEqual([
        'project',
        'sha1',
        false,
        false,
      ]);
      expect((await repo.resolve('HEAD')).commit).toBe(commit);
    }
  });

  test('through a symbolic link', async () => {
    const made = makeRepository();
    const link = join(makeFolder(), 'link');
    symlinkSync(made.path, link);
    expect((await open(link)).workTree).toBe(made.path);
  });

  test('bare, with and without .git at the end of its name, and without a config file', async () => {
    const made = makeRepository({ bare: true, name: 'project.git' });
    const commit = made.commit({ a: 'a' });
    const repo = await open(made.path);
    expect([repo.gitDir, repo.workTree, repo.name]).toEqual([made.path, null, 'project']);

    const mirror = join(makeFolder(), 'repo');
    mkdirSync(mirror);
    for (const part of ['HEAD', 'objects', 'refs'])
      cpSync(join(made.path, part), join(mirror, part), { recursive: true });
    const unconfigured = await open(join(mirror, 'refs'));
    expect([unconfigured.gitDir, unconfigured.workTree, unconfigured.name]).toEqual([mirror, null, 'repo']);
    expect((await unconfigured.resolve('main')).commit).toBe(commit);
    await expect(unconfigured.worktreeChanges()).rejects.toMatchObject({ code: 'NO_WORKTREE' });
  });

  test('in a linked worktree, from its folder, its .git file and its git directory', async () => {
    const made = makeRepository({ name: 'main-tree' });
    const commit = made.commit({ 'dir/a.txt': 'a\n' });
    const linked = join(makeFolder(), 'linked');
    made.git('worktree', 'add', '-q', '-b', 'side', linked);
    for (const path of [linked, join(linked, 'dir'), join(linked, '.git'), join(made.gitDir, 'worktrees/linked')]) {
      const repo = await open(path);
      expect([repo.gitDir, repo.commonDir]).toEqual([join(made.gitDir, 'worktrees/linked'), made.gitDir]);
      expect([repo.workTree, repo.name]).toEqual([linked, 'linked']);
      expect(await repo.head()).toEqual({ branch: 'side', commit });
    }
    const worktrees = await (await open(linked)).worktrees();
    expect(worktrees).toEqual([
      { path: made.path, head: commit, branch: 'main' },
      { path: linked, head: commit, branch: 'side' },
    ]);
  });

  test('in a submodule, which has a .git file and core.worktree', async () => {
    const library = makeRepository({ name: 'library' });
    const commit = library.commit({ 'lib.c': 'int x;\n' });
    const made = makeRepository();
    made.commit({ a: 'a' });
    made.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.path, 'lib');
    for (const path of [join(made.path, 'lib'), join(made.gitDir, 'modules/lib')]) {
      const repo = await open(path);
      expect([repo.gitDir, repo.workTree]).toEqual([join(made.gitDir, 'modules/lib'), join(made.path, 'lib')]);
      expect((await repo.resolve('HEAD')).commit).toBe(commit);
      expect((await repo.worktreeChanges()).changed).toEqual([]);
    }
  });

  test('with a .git file that leads elsewhere', async () => {
    const made = makeRepository();
    const commit = made.commit({ a: 'a' });
    const elsewhere = join(makeFolder(), 'elsewhere');
    renameSync(made.gitDir, elsewhere);
    writeFileSync(made.gitDir, `gitdir: ${elsewhere}\n`);
    const repo = await open(made.path);
    expect([repo.gitDir, repo.workTree]).toEqual([elsewhere, made.path]);
    expect((await repo.resolve('HEAD')).commit).toBe(commit);
  });

  test('not where there is none', async () => {
    const folder = makeFolder();
    await expect(openRepository(folder)).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
    await expect(openRepository(join(folder, 'absent'))).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
    writeFileSync(join(folder, '.git'), 'gitdir: ../nowhere\n');
    await expect(openRepository(folder)).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
    await expect(openRepository(join(folder, '.git'))).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
  });

  test('whatever the environment says', async () => {
    const made = makeRepository();
    const other = makeRepository();
    const commit = made.commit({ a: 'a' });
    other.commit({ b: 'b' });
    for (const name of ['GIT_DIR', 'GIT_COMMON_DIR']) vi.stubEnv(name, other.gitDir);
    vi.stubEnv('GIT_WORK_TREE', other.path);
    vi.stubEnv('GIT_INDEX_FILE', join(other.gitDir, 'index'));
    vi.stubEnv('GIT_OBJECT_DIRECTORY', join(other.gitDir, 'objects'));
    const repo = await open(made.path);
    expect((await repo.resolve('HEAD')).commit).toBe(commit);
    expect((await repo.worktreeChanges()).changed).toEqual([]);
  });
});

describe('which repositories are trusted', () => {
  test("another user's is UNSAFE_REPOSITORY until git is told that it is safe", async () => {
    const made = makeRepository();
    made.commit({ a: 'a' });
    vi.stubEnv('GIT_TEST_ASSUME_DIFFERENT_OWNER', '1');
    vi.stubEnv('GIT_CONFIG_GLOBAL', '/dev/null');
    await expect(openRepository(made.path)).rejects.toMatchObject({
      code: 'UNSAFE_REPOSITORY',
      hint: expect.stringContaining(`safe.directory ${made.path}`) as string,
    });
    const config = join(makeFolder(), 'gitconfig');
    writeFileSync(config, `[safe]\n\tdirectory = ${made.path}\n`);
    vi.stubEnv('GIT_CONFIG_GLOBAL', config);
    expect((await open(made.path)).workTree).toBe(made.path);
  });

  test.runIf(process.geteuid?.() === 0)('by owner of the folders', async () => {
    const made = makeRepository();
    made.commit({ a: 'a' });
    execFileSync('chown', ['-R', '12345', made.path]);
    vi.stubEnv('SUDO_UID', undefined);
    await expect(openRepository(made.path)).rejects.toMatchObject({ code: 'UNSAFE_REPOSITORY' });
    vi.stubEnv('SUDO_UID', '12345');
    expect((await open(made.path)).workTree).toBe(made.path);
  });
});

test('without git, the first question says so', async () => {
  const made = makeRepository();
  made.commit({ a: 'a' });
  const repo = await open(made.path);
  vi.stubEnv('PATH', makeFolder());
  await expect(repo.resolve('HEAD')).rejects.toMatchObject({ code: 'GIT_NOT_FOUND' });
  await expect(repo.worktrees()).rejects.toMatchObject({ code: 'GIT_NOT_FOUND' });
  await expect(repo.worktreeChanges()).rejects.toMatchObject({ code: 'GIT_NOT_FOUND' });
});

test('a repository of a format that git does not know is GIT_FAILED in its words', async () => {
  const made = makeRepository();
  made.commit({ a: 'a' });
  made.git('config', 'core.repositoryFormatVersion', '9');
  const repo = await open(made.path);
  await expect(repo.resolve('HEAD')).rejects.toMatchObject({ code: 'GIT_FAILED', message: /repo version/ });
});

test('a sparse setting, comments and odd spacing in the config file do not confuse us', async () => {
  const made = makeRepository();
  made.commit({ a: 'a' });
  const config = readFileSync(join(made.gitDir, 'config'), 'utf8');
  writeFileSync(
    join(made.gitDir, 'config'),
    `${config}\n[ Core ] ; c\n  worktree = "${made.path}" # "x\n[remote "a\\"b"]\nPromisor\n`,
  );
  const repo = await open(made.gitDir);
  expect([repo.workTree, repo.isPartialClone]).toEqual([made.path, true]);
});

test('an idle repository that nobody closes does not keep a program from ending', async () => {
  const made = makeRepository();
  const commit = made.commit({ a: 'a' });
  const outfile = join(makeFolder(), 'git.mjs');
  await build({ entryPoints: ['src/git/index.ts'], outfile, bundle: true, platform: 'node', format: 'esm' });
  const script = `import { openRepository } from ${JSON.stringify(outfile)};
    const repo = await openRepository(${JSON.stringify(made.path)});
    console.log((await repo.resolve('HEAD')).commit);`;
  const args = ['--input-type=module', '-e', script];
  expect(execFileSync(process.execPath, args, { timeout: 20_000 }).toString()).toBe(`${commit}\n`);
});
