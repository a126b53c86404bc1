import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine } from '../../src/engine/index.js';
import { git, makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';

const opened: Engine[] = [];
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close();
});

async function open(repository: TestRepository): Promise<Engine> {
  const engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
  opened.push(engine);
  return engine;
}

function sample(): TestRepository {
  const repository = makeRepository();
  repository.commit({
    'a.ts': 'export const a = 1;\n',
    'a/b.ts': 'export const b = 1;\n',
    'a-b.py': 'b = 1\n',
    'bin.dat': 'a\0b',
    'gone/x.md': '# x\n',
    'run.sh': 'echo\n',
    link: { symlink: 'a.ts' },
    other: { symlink: 'a.ts' },
  });
  repository.commit({
    'a/b.ts': 'export const b = 2;\n',
    'bin.dat': 'a\0c',
    'gone/x.md': null,
    'new.py': 'n = 1\n',
    'run.sh': { executable: 'echo\n' },
    link: { symlink: 'a/b.ts' },
    other: 'no link any more\n',
    sub: { submodule: 'c'.repeat(40) },
  });
  return repository;
}

describe('files', () => {
  test('are those of git, in its order, with what is known of each', async () => {
    const repository = sample();
    const engine = await open(repository);
    const { files, total, freshness } = await engine.files({ rev: 'HEAD~1' });
    const listed = git(repository.path, ['ls-tree', '-r', '--format=%(objectmode) %(path)', 'HEAD~1']).split('\n');
    const expected = listed.filter((line) => line.startsWith('100')).map((line) => line.slice(7));
    expect(files.map(({ path }) => path)).toEqual(expected);
    expect({ total, freshness }).toEqual({ total: 6, freshness: 'exact' });
    expect(files[0]).toEqual({ path: 'a-b.py', language: 'python', sizeBytes: 6, skipped: null });
    expect(files.find(({ path }) => path === 'bin.dat')).toMatchObject({ sizeBytes: 3, skipped: 'binary' });
  });

  test('can be filtered and limited; the total counts all that match', async () => {
    const engine = await open(sample());
    const some = await engine.files({ paths: ['*.ts', '!x*'], limit: 1 });
    expect({ paths: some.files.map(({ path }) => path), total: some.total }).toEqual({ paths: ['a.ts'], total: 2 });
    expect((await engine.files({ languages: ['python'] })).files.map(({ path }) => path)).toEqual(['a-b.py', 'new.py']);
    expect((await engine.files({ rev: '@worktree' })).freshness).toBe('live');
  });
});

describe('compare', () => {
  const changeOf: Record<string, string> = { A: 'added', D: 'removed', M: 'modified', T: 'modified' };

  test.each([
    ['HEAD~1', 'HEAD'],
    ['HEAD', 'HEAD~1'],
    ['HEAD', 'HEAD'],
  ])('%s and %s as git does', async (from, to) => {
    const repository = sample();
    const engine = await open(repository);
    const output = git(repository.path, ['diff', '--no-renames', '--name-status', from, to]);
    const expected = output === '' ? [] : output.split('\n').map((line) => line.split('\t'));
    const { files, total } = await engine.compare(from, to);
    expect(files).toEqual(expected.map(([status, path]) => ({ path, change: changeOf[status!] })));
    expect(total).toBe(expected.length);
  });

  test('filters, limits, and says how fresh the less fresh end is', async () => {
    const repository = sample();
    const engine = await open(repository);
    const filtered = await engine.compare('HEAD~1', 'HEAD', { languages: ['ts', 'python'] });
    expect(filtered.files.map(({ path }) => path)).toEqual(['a/b.ts', 'new.py']);
    const limited = await engine.compare('HEAD~1', 'HEAD', { paths: ['!*.ts'], limit: 2 });
    expect({ shown: limited.files.length, total: limited.total }).toEqual({ shown: 2, total: 7 });
    repository.write('a.ts', 'export const a = 2;\n');
    await engine.fork('f');
    await engine.apply('f', [{ kind: 'remove', path: 'a-b.py' }]);
    const mixed = await engine.compare('f', '@worktree');
    expect(mixed.files).toEqual([
      { path: 'a-b.py', change: 'added' },
      { path: 'a.ts', change: 'modified' },
    ]);
    expect(mixed).toMatchObject({ from: { kind: 'fork' }, to: { kind: 'worktree' }, freshness: 'live' });
  });
});

describe('outline', () => {
  test('has the definitions of a file in order of their lines', async () => {
    const repository = makeRepository();
    const methods = Array.from({ length: 200 }, (_, i) => `  method${i}() {\n    return ${i};\n  }\n`).join('');
    repository.commit({
      'src/a.ts': `// about\nexport class Builder {\n${methods}}\n\nexport function last() {}\n`,
      'bin.dat': 'a\0b',
      link: { symlink: 'src/a.ts' },
    });
    const engine = await open(repository);
    const { symbols, path, freshness } = await engine.outline('HEAD', 'src/a.ts');
    expect({ path, freshness }).toEqual({ path: 'src/a.ts', freshness: 'exact' });
    expect(symbols[0]).toMatchObject({ name: 'Builder', scope: '', kind: 'class', line: 2, startLine: 2 });
    expect(symbols[150]).toMatchObject({ name: 'method149', scope: 'Builder', kind: 'method', line: 3 + 149 * 3 });
    expect(symbols.at(-1)).toMatchObject({ name: 'last', scope: '', kind: 'function', line: 2 + 200 * 3 + 3 });
    expect(symbols).toHaveLength(202);
    expect((await engine.outline('HEAD', 'bin.dat')).symbols).toEqual([]);
    for (const none of ['src', 'src/b.ts', 'link', '', '/src/a.ts'])
      await expect(engine.outline('HEAD', none)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  });
});
