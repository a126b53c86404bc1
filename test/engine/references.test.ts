import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { DefinitionOptions, Engine, ReferencesOptions, ReferencesResult } from '../../src/engine/types.js';
import { git, makeFolder, makeRepository } from '../support/git.js';

const files = {
  'src/session.ts': `import { open } from './store.js';

/** One open repository. */
export class Session {
  private name = 'Session';
  open(): void {
    open(this.name); // Session
  }
}

export function makeSession(): Session {
  const session = new Session();
  session.open();
  return session;
}
`,
  'src/store.ts': `export function open(name: string): void;
export function open(name: string): void {
  if (name === 'again') open(name);
}
`,
  'src/other.ts': `import { makeSession } from './session.js';
const one = makeSession();
export class Other {
  open = one.open();
}
`,
  'lib/store.c': `struct session;
int open(const char *name);
int open(const char *name)
{
  return 0; /* open */
}
`,
  'README.md': 'Use `Session` and open it.\n',
  'empty.ts': '',
};

describe('definition and references', () => {
  const repository = makeRepository();
  let engine: Engine;
  beforeAll(async () => {
    repository.commit(files);
    engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
  });
  afterAll(() => engine.close());

  const defined = async (name: string, options: DefinitionOptions = {}): Promise<string[]> =>
    (await engine.definition(name, { rev: 'HEAD', ...options })).definitions.map(
      ({ scope, name, path, line }) => `${scope === '' ? '' : `${scope}.`}${name} ${path}:${line}`,
    );
  const shown = ({ groups }: ReferencesResult): string[] =>
    groups.flatMap(({ path, symbol, references }) =>
      references.map(
        ({ line, column, place, isDefinition }) =>
          `${path}:${line}:${column} ${symbol}${place === 'code' ? '' : ` (${place})`}${isDefinition === true ? ' defines' : ''}`,
      ),
    );
  const used = async (name: string, options: ReferencesOptions = {}): Promise<string[]> =>
    shown(await engine.references(name, { rev: 'HEAD', ...options }));

  test('one definition is exact; of several those with a body and the more important come first', async () => {
    const one = await engine.definition('makeSession', { rev: 'HEAD' });
    expect(one).toMatchObject({ isExact: true, total: 1, near: [] });
    expect(one.definitions[0]).toMatchObject({
      signature: 'export function makeSession(): Session',
      startLine: 11,
      endLine: 15,
      kind: 'function',
    });
    expect((await engine.definition('open', { rev: 'HEAD' })).isExact).toBe(false);
    expect(await defined('open')).toEqual([
      'open lib/store.c:3',
      'Session.open src/session.ts:6',
      'open src/store.ts:2',
      'Other.open src/other.ts:4',
      'open lib/store.c:2',
      'open src/store.ts:1',
    ]);
  });

  test('a scope chooses; what is near its use is meant sooner: the same file, an imported one, the folder, the language', async () => {
    expect(await defined('Session.open')).toEqual(['Session.open src/session.ts:6']);
    expect(await defined('Session::open')).toEqual(['Session.open src/session.ts:6']);
    expect((await defined('unknown.open'))[0]).toBe('open lib/store.c:3');
    expect((await defined('open', { usedIn: 'src/store.ts', usedOnLine: 3 }))[0]).toBe('open src/store.ts:2');
    expect((await defined('open', { usedIn: 'lib/store.c' }))[0]).toBe('open lib/store.c:3');
    // It imports session.ts, not store.ts.
    expect((await defined('open', { usedIn: 'src/other.ts', usedOnLine: 2 }))[0]).toBe('Session.open src/session.ts:6');
    expect(await defined('open', { kinds: ['function'], languages: ['ts'] })).toEqual([
      'open src/store.ts:2',
      'open src/store.ts:1',
    ]);
  });

  test('what only has the name comes last: an import under it, a heading, the title of a test', async () => {
    const other = makeRepository();
    other.commit({
      'lib/peek.js': 'exports.other = 1;\nclass Peek {\n  look() {}\n}\nmodule.exports = Peek;\n',
      'lib/use.js': "const Peek = require('./peek');\nnew Peek();\n",
      'test/use.js': "describe('Peek', () => {\n  it('looks', () => {\n    new Peek();\n  });\n});\n",
      'README.md': '# Peek\n\nText.\n',
    });
    const own = await openEngine({ repo: other.path, store: join(makeFolder(), 'store'), workers: 0 });
    try {
      for (const usedIn of ['test/use.js', 'lib/use.js', undefined]) {
        const options = { rev: 'HEAD', ...(usedIn === undefined ? {} : { usedIn, usedOnLine: 2 }) };
        const { definitions } = await own.definition('Peek', options);
        expect(definitions.map(({ path, line }) => `${path}:${line}`)[0]).toBe('lib/peek.js:2');
        expect(definitions).toHaveLength(4);
      }
    } finally {
      await own.close();
    }
  });

  test('letter case decides where there is a choice; a name that is not there has neighbours', async () => {
    expect(await defined('makesession')).toEqual(['makeSession src/session.ts:11']);
    const none = await engine.definition('makeSesion', { rev: 'HEAD' });
    expect(none).toMatchObject({ definitions: [], total: 0, isExact: false, near: ['makeSession'] });
  });

  test('references are by the function around them, without comments, strings and prose', async () => {
    expect(await used('Session')).toEqual([
      'src/session.ts:4:14  defines',
      'src/session.ts:11:32 makeSession',
      'src/session.ts:12:23 makeSession',
    ]);
    expect(await used('open', { paths: ['src/**'] })).toEqual([
      'src/other.ts:4:3 Other defines',
      'src/session.ts:1:10 ',
      'src/session.ts:6:3 Session defines',
      'src/session.ts:7:5 Session.open',
      'src/session.ts:13:11 makeSession',
      'src/store.ts:1:17  defines',
      'src/store.ts:2:17  defines',
      'src/store.ts:3:25 open',
    ]);
  });

  test('with mentions they are the lines of git grep -w, and without them their number is told', async () => {
    for (const name of ['Session', 'open', 'name', 'session', 'makeSession']) {
      const all = await engine.references(name, { rev: 'HEAD', mentions: true });
      const lines = git(repository.path, ['grep', '-nwF', name, 'HEAD'])
        .split('\n')
        .filter((line) => line !== '');
      expect(
        all.groups
          .flatMap(({ path, references }) => references.map(({ line, text }) => `HEAD:${path}:${line}:${text}`))
          .sort(),
      ).toEqual(lines.sort());
      const code = await engine.references(name, { rev: 'HEAD' });
      expect(code.lines).toEqual(all.lines);
      expect(shown(code)).toEqual(shown(all).filter((line) => !line.includes('(')));
    }
    const { lines } = await engine.references('Session', { rev: 'HEAD' });
    expect(lines).toEqual({ code: 3, comment: 1, string: 1, text: 1 });
  });

  test('a limit stops it, a qualified name is looked for by its last part, and nonsense is an error', async () => {
    const some = await engine.references('Session.open', { rev: 'HEAD', limit: 2 });
    expect(some).toMatchObject({ name: 'open', truncated: true, lines: { code: 2 } });
    expect((await engine.references('open', { rev: 'HEAD', paths: ['nowhere/**'] })).unmatched).toEqual(['nowhere/**']);
    await expect(engine.references('', {})).rejects.toMatchObject({ code: 'USAGE' });
    await expect(engine.definition('x', { kinds: ['klass'] })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(engine.definition('open', { rev: 'HEAD', usedIn: 'no/such.ts' })).resolves.toMatchObject({ total: 6 });
  });

  test('at any rev', async () => {
    const before = repository.revParse('HEAD');
    repository.commit({ ...files, 'src/other.ts': 'export const nothing = 0;\n' });
    expect(await used('makeSession', { rev: before })).toHaveLength(3);
    expect(await used('makeSession')).toHaveLength(1);
  });
});
