import { describe, expect, test } from 'vitest';
import { decodeEntities, textOfHtml } from '../../../src/page/code/html-text.js';
import { linkTarget } from '../../../src/page/code/link-target.js';
import { wordAt, wordsOf } from '../../../src/page/code/word-at.js';

describe('a link in a file', () => {
  const file = (path: string, isFolder = false, lines: { start: number; end: number } | null = null) => {
    return { kind: 'file', path, isFolder, lines };
  };

  test.each([
    ['guide.md', file('docs/guide.md')],
    ['./guide.md#intro', file('docs/guide.md')],
    ['../src/a%20b.ts?raw=1#L3-L9', file('src/a b.ts', false, { start: 3, end: 9 })],
    ['/README.md', file('README.md')],
    ['..', file('', true)],
    ['img/', file('docs/img', true)],
    ['https://example.com/x', { kind: 'web', href: 'https://example.com/x' }],
    ['mailto:a@example.com', { kind: 'web', href: 'mailto:a@example.com' }],
  ])('%s', (href, target) => expect(linkTarget(href, 'docs/index.md')).toEqual(target));

  test.each([
    '#intro',
    '',
    'javascript:alert(1)',
    ' JavaScript:alert(1)',
    'data:text/html,x',
    '//evil.example',
    '../../x',
    'file:///etc/passwd',
    'vbscript:x',
  ])('%s leads nowhere', (href) => expect(linkTarget(href, 'docs/index.md')).toBeNull());
});

test('HTML says its text and what its pictures are called', () => {
  expect(textOfHtml('<p align="center"><img src="x" alt="Logo"> &amp; <b title=">">more</b><!-- no --></p>')).toBe(
    'Logo & more',
  );
  expect(textOfHtml('<script>alert(1)</script><style>b{}</style>x')).toBe('x');
  expect(textOfHtml('<script>alert(1)')).toBe('');
  expect(textOfHtml('a < b > c')).toBe('a < b > c');
  expect(decodeEntities('&lt;script&gt; &#x41;&#66; &nope; &#0;')).toBe('<script> AB &nope; &#0;');
});

test('a name is found where one points', () => {
  const text = 'const $a_1 = größe(x9, 12);';
  expect(wordAt(text, 8)?.name).toBe('$a_1');
  expect(wordAt(text, 10)?.name).toBe('$a_1');
  expect(wordAt(text, 15)?.name).toBe('größe');
  expect(wordAt(text, 12)).toBeNull();
  expect(wordAt(text, 24)).toBeNull();
  expect(wordsOf(text)).toEqual(['const', '$a_1', 'größe', 'x9']);
});
