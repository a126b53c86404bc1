import { join } from 'node:path';
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
