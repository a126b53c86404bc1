import { describe, expect, test } from 'vitest';
import { pathOfUri, uriOfPath } from '../../src/lsp/documents/file-uri.js';

describe('pathOfUri', () => {
  test.each([
    ['file:///a/b.ts', '/a/b.ts'],
    ['FILE:///a/b.ts', '/a/b.ts'],
    ['file:///a%20b/c%23d/%C3%A9.ts', '/a b/c#d/é.ts'],
    ['file:///a b/é.ts', '/a b/é.ts'],
    ['file:///%40%3A%5Bx%5D', '/@:[x]'],
    ['file:///100%25.txt', '/100%.txt'],
    ['file:///a/../b', '/b'],
  ])('%s is %s', (uri, path) => {
    expect(pathOfUri(uri, false)).toBe(path);
  });

  test.each([
    ['file:///c%3A/Users/x%20y.ts', 'C:\\Users\\x y.ts'],
    ['file:///C:/Users/x.ts', 'C:\\Users\\x.ts'],
    ['file:///d:/', 'D:\\'],
    ['file://nas/share/x.ts', '\\\\nas\\share\\x.ts'],
  ])('on Windows, %s is %s', (uri, path) => {
    expect(pathOfUri(uri, true)).toBe(path);
  });

  test.each([
    'untitled:Untitled-1',
    'git:/a/b.ts?ref',
    'vscode-notebook-cell:/a#1',
    'file://host/a',
    'file:///a%2Fb',
    'file:///a%00b',
    'file:///%FF',
    'file:///%',
    'file',
    '/a/b.ts',
    '',
  ])('%j names no file', (uri) => {
    expect(pathOfUri(uri, false)).toBeNull();
  });

  test('a path on Windows needs a drive', () => {
    expect(pathOfUri('file:///a/b', true)).toBeNull();
  });
});

describe('uriOfPath', () => {
  test.each(['src/a.ts', 'a b/é/文.ts', '100%/#?.ts', '[a]/(b)/@:&+,;=.ts', "it's", 'a\nb', '..a', '\ud83d\ude00'])(
    'gives %j back',
    (path) => {
      expect(pathOfUri(uriOfPath('/repo x', path), false)).toBe(`/repo x/${path}`);
    },
  );

  test('keeps bytes that are not UTF-8', () => {
    expect(uriOfPath('/r', 'a\udcff\udce9/é')).toBe('file:///r/a%FF%E9/%C3%A9');
  });

  test('names the root, and files right under /', () => {
    expect(uriOfPath('/r', '')).toBe('file:///r/');
    expect(uriOfPath('/', 'a')).toBe('file:///a');
  });
});
