import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine, Hit, SearchOptions } from '../../src/engine/types.js';
import { makeFolder, makeRepository } from '../support/git.js';

const filler = (name: string, lines: number): string =>
  Array.from({ length: lines }, (_, i) => `  total += weigh(${name}, ${i}); // step ${i}`).join('\n');

const files = {
  'src/session-pool.ts': `/** Keeps sessions open between requests. */
export class SessionPool {
  acquire(timeoutMs: number): Session {
    return this.free.pop() ?? openSession(timeoutMs);
  }
}
`,
  'src/server.ts': `import { SessionPool } from './session-pool.js';

/** Serves requests: takes a session of the SessionPool for each. The SessionPool is shared; the SessionPool is closed last. */
export function serve(request: Request, pool: SessionPool): Response {
  const session = pool.acquire(500);
  return session.answer(request);
}
`,
  'src/retry.ts': `/** Tries again with exponential backoff. */
export async function retryWithBackoff(action: () => Promise<void>, attempts: number): Promise<void> {
  for (let i = 0; i < attempts; i++) {
    await action();
  }
}

export const HTTP_PORT = 8080;
`,
  'test/retry.test.ts': `/** Tries again with exponential backoff. */
export async function retryWithBackoff(action: () => Promise<void>, attempts: number): Promise<void> {
  for (let i = 0; i < attempts; i++) {
    await action();
  }
}

export const HTTP_PORT = 8080;
`,
  'lib/parser.py': `class QueryParser:
    """Parses queries of users."""

    def parse_query(self, text):
        return self.grammar.read(text)

    def render_tree(self):
        return "zebra crossing"
`,
  'lib/zebra.py': `def crossing(zebra):
    return zebra.stripes + crossing_width
`,
  'src/ledger.ts': [1, 2, 3, 4, 5, 6, 7, 8]
    .map((n) => `export function ledgerEntry${n}(ledger: number) {\n  let total = 0;\n${filler(`ledger${n}`, 14)}\n}\n`)
    .join('\n'),
  'src/audit.ts': `/** Compares the ledger with the bank. */\nexport function audit(): void {\n  compare();\n}\n`,
  'docs/guide.md': `# Guide\n\nRetry with backoff: requests are tried again with exponential backoff.\n`,
  'src/wide.ts': `const greeting = '👋🏽 größe'; const needle = '👋🏽'; // needle\n`,
};

describe('ranked search', () => {
  const repository = makeRepository();
  let engine: Engine;
  const search = async (query: string, options: SearchOptions = {}): Promise<readonly Hit[]> =>
    (await engine.search(query, options)).hits;
  const paths = async (query: string, options: SearchOptions = {}): Promise<string[]> =>
    (await search(query, options)).map(({ path }) => path);

  beforeAll(async () => {
    repository.commit(files);
    repository.branch('before');
    repository.commit({ 'src/fresh.ts': 'export function acquireLater() {\n  return later;\n}\n' });
    engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
  });
  afterAll(() => engine.close());

  test.each(['SessionPool', 'session pool', 'sessionpool', 'session_pool', 'session pools'])(
    'the definition is above its uses: %s',
    async (query) => {
      expect((await paths(query)).slice(0, 2)).toEqual(['src/session-pool.ts', 'src/server.ts']);
    },
  );

  test('a hit shows its definition, its place and what speaks for it', async () => {
    const [hit] = await search('retry with backoff lang:ts');
    expect(hit).toMatchObject({
      path: 'src/retry.ts',
      startLine: 1,
      symbol: 'retryWithBackoff',
      kind: 'function',
      language: 'typescript',
      signals: { lexical: 1, path: 1, symbol: 1 },
    });
  });

  test('words are found in any inflection, whole or inside identifiers', async () => {
    expect((await paths('parsing a query'))[0]).toBe('lib/parser.py');
    expect((await paths('retries'))[0]).toBe('src/retry.ts');
  });

  test('tests and prose are below code with the same text', async () => {
    expect(await paths('exponential backoff')).toEqual(['src/retry.ts', 'test/retry.test.ts', 'docs/guide.md']);
  });

  test('a file with many matches does not fill the page', async () => {
    const found = await paths('ledger', { limit: 5 });
    expect(found.filter((path) => path === 'src/ledger.ts').length).toBeGreaterThan(1);
    expect(found.indexOf('src/audit.ts')).toBeGreaterThan(-1);
  });

  test('a phrase must hold', async () => {
    expect(await paths('"zebra crossing"')).toEqual(['lib/parser.py']);
    expect(await paths('zebra crossing')).toEqual(expect.arrayContaining(['lib/parser.py', 'lib/zebra.py']));
    expect(await paths('"no such phrase anywhere"')).toEqual([]);
  });

  test('a regular expression must hold, alone or beside words', async () => {
    expect(await paths('/HTTP_P\\w+ = 8/ path:src')).toEqual(['src/retry.ts']);
    expect(await paths('acquire /timeoutMs: number/')).toEqual(['src/session-pool.ts']);
  });

  test('negated words, phrases and filters leave out', async () => {
    expect(await paths('backoff -path:test -lang:markdown')).toEqual(['src/retry.ts']);
    expect(await paths('zebra -"zebra crossing"')).toEqual(['lib/zebra.py']);
    expect(await paths('zebra -stripes')).toEqual(['lib/parser.py']);
  });

  test('or-groups', async () => {
    expect((await paths('("zebra crossing" or "exponential backoff") -path:test lang:python')).sort()).toEqual([
      'lib/parser.py',
    ]);
    expect((await paths('"zebra crossing" or audit')).sort()).toEqual(['lib/parser.py', 'src/audit.ts']);
  });

  test('filters', async () => {
    expect(await paths('backoff path:test/')).toEqual(['test/retry.test.ts']);
    expect(await paths('backoff lang:md')).toEqual(['docs/guide.md']);
    expect(await paths('sym:retryWithBackoff -path:test')).toEqual(['src/retry.ts']);
    expect(await paths('kind:class')).toEqual(['lib/parser.py', 'src/session-pool.ts']);
    expect(await paths('backoff', { paths: ['src/**'] })).toEqual(['src/retry.ts']);
    expect(await paths('backoff', { languages: ['markdown'] })).toEqual(['docs/guide.md']);
  });

  test('case:yes holds for words', async () => {
    expect(await paths('case:yes http_port')).toEqual([]);
    expect(await paths('case:yes HTTP_PORT -path:test')).toEqual(['src/retry.ts']);
    expect(await paths('http_port -path:test')).toContain('src/retry.ts');
  });

  test('-rev: leaves out what that rev has too', async () => {
    expect(await paths('acquire -rev:before')).toEqual(['src/fresh.ts']);
    expect(await paths('acquire rev:before')).not.toContain('src/fresh.ts');
  });

  test('matches are words or parts of identifiers, in UTF-16 units', async () => {
    const [wide] = await search('needle path:wide');
    const text = files['src/wide.ts'];
    expect(wide!.matches).toEqual([
      { line: 1, column: text.indexOf('needle') + 1, length: 6 },
      { line: 1, column: text.lastIndexOf('needle') + 1, length: 6 },
    ]);
    const [pool] = await search('session pool path:session-pool');
    const lines = pool!.text.split('\n');
    const marked = pool!.matches.map(({ line, column, length }) =>
      lines[line - 1]!.slice(column - 1, column - 1 + length),
    );
    expect(marked).toEqual(['sessions', 'Session', 'Pool', 'Session', 'Session']);
  });

  test('a query of function words alone still finds them, one of nothing is an error', async () => {
    expect(await paths('with')).not.toEqual([]);
    await expect(search('...')).rejects.toMatchObject({ code: 'QUERY_INVALID' });
  });

  test('more is a longer list, not another one', async () => {
    const few = await search('ledger total', { limit: 3 });
    expect((await search('ledger total', { limit: 8 })).slice(0, 3)).toEqual(few);
  });

  test('scores depend on the tree alone: another store, another history, other files beside', async () => {
    const other = makeRepository();
    other.commit({ 'zzz.ts': files['src/server.ts'], 'src/ledger.ts': 'export const ledger = 1;\n' });
    other.commit(Object.fromEntries(Object.entries(files).reverse()), { replace: true });
    const second = await openEngine({ repo: other.path, store: join(makeFolder(), 'store'), workers: 0 });
    try {
      await second.index(['HEAD~1']);
      for (const query of ['session pool', 'ledger total step', 'how are requests retried with backoff']) {
        const plain = (hits: readonly Hit[]): unknown => hits.map(({ rev: _, commit: __, ...hit }) => hit);
        expect(plain((await second.search(query)).hits)).toEqual(plain(await search(query, { rev: 'before' })));
      }
    } finally {
      await second.close();
    }
  });
});
