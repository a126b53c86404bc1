import { describe, expect, test } from 'vitest';
import { applyFilePatch, parsePatch } from '../../src/indexing/patches/patch.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const apply = (old: string | null, patch: string): string | null => {
  const result = applyFilePatch(old === null ? null : bytes(old), parsePatch(bytes(patch))[0]!);
  return result === null ? null : Buffer.from(result).toString();
};
const names = (patch: string): unknown =>
  parsePatch(bytes(patch)).map(({ kind, oldPath, newPath }) => [kind, oldPath, newPath]);
const hunk = '@@ -1 +1 @@\n-a\n+b\n';

describe('plain diff -u', () => {
  test.each([
    [
      '--- a/x/f.c\t2024-01-01 10:00:00.000000000 +0100\n+++ b/x/f.c\t2024-01-01 10:00:01.000000000 +0100\n',
      ['modify', 'x/f.c', 'x/f.c'],
    ],
    ['--- f.c\n+++ f.c.new\n', ['modify', 'f.c', 'f.c']],
    ['--- f.c.orig\n+++ f.c\n', ['modify', 'f.c', 'f.c']],
    ['--- old/a b.c\t2024-01-01\n+++ new/a b.c\t2024-01-01\n', ['modify', 'a b.c', 'a b.c']],
    ['--- "a/t\\tab\\303\\251"\n+++ "b/t\\tab\\303\\251"\n', ['modify', 't\tabé', 't\tabé']],
  ])('%j', (header, expected) => expect(names(header + hunk)).toEqual([expected]));

  test('new and deleted files', () => {
    const add = '@@ -0,0 +1 @@\n+a\n';
    const remove = '@@ -1 +0,0 @@\n-a\n';
    expect(names(`--- /dev/null\n+++ b/f\n${add}`)).toEqual([['add', null, 'f']]);
    expect(names(`--- a/f\t1970-01-01 01:00:00.000000000 +0100\n+++ b/f\t2024-01-01 10:00:00 +0100\n${add}`)).toEqual([
      ['add', null, 'f'],
    ]);
    expect(names(`--- a/f\n+++ /dev/null\n${remove}`)).toEqual([['delete', 'f', null]]);
    expect(apply('a\n', `--- a/f\n+++ /dev/null\n${remove}`)).toBeNull();
    expect(apply(null, `--- f\n+++ f\n${add}`)).toBe('a\n');
  });

  test('several files, with text around them', () => {
    expect(
      names(`Only in b: z\ndiff -u a/f b/f\n--- a/f\n+++ b/f\n${hunk}--\n--- a/g\n+++ b/g\n${hunk}-- \n2.39\n`),
    ).toEqual([
      ['modify', 'f', 'f'],
      ['modify', 'g', 'g'],
    ]);
  });
});

describe('git headers', () => {
  test('names where nothing but the mode or name changes', () => {
    expect(parsePatch(bytes('diff --git a/x y b/x y\nold mode 100644\nnew mode 100755\n'))).toEqual([
      { kind: 'modify', oldPath: 'x y', newPath: 'x y', oldMode: '100644', newMode: '100755', hunks: [] },
    ]);
    expect(names('diff --git "a/\\"q" "b/\\"q"\nold mode 100644\nnew mode 100755\n')).toEqual([['modify', '"q', '"q']]);
    expect(names('diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n')).toEqual([
      ['rename', 'x', 'y'],
    ]);
    expect(names('diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n')).toEqual([['add', null, 'e']]);
  });

  test('bytes that are not UTF-8 stay as they are', () => {
    const latin1 = Buffer.from(
      'diff --git "a/\\351" "b/\\351"\n--- "a/\\351"\n+++ "b/\\351"\n@@ -1 +1 @@\n-\xe9\n+\xe8\n',
      'latin1',
    );
    const [patch] = parsePatch(latin1);
    expect(patch!.newPath).toBe('\udce9');
    expect(Buffer.from(applyFilePatch(Buffer.from([0xe9, 10]), patch!)!)).toEqual(Buffer.from([0xe8, 10]));
  });
});

test('a missing final newline on either side', () => {
  const head = '--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n';
  expect(apply('a\nb', `${head}-b\n\\ No newline at end of file\n+b\n`)).toBe('a\nb\n');
  expect(apply('a\nb\n', `${head}-b\n+b\n\\ Kein Zeilenumbruch am Dateiende.\n`)).toBe('a\nb');
  expect(() => apply('a\nb\n', `${head}-b\n\\ No newline at end of file\n+b\n`)).toThrow('hunk 1');
});

describe('patches that cannot be read', () => {
  test.each([
    ['', 1, 'there is no diff in it'],
    ['hello\n', 1, 'there is no diff in it'],
    [hunk, 1, 'a hunk without the name of its file'],
    ['--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n-a\n+b\n', 5, 'it ends within a hunk'],
    [
      '--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n-a\n+b\n+c\n-d\n',
      6,
      'hunk 1, begun in line 3, does not have the lines it announces',
    ],
    ['--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\nrubbish\n', 5, 'does not have the lines it announces'],
    ['diff --git a/f b/f\nindex 1..2 100644\nGIT binary patch\nliteral 1\n', 3, 'a binary file cannot be patched: f'],
    [
      'diff --git a/f b/f\nindex 1..2 100644\nBinary files a/f and b/f differ\n',
      3,
      'a binary file cannot be patched: f',
    ],
    ['diff --cc f\nindex 1,2..3\n', 1, 'a combined diff'],
    [`--- a/../f\n+++ b/../f\n${hunk}`, 2, 'no path within a repository'],
    [`--- a/.git/config\n+++ b/.git/config\n${hunk}`, 2, 'no path within a repository'],
    [
      'diff --git a/f b/f\nnew file mode 100644\n--- /dev/null\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n',
      1,
      'depends on old contents',
    ],
    ['diff --git a/f b/g\nold mode 100644\nnew mode 100755\n', 1, 'does not tell the name'],
  ])('%j', (patch, line, reason) => {
    expect(() => parsePatch(bytes(patch))).toThrow(expect.objectContaining({ code: 'PATCH_INVALID', data: { line } }));
    expect(() => parsePatch(bytes(patch))).toThrow(reason);
  });
});

describe('patches that do not apply', () => {
  const edit = (text: string): string => `--- a/d/f\n+++ b/d/f\n${text}`;
  test.each<[old: string | null, patch: string, data: object]>([
    ['x\n', edit(hunk), { path: 'd/f', hunk: 1 }],
    [null, edit(hunk), { path: 'd/f' }],
    ['a\n', '--- /dev/null\n+++ b/d/f\n@@ -0,0 +1 @@\n+a\n', { path: 'd/f' }],
    ['a\nb\n', '--- a/d/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n', { path: 'd/f', hunk: 1 }],
    [
      '1\n2\n3\n4\n5\n6\n7\n8\n',
      edit('@@ -1,2 +1,2 @@\n-1\n+x\n 2\n@@ -5,3 +5,3 @@\n 5\n-y\n+z\n 7\n'),
      { path: 'd/f', hunk: 2 },
    ],
  ])('%j', (old, patch, data) => {
    expect(() => apply(old, patch)).toThrow(expect.objectContaining({ code: 'PATCH_CONFLICT', data }));
  });
});

test('a hunk that has moved is found, nearest first', () => {
  const patch = '--- a/f\n+++ b/f\n@@ -3,3 +3,3 @@\n x\n-y\n+z\n x\n';
  expect(apply('1\n2\n3\n4\nx\ny\nx\n', patch)).toBe('1\n2\n3\n4\nx\nz\nx\n');
  expect(apply('x\ny\nx\n', patch)).toBe('x\nz\nx\n');
});

test('a hunk of very many lines', () => {
  const count = 200_000;
  const patch = `--- a/f\n+++ b/f\n@@ -0,0 +1,${count} @@\n${'+line\n'.repeat(count)}`;
  expect(apply('', patch)!.length).toBe(count * 5);
});
