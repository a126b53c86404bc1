import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine, SymbolsOptions } from '../../src/engine/types.js';
import { makeFolder, makeRepository } from '../support/git.js';

const files = {
  'src/parse.ts': `export function parse(text: string): void {}
export function parseQuery(text: string): void {}
export class QueryParser {
  parse(): void {}
  reset(): void {}
}
export class Scanner {
  reset(): void {}
}
`,
  'src/Parse.py': `def Parse():\n    pass\n\n\ndef preparse_all():\n    pass\n`,
  'test/parse.test.ts': `function parse(): void {}\nfunction configuration(): void {}\n`,
  'src/engine-calls.js': `function start() {\n  const Motor = () => {};\n}\n/** A call. */\nexport function Motor() {}\n`,
  'src/motor.java': `class Motor {\n  int Motor;\n  Motor() {}\n  void Motor() {}\n}\n`,
  'test/Motor.java': `class Motor {\n  Motor() {}\n}\n`,
  'docs/guide.md': `# 1.2 Changes\n\nText.\n`,
};

describe('symbols', () => {
  const repository = makeRepository();
  let engine: Engine;
  const found = async (name: string, options: SymbolsOptions = {}): Promise<string[]> =>
    (await engine.symbols(name, options)).symbols.map(
      ({ match, scope, name, path, line }) => `${match} ${scope === '' ? '' : `${scope}.`}${name} ${path}:${line}`,
    );

  beforeAll(async () => {
    repository.commit(files);
    engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
  });
  afterAll(() => engine.close());

  test('exact names first, of the same case first, tests last; then prefixes, then words inside', async () => {
    expect(await found('parse')).toEqual([
      'exact parse src/parse.ts:1',
      'exact QueryParser.parse src/parse.ts:4',
      'exact parse test/parse.test.ts:1',
      'exact Parse src/Parse.py:1',
      'prefix parseQuery src/parse.ts:2',
      'subword QueryParser src/parse.ts:3',
      'subword preparse_all src/Parse.py:5',
    ]);
  });

  test('of one name the type before what is called or in it; in tests all after that', async () => {
    const { symbols } = await engine.symbols('Motor');
    expect(symbols.map(({ kind, path, line }) => `${kind} ${path}:${line}`)).toEqual([
      'class src/motor.java:1',
      'function src/engine-calls.js:2',
      'function src/engine-calls.js:5',
      'constructor src/motor.java:3',
      'method src/motor.java:4',
      'class test/Motor.java:1',
      'constructor test/Motor.java:2',
      'field src/motor.java:2',
    ]);
  });

  test('words in any order and inflection', async () => {
    expect(await found('queryParse')).toEqual([
      'prefix QueryParser src/parse.ts:3',
      'subword parseQuery src/parse.ts:2',
    ]);
    expect(await found('parse_queries')).toContain('subword parseQuery src/parse.ts:2');
  });

  test.each(['confguration', 'configuratoin', 'configurations', 'konfiguration'])('misspelt: %s', async (name) => {
    expect((await found(name)).map((line) => line.split(' ')[1])).toEqual(['configuration']);
  });

  test.each([
    ['qpar', ['fuzzy QueryParser src/parse.ts:3']],
    ['cnfgrtn', ['fuzzy configuration test/parse.test.ts:2']],
    ['pall', ['fuzzy preparse_all src/Parse.py:5']],
  ])('an abbreviation: %s', async (name, expected) => {
    expect((await found(name)).slice(0, 1)).toEqual(expected);
  });

  test('a short name is not taken for a misspelling', async () => {
    expect(await found('rst')).toEqual([]);
  });

  test.each(['Scanner.reset', 'Scanner::reset', 'Scanner#reset', 'scanner.reset'])('a scope: %s', async (name) => {
    expect(await found(name)).toEqual(['exact Scanner.reset src/parse.ts:8']);
  });

  test('a name with punctuation of its own', async () => {
    expect(await found('1.2 Changes')).toEqual(['exact 1.2 Changes docs/guide.md:1']);
    expect(await found('Scanner.')).toEqual(await found('Scanner'));
  });

  test('kinds, languages, paths and limit', async () => {
    expect(await found('parse', { kinds: ['class'] })).toEqual(['subword QueryParser src/parse.ts:3']);
    expect(await found('parse', { languages: ['py'], limit: 1 })).toEqual(['exact Parse src/Parse.py:1']);
    expect(await found('parse', { paths: ['test/**'] })).toEqual(['exact parse test/parse.test.ts:1']);
    await expect(engine.symbols('parse', { kinds: ['klass'] })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('a hit has its line', async () => {
    const { symbols } = await engine.symbols('Scanner');
    expect(symbols[0]).toMatchObject({ kind: 'class', language: 'typescript', text: 'export class Scanner {' });
  });
});

const words = ['get', 'Get', 'node', 'Node', 'of', 'list', 'X', 'queue', 'é', '_', '$', '1', 'getter', 'a'.repeat(61)];
/** Many names of the same beginnings, short and long ones, so that those of a prefix are read by their length. */
const names = Array.from({ length: 1400 }, (_, i) => {
  const parts = Array.from({ length: 1 + (i % 5) }, (__, n) => words[(i * 7 + n * (3 + (i >> 4)) + (i >> 3)) % 14]!);
  return `${i % 4 === 0 ? '' : 'ge'}${parts.join('')}${i % 3 === 0 ? i : ''}`.replace(/^\d+/, 'n');
});

describe('many symbols', () => {
  const repository = makeRepository();
  let engine: Engine;
  beforeAll(async () => {
    const define = (name: string, i: number): string =>
      i % 5 === 0
        ? `export class ${name} {\n  ${name} = 1;\n  ${name}s(): void {}\n}\n`
        : i % 7 === 0
          ? `export const ${name} = 1;\n`
          : `export function ${name}(): void {}\n`;
    const file = (from: number): string =>
      names
        .slice(from, from + 20)
        .map(define)
        .join('\n');
    engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
    // Two segments, and a file that both commits have.
    const starts = Array.from({ length: names.length / 20 }, (_, i) => 20 * i);
    const folders = ['src', 'lib', 'test'];
    const filesOf = (some: readonly number[]): Record<string, string> =>
      Object.fromEntries(some.map((from) => [`${folders[from % 3]!}/f${from}.ts`, file(from)]));
    repository.commit(filesOf(starts.slice(0, 50)));
    await engine.index(['HEAD']);
    repository.commit({ ...filesOf(starts.slice(50)), 'src/copy.ts': file(0) });
    await engine.index(['HEAD']);
  });
  afterAll(() => engine.close());

  const ways = ['exact', 'prefix', 'subword', 'fuzzy'];

  test('fewer symbols are the first of all, and as many are told of', async () => {
    const asked = fc.record({
      name: fc.oneof(
        fc.constantFrom('g', 'ge', 'get', 'getNode', 'node', 'list', 'X', 'é', 'geé', 'n', '_', 'a', 'gea', 'nodeList'),
        fc.constantFrom(...names),
      ),
      kinds: fc.constantFrom<SymbolsOptions>({}, {}, { kinds: ['class', 'method'] }, { kinds: ['field'] }),
      paths: fc.constantFrom<SymbolsOptions>({}, {}, { paths: ['src/**'] }, { paths: ['test/**'] }),
      limit: fc.constantFrom(1, 3, 20, 150),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ name, kinds, paths, limit }) => {
        const all = await engine.symbols(name, { ...kinds, ...paths, limit: 10_000 });
        const some = await engine.symbols(name, { ...kinds, ...paths, limit });
        expect(some.symbols).toEqual(all.symbols.slice(0, limit));
        const { length } = all.symbols.filter(({ match }) => match !== 'fuzzy');
        expect(some.total).toBe(length > limit + 200 ? null : length < limit ? all.total : length);
        const isSame = (one: string, match: string): boolean => match !== 'prefix' && one === name;
        const order = all.symbols
          .slice(0, length)
          .map(({ match, name: one }) => [ways.indexOf(match), isSame(one, match) ? -1 : one.length] as const);
        expect(order).toEqual([...order].sort(([a, b], [c, d]) => a - c || b - d));
        if (kinds.kinds !== undefined || paths.paths !== undefined) return;
        const told = new Set(all.symbols.map((symbol) => symbol.name));
        for (const one of names) if (one.toLowerCase().startsWith(name.toLowerCase())) expect(told).toContain(one);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
