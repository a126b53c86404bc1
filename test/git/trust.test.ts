import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openRepository, type Repository } from '../../src/git/index.js';
import { git, makeFolder, makeRepository, type TestRepository } from '../support/git.js';

const opened: Repository[] = [];
beforeEach(() => {
  vi.stubEnv('GIT_CONFIG_GLOBAL', join(makeFolder(), 'gitconfig'));
  vi.stubEnv('GIT_CONFIG_NOSYSTEM', '1');
});
afterEach(() => {
  for (const repo of opened.splice(0)) repo.close();
  vi.unstubAllEnvs();
});

async function open(path: string): Promise<Repository> {
  const repo = await openRepository(path);
  opened.push(repo);
  return repo;
}

const refused = { code: 'UNSAFE_REPOSITORY', hint: expect.stringContaining('safe.directory') as string };

const trustInFile = (...folders: string[]): void =>
  writeFileSync(process.env.GIT_CONFIG_GLOBAL!, `[safe]\n${folders.map((f) => `\tdirectory = ${f}\n`).join('')}`);

function trustInEnvironment(folder: string): void {
  vi.stubEnv('GIT_CONFIG_COUNT', '1');
  vi.stubEnv('GIT_CONFIG_KEY_0', 'safe.directory');
  vi.stubEnv('GIT_CONFIG_VALUE_0', folder);
}

/** A clone of a repository whose files look like a git directory, and where that is. */
function cloneWithGitDirectory(change: (folder: string) => void = () => undefined): { clone: string; inner: string } {
  const inside = makeRepository({ bare: true });
  inside.commit({ 'inner.txt': 'text of the inner repository\n' });
  git(inside.path, ['config', 'core.bare', 'false']);
  const outer = makeRepository();
  outer.commit({ a: 'a' });
  const folder = join(outer.path, 'fixtures/tree');
  cpSync(inside.path, folder, { recursive: true });
  for (const empty of ['refs/tags', 'objects/info']) {
    mkdirSync(join(folder, empty), { recursive: true });
    writeFileSync(join(folder, empty, 'kept'), '');
  }
  change(folder);
  outer.git('add', '-A', '-f');
  outer.git('-c', 'user.name=a', '-c', 'user.email=b', 'commit', '-qm', 'fixtures');
  const clone = join(makeFolder(), 'clone');
  git(makeFolder(), ['clone', '-q', outer.path, clone]);
  return { clone, inner: join(clone, 'fixtures/tree') };
}

describe('a git directory among the files of a clone', () => {
  test('is refused, from wherever it is come to, with the way to search its files', async () => {
    const { clone, inner } = cloneWithGitDirectory();
    expect(git(inner, ['rev-parse', '--git-dir'])).toBe('.'); // git takes it for one
    for (const path of [inner, join(inner, 'refs'), join(inner, 'objects/info')]) {
      await expect(openRepository(path)).rejects.toMatchObject({ ...refused, message: /among the files of/ });
    }
    const link = join(makeFolder(), 'link');
    symlinkSync(inner, link);
    await expect(openRepository(link)).rejects.toMatchObject(refused);
    expect((await open(clone)).workTree).toBe(clone);
    expect((await open(join(clone, 'fixtures'))).workTree).toBe(clone);
  });

  test('also below a work tree that has a .git file', async () => {
    const { clone, inner } = cloneWithGitDirectory();
    const elsewhere = join(makeFolder(), 'elsewhere');
    renameSync(join(clone, '.git'), elsewhere);
    writeFileSync(join(clone, '.git'), `gitdir: ${elsewhere}\n`);
    await expect(openRepository(inner)).rejects.toMatchObject(refused);
  });

  test('no other file than .git leads to it', async () => {
    const { clone } = cloneWithGitDirectory();
    writeFileSync(join(clone, 'readme'), 'gitdir: fixtures/tree\n');
    await expect(openRepository(join(clone, 'readme'))).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
  });

  test('is one if the user says so: by GIT_DIR, or safe.directory of a file or of the environment; not by *', async () => {
    const { inner, clone } = cloneWithGitDirectory();
    trustInFile('*');
    await expect(openRepository(inner)).rejects.toMatchObject(refused);
    for (const value of [inner, `${clone}/*`]) {
      trustInFile(value);
      expect((await open(inner)).gitDir).toBe(inner);
    }
    trustInFile(inner, '');
    await expect(openRepository(inner)).rejects.toMatchObject(refused);
    trustInEnvironment(inner);
    expect((await open(inner)).gitDir).toBe(inner);
    trustInEnvironment('/nowhere');
    vi.stubEnv('GIT_DIR', inner);
    expect((await open(inner)).gitDir).toBe(inner);
    vi.stubEnv('GIT_DIR', makeRepository().gitDir);
    await expect(openRepository(inner)).rejects.toMatchObject(refused);
  });

  test('what the repository itself says of trust does not count', async () => {
    const { clone, inner } = cloneWithGitDirectory();
    for (const folder of [clone, inner]) git(folder, ['config', 'safe.directory', inner]);
    await expect(openRepository(inner)).rejects.toMatchObject(refused);
  });

  test('a bare repository in no work tree, or beside one, is as good as any', async () => {
    const made = makeRepository({ bare: true });
    const commit = made.commit({ a: 'a' });
    expect((await (await open(made.path)).resolve('HEAD')).commit).toBe(commit);
    const { clone } = cloneWithGitDirectory();
    const beside = join(clone, '../mirror.git');
    git(clone, ['clone', '-q', '--bare', clone, beside]);
    expect((await open(beside)).workTree).toBeNull();
  });
});

describe('a repository that claims a place outside', () => {
  const outside = (): string => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'secret.txt'), 'secret\n');
    return folder;
  };
  const sample = (): TestRepository => {
    const made = makeRepository();
    made.commit({ 'src/a': 'a' });
    return made;
  };

  test('as its work tree is refused; one below it, or that names it, is its own', async () => {
    const made = sample();
    for (const [place, value] of [
      ['absolute', outside()],
      ['above', '../..'],
    ] as const) {
      made.git('config', 'core.worktree', value);
      for (const path of [made.path, made.gitDir])
        await expect(openRepository(path), place).rejects.toMatchObject({ ...refused, message: /says nothing of it/ });
    }
    made.git('config', 'core.worktree', '../src');
    expect((await open(made.path)).workTree).toBe(join(made.path, 'src'));
    const place = outside();
    symlinkSync(place, join(made.path, 'link'));
    made.git('config', 'core.worktree', '../link');
    await expect(openRepository(made.path)).rejects.toMatchObject(refused);
    writeFileSync(join(place, '.git'), `gitdir: ${made.gitDir}\n`);
    expect((await open(made.path)).workTree).toBe(place);
  });

  test('as its work tree is believed when the user says so', async () => {
    const made = sample();
    const place = outside();
    made.git('config', 'core.worktree', place);
    for (const said of [place, made.gitDir]) {
      trustInFile(said);
      expect((await open(made.path)).workTree).toBe(place);
    }
    trustInFile('*');
    await expect(openRepository(made.path)).rejects.toMatchObject(refused);
    vi.stubEnv('GIT_DIR', made.gitDir);
    expect((await open(made.gitDir)).workTree).toBe(place);
    vi.stubEnv('GIT_WORK_TREE', made.path);
    expect((await open(made.gitDir)).workTree).toBe(made.path);
  });

  test('as where its objects and refs are, without being a linked work tree', async () => {
    const made = sample();
    const other = sample();
    writeFileSync(join(made.gitDir, 'commondir'), `${other.gitDir}\n`);
    await expect(openRepository(made.path)).rejects.toMatchObject({ ...refused, message: /a part of/ });
  });

  test('as its linked work tree, which does not name it', async () => {
    const made = sample();
    const linked = join(makeFolder(), 'linked');
    made.git('worktree', 'add', '-q', linked);
    const gitDir = join(made.gitDir, 'worktrees/linked');
    writeFileSync(join(gitDir, 'gitdir'), `${join(outside(), '.git')}\n`);
    await expect(openRepository(gitDir)).rejects.toMatchObject(refused);
    expect((await open(linked)).workTree).toBe(linked);
  });

  test.each(['index', 'packed-refs', 'config', 'info/exclude', 'logs', 'refs', 'objects', 'objects/pack'])(
    'by a link in place of %s, unless to the same of another git directory',
    async (part) => {
      const made = sample();
      made.git('pack-refs', '--all');
      const { gitDir } = made;
      for (const folder of ['info', 'objects/info', 'logs']) mkdirSync(join(gitDir, folder), { recursive: true });
      writeFileSync(join(gitDir, 'info/exclude'), '');
      const place = outside();
      const target = join(place, 'x');
      renameSync(join(gitDir, part), target);
      symlinkSync(target, join(gitDir, part));
      await expect(openRepository(made.path)).rejects.toSatisfy((error: { code: string }) =>
        // Without refs it is no git directory at all, as long as the link leads nowhere.
        ['UNSAFE_REPOSITORY', 'NOT_A_REPOSITORY'].includes(error.code),
      );
      const other = sample();
      execFileSync('rm', ['-rf', join(other.gitDir, part), join(gitDir, part)]);
      mkdirSync(join(other.gitDir, part, '..'), { recursive: true });
      renameSync(target, join(other.gitDir, part));
      symlinkSync(join(other.gitDir, part), join(gitDir, part));
      expect((await open(made.path)).gitDir).toBe(gitDir);
    },
  );

  test('by rules of what to ignore: those of another place have no say', async () => {
    const made = sample();
    const rules = join(outside(), 'rules');
    writeFileSync(rules, 'hidden\n');
    made.write('hidden', 'x');
    made.write('mine', 'x');
    const changed = async (): Promise<string[]> =>
      (await (await open(made.path)).worktreeChanges()).changed.map(({ path }) => path);
    made.git('config', 'core.excludesFile', rules);
    expect(await changed()).toEqual(['hidden', 'mine']);
    writeFileSync(join(made.gitDir, 'rules'), 'mine\n');
    made.git('config', 'core.excludesFile', '.git/rules');
    expect(await changed()).toEqual(['hidden']);
    made.git('config', '--unset', 'core.excludesFile');
    writeFileSync(process.env.GIT_CONFIG_GLOBAL!, `[core]\n\texcludesFile = ${rules}\n`);
    expect(await changed()).toEqual(['mine']);
  });
});

test('a pipe in place of a file of git does not keep anybody waiting', async () => {
  const made = makeRepository();
  made.commit({ a: 'a' });
  for (const name of ['config', 'commondir']) {
    execFileSync('rm', ['-f', join(made.gitDir, name)]);
    execFileSync('mkfifo', [join(made.gitDir, name)]);
  }
  expect((await open(made.path)).objectFormat).toBe('sha1');
});
