import { encodeBytes } from '../../../src/base/index.js';
import type { Random } from '../../crash/support/random.js';

/** What lines are made of: words, letters whose case is no matter of one letter for another, what is no UTF-8 (as lone surrogates), ends of lines. */
const pieces = [
  'foo',
  'Foo',
  'FOO',
  'bar',
  'foobar',
  'a',
  'b',
  '_',
  '1',
  '42',
  ' ',
  ' ',
  '  ',
  '.',
  '(',
  ')',
  '\t',
  '\\',
  '*',
  '-',
  ':',
  ',',
  '/',
  '"',
].concat(
  [
    'é',
    'É',
    'e\u0301',
    'straße',
    'STRAẞE',
    'ſ',
    's',
    'S',
    'k',
    'K',
    '\u212a',
    'å',
    '\u212b',
    'ω',
    'Ω',
    '\u2126',
    'ǆ',
    'ǅ',
    'İ',
    'ı',
    'i',
    'I',
    'σ',
    'ς',
    'Σ',
  ],
  [
    '日本',
    '語',
    '\u{10400}',
    '\u{10428}',
    '😀',
    '\u00a0',
    '\u2028',
    '\u0085',
    '\ufeff',
    '\u3000',
    '\v',
    '\f',
    '\x7f',
    '\x1b',
  ],
  [
    '\udce9',
    '\udcff',
    '\udcc3',
    '\udced\udca0\udc80',
    '\udcf4\udc90\udc80\udc80',
    '\udcc0\udcaf',
    '\udce2\udc82',
    '\r',
    '\r',
  ],
);

/** A piece as it may be looked for: of one line, and of text alone. */
export function oddPiece(random: Random): string {
  for (;;) {
    const text = Array.from({ length: 1 + random(2) }, () => pieces[random(pieces.length)]!).join('');
    if (!/[\ud800-\udfff]/.test(text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ''))) return text;
  }
}

/** Files of every kind that a search may stumble over, with what they hold as bytes. The same random numbers give the same files. */
export function oddFiles(random: Random, largeBytes: number): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  const line = (): string => Array.from({ length: random(7) }, () => pieces[random(pieces.length)]!).join('');
  const lines = (count: number, end = '\n'): string => Array.from({ length: count }, line).join(end);
  const some = (): string => lines(1 + random(30)) + (random(3) === 0 ? '' : '\n');
  const ascii = (text: string): string => text.replace(/[^\0-\x7f]/g, '~');
  const latin1 = (text: string): Buffer => Buffer.from(text.replace(/[^\0-\xff]/g, 'ü'), 'latin1');
  const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
  files['plain.ts'] = encodeBytes(ascii(some()));
  files['utf8.md'] = encodeBytes(some());
  files['dos.txt'] = encodeBytes(`${lines(20, '\r\n')}\r\n`);
  files['mac.txt'] = encodeBytes(lines(20, '\r'));
  files['mixed.txt'] = encodeBytes(lines(10, '\r\n') + lines(10) + lines(3, '\r'));
  files['latin1.txt'] = latin1(some());
  files['bom.cs'] = encodeBytes(`\ufeff${some()}`);
  files['utf16-bom.txt'] = Buffer.from(`\ufeff${some()}`, 'utf16le');
  files['utf16-be.txt'] = swapped(some());
  // Without a NUL, so that git takes it for text.
  files['utf16-cjk.txt'] = Buffer.from('日本語'.repeat(1 + random(9)), 'utf16le');
  files['bytes.dat'] = Buffer.from(Array.from({ length: 400 }, () => 1 + random(255)));
  files['binary.dat'] = encodeBytes(`${some()}\0${some()}`);
  files['late-nul.dat'] = encodeBytes(`${'foo bar\n'.repeat(1001)}${some()}\0${some()}a\0foo\n`);
  files['long-line.js'] = encodeBytes(line().repeat(200));
  files['empty'] = Buffer.alloc(0);
  files['blank.txt'] = Buffer.from('\n'.repeat(random(5)));
  files['no-end.txt'] = encodeBytes(`${some()}${line()}foo`);
  const texts: string[] = [];
  for (let size = 0; size < largeBytes; size += texts.at(-1)!.length)
    texts.push(`${lines(40, random(4) === 0 ? '\r\n' : '\n')}\n`);
  files['large.txt'] = encodeBytes(texts.join(''));
  files['large-line.txt'] = encodeBytes(Array.from({ length: Math.ceil(largeBytes / 12) }, line).join(' '));
  return files;
}
