import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatTable,
  plural,
  printable,
} from '../../src/cli/terminal/format.js';
import { snippetRange } from '../../src/cli/results/hit-output.js';
import { quotePath } from '../../src/cli/terminal/quote-path.js';
import { describeError, formatError } from '../../src/cli/report-error.js';
import { createPaint, wantsColour } from '../../src/cli/terminal/style.js';
import { CoppiceError } from '../../src/base/index.js';

test('numbers, sizes, durations and plurals', () => {
  expect([0, 999, 1000, 1234567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
  const sizes = [0, 999, 1000, 12_345, 99_960, 999_499, 999_500, 12_345_678, 3e9, 5e15];
  expect(sizes.map(formatBytes).join(' ')).toBe('0 B 999 B 1.0 KB 12.3 KB 100 KB 999 KB 1.0 MB 12.3 MB 3.0 GB 5000 TB');
  const times = [0.04, 9.94, 9.95, 999.4, 999.5, 59_949, 59_950, 125_000, 7_260_000];
  expect(times.map(formatDuration)).toEqual([
    '0.0 ms',
    '9.9 ms',
    '10 ms',
    '999 ms',
    '1.0 s',
    '59.9 s',
    '1 min 0 s',
    '2 min 5 s',
    '2 h 1 min',
  ]);
  expect([plural(1, 'file'), plural(2, 'file'), plural(0, 'branch', 'branches')]).toEqual([
    '1 file',
    '2 files',
    '0 branches',
  ]);
});

test('tables line up whatever the colours', () => {
  const paint = createPaint(true);
  const table = formatTable([
    ['a', 'bb', 'c'],
    [paint('red', 'aaa'), 'b', ''],
  ]);
  expect(table.replaceAll('\x1b', 'E')).toBe('a    bb  c\nE[31maaaE[m  b\n');
});

test('paths are quoted as git does with core.quotePath=false', () => {
  expect(['a b', 'é/ü', 'a\udcffb'].map(quotePath)).toEqual(['a b', 'é/ü', 'a\udcffb']);
  expect(quotePath('a"b')).toBe('"a\\"b"');
  expect(quotePath('a\\b\tc\nd\re')).toBe('"a\\\\b\\tc\\nd\\re"');
  expect(quotePath('\x01\x07\b\v\f\x1f\x7f')).toBe('"\\001\\a\\b\\v\\f\\037\\177"');
});

test('text for a terminal cannot move its cursor', () => {
  expect(printable('a\tb\x1b[2J\r\x7f')).toBe('a\tb␛[2J␍␡');
});

test('colours: flags, then NO_COLOR, then FORCE_COLOR, then the terminal', () => {
  const none = { color: undefined, 'no-color': false } as const;
  const terminal = { isTerminal: true };
  const pipe = { isTerminal: false };
  expect(wantsColour(none, {}, terminal)).toBe(true);
  expect(wantsColour(none, {}, pipe)).toBe(false);
  expect(wantsColour(none, { TERM: 'dumb' }, terminal)).toBe(false);
  expect(wantsColour(none, { NO_COLOR: '1' }, terminal)).toBe(false);
  expect(wantsColour(none, { NO_COLOR: '' }, terminal)).toBe(true);
  expect(wantsColour(none, { FORCE_COLOR: '1' }, pipe)).toBe(true);
  expect(wantsColour(none, { FORCE_COLOR: '0' }, terminal)).toBe(false);
  expect(wantsColour(none, { NO_COLOR: '1', FORCE_COLOR: '1' }, terminal)).toBe(false);
  expect(wantsColour({ ...none, color: 'always' }, { NO_COLOR: '1' }, pipe)).toBe(true);
  expect(wantsColour({ ...none, color: 'auto' }, {}, pipe)).toBe(false);
  expect(wantsColour({ color: 'always', 'no-color': true }, {}, terminal)).toBe(false);
});

test('the snippet is the window with the most matches', () => {
  expect(snippetRange(3, [1])).toEqual({ start: 0, end: 3 });
  expect(snippetRange(100, [])).toEqual({ start: 0, end: 8 });
  expect(snippetRange(100, [5])).toEqual({ start: 0, end: 8 });
  expect(snippetRange(100, [2, 50, 51, 52])).toEqual({ start: 49, end: 57 });
  expect(snippetRange(100, [99])).toEqual({ start: 92, end: 100 });
  expect(snippetRange(100, [50, 57])).toEqual({ start: 50, end: 58 });
  expect(snippetRange(0, [3])).toEqual({ start: 0, end: 0 });
});

test('errors are told with code, caret and hint', () => {
  const plain = createPaint(false);
  const told = (error: unknown, debug = false): string => formatError(describeError(error, debug), plain);
  const all = [
    told(new CoppiceError('REV_NOT_FOUND', "no rev 'x'", { hint: 'git branch lists branches' })),
    told(new CoppiceError('PATTERN_INVALID', 'a(\n ^')),
    told(new CoppiceError('QUERY_INVALID', 'missing )\na (b\n  ^', { hint: 'close it' })),
    told(new Error('surprise')),
    told(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })),
    told('a string'),
  ];
  expect(all.join('')).toMatchInlineSnapshot(`
    "coppice: error[REV_NOT_FOUND]: no rev 'x'
    hint: git branch lists branches
    coppice: error[PATTERN_INVALID]:
      a(
       ^
    hint: -F searches for literal text
    coppice: error[QUERY_INVALID]: missing )
      a (b
        ^
    hint: close it
    coppice: error[INTERNAL]: surprise
    hint: COPPICE_DEBUG=1 shows where; please report it
    coppice: error[STORE_FULL]: ENOSPC: no space left on device, write
    hint: free some space, or use another disk: --store DIR or COPPICE_HOME
    coppice: error[INTERNAL]: a string
    hint: COPPICE_DEBUG=1 shows where; please report it
    "
  `);
  expect(told(new Error('surprise'), true)).toMatch(/surprise\n {4}at /);
});
