import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { hashBlob, openRepository, type Repository } from '../../src/git/index.js';
import { git, makeFolder, makeRepository, type TestRepository } from '../support/git.js';

const opened: Repository[] = [];
afterEach(() => {
  for (const repo of opened.splice(0)) repo.close();
  vi.unstubAllEnvs();
});

async function open(made: TestRepository): Promise<Repository> {
  const repo = await openRepository(made.path);
  opened.push(repo);
  return repo;
}

const changes = async (repo: Repository): Promise<Record<string, string | null>> =>
  Object.fromEntries((await repo.worktreeChanges()).changed.map(({ path, kind }) => [path, kind]));

describe('what differs from HEAD', () => {
  test('nothing, then every way of differing', async () => {
    const made = makeRepository();
    const head = made.commit({
      same: 's',
      edited: '1',
      staged: '1',
      deleted: 'd',
      'deleted-staged': 'd',
      'unstaged-kept': 'k',
      mode: 'm',
      'to-link': 'l',
      'renamed-old': 'a file of some length to be found as renamed\n',
      'dir/to-file': 'x',
      link: { symlink: 'same' },
      '.gitignore': 'ignored\n',
    });
    const repo = await open(made);
    expect(await repo.worktreeChanges()).toEqual({ head, changed: [], submodulesSkipped: [] });

    made.write('edited', '2');
    made.write('staged', '2');
    made.git('add', 'staged');
    made.remove('deleted');
    made.git('rm', '-q', 'deleted-staged');
    made.git('rm', '-q', '--cached', 'unstaged-kept');
    chmodSync(made.file('mode'), 0o755);
    made.remove('to-link');
    made.symlink('to-link', 'same');
    made.git('mv', 'renamed-old', 'renamed-new');
    made.remove('dir');
    made.write('dir', 'now a file');
    made.write('intent', 'i');
    made.git('add', '-N', 'intent');
    made.write('ignored', 'x');
    made.write('untracked/deep/-dash', 'x');
    made.write('a "b"\nc', 'odd');
    writeFileSync(made.file('latin-\udce9'), 'odd');
    made.write('unicode-\u00e9\u{1f333}', 'odd');
    expect(await changes(repo)).toEqual({
      edited: 'file',
      staged: 'file',
      deleted: null,
      'deleted-staged': null,
      'unstaged-kept': 'file',
      mode: 'executable',
      'to-link': 'symlink',
      'renamed-old': null,
      'renamed-new': 'file',
      'dir/to-file': null,
      dir: 'file',
      intent: 'file',
      'untracked/deep/-dash': 'file',
      'a "b"\nc': 'file',
      'latin-\udce9': 'file',
      'unicode-\u00e9\u{1f333}': 'file',
    });
    const { changed } = await repo.worktreeChanges();
    expect(changed.map(({ path }) => path)).toEqual(changed.map(({ path }) => path).toSorted());
    for (const { path, kind } of changed) {
      const file = await repo.readWorktreeFile(path);
      expect(file?.kind ?? null).toBe(kind);
    }
  });

  test('conflicts, before the first commit, and nested repositories', async () => {
    const made = makeRepository();
    made.write('new', 'n');
    made.write('staged', 's');
    made.git('add', 'staged');
    const repo = await open(made);
    expect(await repo.worktreeChanges()).toEqual({
      head: null,
      changed: [
        { path: 'new', kind: 'file' },
        { path: 'staged', kind: 'file' },
      ],
      submodulesSkipped: [],
    });
    const base = made.commit({ both: 'base\n', gone: 'base\n' });
    made.commits([
      { files: { both: 'theirs\n', gone: 'theirs\n' }, branch: 'side', parents: [base] },
      { files: { both: 'ours\n', gone: null } },
    ]);
    expect(() => made.git('merge', '-q', 'side')).toThrow();
    expect(await changes(repo)).toMatchObject({ both: 'file', gone: 'file' });
    expect((await repo.readWorktreeFile('both'))?.content?.toString()).toContain('<<<<<<<');

    mkdirSync(join(made.path, 'vendor'));
    git(join(made.path, 'vendor'), ['init', '-q']);
    made.write('vendor/file', 'x');
    expect((await repo.worktreeChanges()).submodulesSkipped).toEqual(['vendor']);
    expect(await changes(repo)).not.toHaveProperty('vendor/file');
    await expect(repo.readWorktreeFile('vendor')).resolves.toBeNull();
  });

  test('files that a sparse checkout leaves out are not on disk', async () => {
    const made = makeRepository();
    made.commit({ 'in/a': 'a', 'out/b': 'b', top: 't' });
    made.git('sparse-checkout', 'set', 'in');
    const repo = await open(made);
    expect(existsSync(join(made.path, 'out/b'))).toBe(false);
    expect(await changes(repo)).toEqual({ 'out/b': null });
  });

  test('in a linked worktree and in a sha256 repository', async () => {
    const made = makeRepository({ objectFormat: 'sha256' });
    const head = made.commit({ a: 'a' });
    const path = join(makeFolder(), 'linked');
    made.git('worktree', 'add', '-q', '--detach', path);
    writeFileSync(join(path, 'b'), 'b');
    const repo = await openRepository(path);
    opened.push(repo);
    expect(await repo.worktreeChanges()).toMatchObject({ head, changed: [{ path: 'b', kind: 'file' }] });
    expect((await repo.readWorktreeFile('b'))?.oid).toBe(hashBlob(Buffer.from('b'), 'sha256'));
    expect(await changes(await open(made))).toEqual({});
  });
});

describe('a file on disk', () => {
  test('comes with its kind and the oid that git would give it', async () => {
    const made = makeRepository();
    made.write('dir/plain', 'text\n');
    made.write('run', '#!/bin/sh\n');
    chmodSync(made.file('run'), 0o755);
    made.symlink('link', '/etc/passwd');
    made.write('large', 'L'.repeat(3_000_000));
    made.write('empty', '');
    const repo = await open(made);
    const plain = await repo.readWorktreeFile('dir/plain');
    expect(plain).toEqual({
      kind: 'file',
      oid: made.git('hash-object', 'dir/plain'),
      size: 5,
      content: Buffer.from('text\n'),
    });
    expect(await repo.readWorktreeFile('run')).toMatchObject({ kind: 'executable' });
    expect(await repo.readWorktreeFile('link')).toEqual({
      kind: 'symlink',
      oid: hashBlob(Buffer.from('/etc/passwd')),
      size: 11,
      content: Buffer.from('/etc/passwd'),
    });
    const large = await repo.readWorktreeFile('large', { maxBytes: 1000 });
    const oid = made.git('hash-object', 'large');
    expect(large).toEqual({ kind: 'file', oid, size: 3_000_000, content: null });
    expect((await repo.readWorktreeFile('empty'))?.content).toEqual(Buffer.alloc(0));
    for (const path of ['absent', 'dir', 'dir/absent', 'run/below'])
      expect(await repo.readWorktreeFile(path)).toBeNull();
  });

  test('is never reached through a link or outside the work tree', async () => {
    const made = makeRepository();
    const outside = makeFolder();
    writeFileSync(join(outside, 'secret'), 'secret');
    symlinkSync(outside, join(made.path, 'way-out'));
    const repo = await open(made);
    expect(await repo.readWorktreeFile('way-out/secret')).toBeNull();
    for (const path of [
      '../x',
      'a/../../x',
      '/etc/passwd',
      './a',
      'a//b',
      '',
      'a/',
      '.git/config',
      'x/.GIT/config',
      'a\0',
    ]) {
      await expect(repo.readWorktreeFile(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    }
  });

  test.runIf(process.platform !== 'win32')('that is a pipe is not waited for', async () => {
    const made = makeRepository();
    execFileSync('mkfifo', [join(made.path, 'pipe')]);
    expect(await (await open(made)).readWorktreeFile('pipe')).toBeNull();
  });
});

describe('a repository that would run programs', () => {
  test('runs none, and nothing in it is written', async () => {
    const made = makeRepository();
    const canary = join(makeFolder(), 'ran');
    const program = join(makeFolder(), 'program.sh');
    writeFileSync(program, `#!/bin/sh\necho "$0 $*" >> '${canary}'\ncat\n`, { mode: 0o755 });
    made.commit({
      '.gitattributes': '*.bin filter=evil diff=evil\n*.odd filter=a=b\n',
      'a.bin': 'x',
      'b.odd': 'y',
      c: 'z',
    });
    const tag = made.git('commit-tree', '-m', 'x', 'HEAD^{tree}');
    const hooks = join(made.gitDir, 'hooks');
    mkdirSync(hooks, { recursive: true });
    for (const hook of ['post-index-change', 'reference-transaction', 'post-checkout', 'fsmonitor-watchman']) {
      writeFileSync(join(hooks, hook), readFileSync(program), { mode: 0o755 });
    }
    const settings = {
      'core.fsmonitor': program,
      'core.hooksPath': hooks,
      'core.pager': program,
      'core.sshCommand': program,
      'core.askPass': program,
      'core.editor': program,
      'core.alternateRefsCommand': program,
      'credential.helper': `!${program}`,
      'diff.external': program,
      'diff.evil.command': program,
      'diff.evil.textconv': program,
      'filter.evil.clean': program,
      'filter.evil.smudge': program,
      'filter.evil.process': program,
      'filter.evil.required': 'true',
      'filter.a=b.clean': program,
      'filter.a=b.process': program,
      'gpg.program': program,
      'log.showSignature': 'true',
      'alias.status': `!${program}`,
      'alias.cat-file': `!${program}`,
      'uploadpack.packObjectsHook': program,
      'remote.origin.url': `ext::${program}`,
      'remote.origin.promisor': 'true',
      'protocol.ext.allow': 'always',
      'protocol.allow': 'always',
      'status.submoduleSummary': 'true',
      'gc.auto': '1',
    };
    for (const [name, value] of Object.entries(settings)) made.git('config', name, value);
    // Filters would run on files whose time stamps do not match the index.
    for (const path of ['a.bin', 'b.odd', 'c']) made.write(path, 'edited');
    made.write('d.bin', 'new');

    const before = snapshot(made.gitDir);
    const repo = await open(made);
    expect(await changes(repo)).toEqual({ 'a.bin': 'file', 'b.odd': 'file', c: 'file', 'd.bin': 'file' });
    const { tree } = await repo.resolve('HEAD');
    for await (const _ of repo.readBlobs((await repo.readTree(tree)).map((entry) => entry.oid))) void _;
    await repo.readBlob((await repo.readCommit(made.revParse('HEAD'))).tree);
    await repo.readBlob('0123456789'.repeat(4) as never);
    await Promise.all([repo.refs(), repo.head(), repo.rootCommit(), repo.worktrees(), repo.readWorktreeFile('a.bin')]);
    await repo.ignoredFolders();
    for await (const _ of repo.commits([made.revParse(tag)])) void _;
    await repo.resolve('@{u}').catch(() => undefined);
    repo.close();
    expect(existsSync(canary)).toBe(false);
    expect(snapshot(made.gitDir)).toEqual(before);
    // The trap is a good one: git as it is steps into it.
    expect(() => made.git('status')).not.toThrow();
    expect(existsSync(canary)).toBe(true);
  });

  test('is not refreshed: the index stays as it is', async () => {
    const made = makeRepository();
    made.commit({ a: 'a' });
    made.write('a', 'a'); // the same bytes, another time
    const before = snapshot(made.gitDir);
    expect(await changes(await open(made))).toEqual({});
    expect(snapshot(made.gitDir)).toEqual(before);
  });

  test('tracing that the user has switched on writes nowhere of ours', async () => {
    const made = makeRepository();
    made.commit({ a: 'a' });
    const trace = join(makeFolder(), 'trace');
    vi.stubEnv('GIT_TRACE', trace);
    vi.stubEnv('GIT_TRACE2_EVENT', trace);
    expect((await (await open(made)).resolve('HEAD')).kind).toBe('commit');
    expect(existsSync(trace)).toBe(false);
  });
});

/** Every file below a folder, with its time and size. */
function snapshot(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const stats = statSync(join(folder, name));
      return `${name} ${stats.mtimeMs} ${stats.isFile() ? stats.size : ''}`;
    })
    .sort();
}
