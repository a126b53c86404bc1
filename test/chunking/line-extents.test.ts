import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineExtents } from '../../src/chunking/lines/line-extents.js';

const indent = (text: string): number =>
  /\S/.test(text) ? [.../^[ \t]*/.exec(text)![0]].reduce((sum, c) => sum + (c === ' ' ? 1 : 4), 0) : -1;

/** The same by following what begins line by line. */
function followed(lines: readonly string[], from: number): number {
  const own = indent(lines[from]!);
  if (/;\s*(?:\/\/.*)?$/.test(lines[from]!)) return from;
  let end = from;
  for (let line = from + 1; line < lines.length; line++) {
    const text = lines[line]!;
    const code = text.trimStart();
    if (indent(text) < 0) continue;
    if (indent(text) > own) end = line;
    else if (code.startsWith('#')) continue;
    else if (indent(text) < own) return end;
    else if (code.startsWith('{')) end = line;
    else return /^(?:[})\]]|end\b|esac\b|fi\b|done\b)/.test(code) ? line : end;
  }
  return end;
}

const line = fc
  .tuple(
    fc.constantFrom('', '', ' ', '  ', '\t', '   \t'),
    fc.constantFrom('a', 'a;', 'a; // b', '{', '{ a', '}', 'end', 'ending', '#a', '# a', '', ') a', '\u00a0'),
  )
  .map((parts) => parts.join(''));

test('ends are those of following each beginning line by line', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 40 }), (lines) => {
      const extents = new LineExtents(lines);
      for (const [from, text] of lines.entries()) {
        expect(extents.indent(from)).toBe(indent(text));
        if (indent(text) >= 0) expect(extents.endOf(from), `line ${String(from)}`).toBe(followed(lines, from));
      }
    }),
    { numRuns: 1000 },
  );
});

const count = 100_000;
test.each([
  ['macros', () => '#define A'],
  ['macros at changing depths', (i: number) => `${' '.repeat(i % 3)}#define A`],
  ['macros below one that is deeper', (i: number) => `${' '.repeat(i % 1000 === 0 ? 1 : 2)}#define A`],
  ['braces', (i: number) => (i < count / 2 ? '#define A' : '{')],
  ['code under code', (i: number) => (i % 2 === 0 ? 'a' : ' #b')],
])(
  'as many lines as a file can have: %s',
  (_, lineAt) => {
    const lines = Array.from({ length: count }, (_, i) => lineAt(i));
    const extents = new LineExtents(lines);
    for (let from = 0; from < count; from++) extents.endOf(from);
  },
  5000,
);
