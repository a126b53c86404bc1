import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { createMcpServer } from '../../../src/api/mcp/serve-mcp.js';
import { toolsByName } from '../../../src/api/mcp/tools.js';
import { openEngines } from '../../../src/engine/index.js';
import type { Engines } from '../../../src/engine/types.js';
import { makeFolder, makeRepository, type TestRepository } from '../../support/git.js';
import { call, closeAfterTests, connect, makeEngines, makeProject } from './support.js';

let repository: TestRepository;
let engines: Engines;
let client: Client;

beforeAll(async () => {
  repository = makeProject();
  engines = await makeEngines();
  client = await connect(engines, repository.path);
});

type Hits = Record<string, unknown>[];

describe('the list of tools', () => {
  test('names what agents work with, each with schemas that are schemas', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([...toolsByName.keys()].filter((name) => name !== 'feedback'));
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    for (const { name, description, inputSchema, outputSchema } of tools) {
      expect(ajv.validateSchema(inputSchema), name).toBe(true);
      expect(ajv.validateSchema(outputSchema!), name).toBe(true);
      ajv.compile(inputSchema);
      ajv.compile(outputSchema!);
      expect(inputSchema, name).toMatchObject({ type: 'object' });
      expect(Object.keys(inputSchema.properties!), name).toContain('repo');
      for (const argument of Object.keys(inputSchema.properties!)) expect(argument).toMatch(/^[a-z_]+$/);
      expect(description!.length, name).toBeLessThan(330);
    }
  });

  test('has feedback only where the settings of the store allow it', async () => {
    const path = makeFolder();
    writeFileSync(join(path, 'config.json'), '{"feedback": true}');
    const allowing = await openEngines({ store: path, workers: 0 });
    closeAfterTests(() => allowing.close());
    const asked = await connect(allowing, repository.path);
    expect((await asked.listTools()).tools.map(({ name }) => name)).toEqual([...toolsByName.keys()]);
    const { path: place } = ((await call(asked, 'search', { query: 'Pool' })).data.hits as { path: string }[])[0]!;
    const told = { query: 'what holds connections?', path: place, start_line: 1 };
    const sets = [];
    for (const answered of [true, false]) sets.push((await call(asked, 'feedback', { ...told, answered })).data.set);
    const target = { path: place, startLine: 1, endLine: 1 };
    expect(
      readFileSync(sets[0] as string, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { query: told.query, category: 'feedback', relevant: [target] },
      { query: told.query, category: 'feedback', relevant: [], irrelevant: [target] },
    ]);
    expect((sets[0] as string).startsWith(path)).toBe(true);
    await expect(call(client, 'feedback', { ...told, answered: true })).rejects.toThrow('no tool "feedback"');
  });

  test('costs a session little: with the instructions less than 2,500 tokens of four bytes, and no schema of answers', async () => {
    const plain = await connect(engines, repository.path, false);
    const { tools } = await plain.listTools();
    expect(tools.some(({ outputSchema }) => outputSchema !== undefined)).toBe(false);
    expect(JSON.stringify(tools).length + plain.getInstructions()!.length).toBeLessThan(4 * 2500);
    expect(plain.getInstructions()!.split('\n')).toHaveLength(5);
  });

  test('answers in one form unless data is asked for', async () => {
    const plain = await connect(engines, repository.path, false);
    const answer = await plain.callTool({ name: 'search', arguments: { query: 'retry backoff' } });
    expect(Object.keys(answer)).toEqual(['content']);
    const both = await client.callTool({ name: 'search', arguments: { query: 'retry backoff' } });
    expect(Object.keys(both).sort()).toEqual(['content', 'structuredContent']);
  });

  test('says which tools change something', async () => {
    const { tools } = await client.listTools();
    const changing = tools.filter(({ annotations }) => annotations?.readOnlyHint !== true);
    expect(changing.map(({ name, annotations }) => [name, annotations?.destructiveHint])).toEqual([
      ['fork', false],
      ['apply', true],
      ['lease', false],
    ]);
    for (const { annotations } of tools) expect(annotations?.openWorldHint).toBe(false);
  });

  test('comes with a word on how to use it', () => {
    expect(client.getInstructions()).toMatch(/search.*grep.*read.*definition.*references.*symbols/s);
    expect(client.getServerVersion()).toMatchObject({ name: 'coppice', version: '1.2.3' });
  });
});

describe('search', () => {
  test('has the provenance and the lines of the engine', async () => {
    const { text, data } = await call(client, 'search', { query: 'retry backoff', rev: 'main' });
    const { hits } = await engines.open(repository.path).search('retry backoff', { rev: 'main', limit: 10 });
    const found = data['hits'] as Hits;
    expect(found.map(({ text: _, ...rest }) => rest)).toEqual(
      hits.map((hit) => ({
        repo: repository.path,
        rev: 'main',
        commit: repository.revParse('main'),
        freshness: 'exact',
        path: hit.path,
        blob: repository.revParse(`main:${hit.path}`),
        start_line: hit.startLine,
        end_line: hit.endLine,
        language: hit.language,
        symbol: hit.symbol,
        kind: hit.kind,
      })),
    );
    expect(text).toContain('src/retry.ts:1-6 function retryWithBackoff\n1\t/** Tries again');
    for (const { text: lines } of found) expect(text).toContain(lines);
  });

  test('finds what is on disk when no rev is given', async () => {
    const { text, data } = await call(client, 'search', { query: 'uncommittedCounter' });
    expect(text).toMatch(/^1 place at @worktree \(live\)/);
    expect(data).toMatchObject({ rev: '@worktree', commit: null, freshness: 'live' });
    expect((data['hits'] as Hits)[0]).toMatchObject({ path: 'src/pool.ts', commit: null, freshness: 'live' });
  });

  test('finds what is new in a range', async () => {
    const { text, data } = await call(client, 'search', { query: 'retryWithBackoff', rev: 'v1.0..main' });
    expect((data['hits'] as Hits).map(({ path }) => path)).toEqual(['src/main.ts']);
    expect(text).toContain('at v1.0..main');
  });

  test('shows of long places what matters, so that all have room', async () => {
    const filler = (name: string): string => Array.from({ length: 60 }, (_, i) => `  step${name}(${i});\n`).join('');
    const files = Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [
        `${name}.ts`,
        `export function long${name}() {\n${filler(name)}  needle();\n${filler(name)}}\n`,
      ]),
    );
    const other = makeRepository();
    other.commit(files);
    const { text, data } = await call(client, 'search', { query: 'needle', repo: other.path, max_tokens: 900 });
    expect((data['hits'] as Hits).map(({ path }) => String(path)).sort()).toEqual(['a.ts', 'b.ts', 'c.ts']);
    for (const { text } of data['hits'] as Hits) expect(text).toMatch(/^…\n.*needle\(\);.*\n…$/s);
    expect(text).not.toContain('raise max_tokens');
  });

  test('says so when there is nothing', async () => {
    const { text, data } = await call(client, 'search', { query: 'nowhereToBeFound', rev: 'main' });
    expect(text).toMatch(/^nothing found at main \([0-9a-f]{10}\)$/);
    expect(data).toMatchObject({ rev: 'main', hits: [] });
  });
});

describe('grep', () => {
  test('has every line that git grep finds, grouped by file', async () => {
    const { text, data } = await call(client, 'grep', { pattern: 'retry\\w+', rev: 'main' });
    const expected = repository.git('grep', '-nI', '-E', 'retry\\w+', 'main').split('\n');
    const hits = data['hits'] as { path: string; text: string; lines: number[] }[];
    const lines = hits.flatMap(({ path, text }) => text.split('\n').map((line) => `main:${path}:${line}`));
    expect(lines).toEqual(expected);
    expect(hits.flatMap(({ lines }) => lines)).toEqual(expected.map((line) => Number(line.split(':')[2])));
    expect(text).toBe(
      `4 lines in 3 files at main (${repository.revParse('main').slice(0, 10)})\n` +
        hits.map(({ path, text }) => `${path}\n${text}`).join('\n'),
    );
    expect(data['hits']).toContainEqual({
      repo: repository.path,
      rev: 'main',
      commit: repository.revParse('main'),
      freshness: 'exact',
      path: 'docs/read me.md',
      lines: [3],
      text: '3:How retryWithBackoff works.',
    });
  });

  test('shows context as grep does', async () => {
    const { data } = await call(client, 'grep', { pattern: 'acquire', rev: 'main', context: 1 });
    expect(data['hits']).toMatchObject([
      { lines: [3], text: '2-  private size = 0;\n3:  acquire() {\n4-    return this.size++;' },
    ]);
  });

  test('takes literal text, case and whole words as told', async () => {
    const count = async (args: Record<string, unknown>): Promise<number> =>
      ((await call(client, 'grep', { rev: 'main', ...args })).data['hits'] as Hits).length;
    expect(await count({ pattern: 'action()', literal: true })).toBe(1);
    expect(await count({ pattern: 'POOL' })).toBe(0);
    expect(await count({ pattern: 'POOL', ignore_case: true })).toBe(1);
    expect(await count({ pattern: 'retry', whole_word: true, paths: ['src'] })).toBe(1);
    expect(await count({ pattern: 'e', languages: ['markdown'] })).toBe(1);
  });

  test('tells what changed between two revs', async () => {
    const { text } = await call(client, 'grep', { pattern: '.', rev: 'main..@worktree' });
    expect(text).toContain('src/pool.ts\n');
    expect(text).toContain('+3:    return uncommittedCounter++;');
    expect(text).toContain('-4:    return this.size++;');
  });

  test('counts by file', async () => {
    const { text, data } = await call(client, 'grep', { pattern: 'retry', rev: 'main', files_only: true });
    expect(text).toMatch(/^3 files with 4 lines at main/);
    expect(text).toContain('src/main.ts: 2');
    expect((data['hits'] as Hits).map(({ path, count }) => [path, count])).toEqual([
      ['docs/read me.md', 1],
      ['src/main.ts', 2],
      ['src/retry.ts', 1],
    ]);
    const range = await call(client, 'grep', { pattern: 'retry', rev: 'v1.0..main', files_only: true });
    expect((range.data['hits'] as Hits).map(({ path, count }) => [path, count])).toEqual([['src/main.ts', 2]]);
  });

  test('is gone through page by page, each line once', async () => {
    const other = makeRepository();
    const body = (name: string): string =>
      Array.from({ length: 40 }, (_, i) => `const ${name}${i} = needle;\n`).join('');
    other.commit(
      Object.fromEntries(['a', 'b/c', 'b/d', 'e'].map((name) => [`${name}.ts`, body(name.replace('/', ''))])),
    );
    const seen: string[] = [];
    for (let offset = 0, pages = 0; ; pages++) {
      const { text, data } = await call(client, 'grep', {
        pattern: 'needle',
        repo: other.path,
        offset,
        max_tokens: 900,
      });
      for (const { path, text } of data['hits'] as Hits)
        seen.push(
          ...String(text)
            .split('\n')
            .map((line) => `${String(path)}:${line}`),
        );
      const next = /offset: (\d+)/.exec(text);
      if (next === null) break;
      expect(pages).toBeLessThan(50);
      expect(text).toMatch(/… \d+ more lines: .*\d+ in /);
      offset = Number(next[1]);
    }
    expect(seen.join('\n')).toBe(other.git('grep', '-n', 'needle'));
  });

  test('cuts a line of a minifier to where it matches', async () => {
    const other = makeRepository();
    other.commit({ 'min.js': `${'a=1;'.repeat(5000)}needle();${'b=2;'.repeat(5000)}\n` });
    const { text } = await call(client, 'grep', { pattern: 'needle', repo: other.path });
    expect(text).toMatch(/\n1:…(?:a=1;)+needle\(\);[b=2;]+…$/);
    expect(text.length).toBeLessThan(400);
  });
});

describe('symbols', () => {
  test('has what the engine finds, exact names first', async () => {
    const { text, data } = await call(client, 'symbols', { name: 'pool', rev: 'main' });
    const { symbols } = await engines.open(repository.path).symbols('pool', { rev: 'main' });
    expect((data['hits'] as Hits).map(({ path, line, name }) => [path, line, name])).toEqual(
      symbols.map(({ path, line, name }) => [path, line, name]),
    );
    expect(text).toContain('src/pool.ts:1 class: export class Pool {');
  });

  test('tells that only similar names were found', async () => {
    const { text } = await call(client, 'symbols', { name: 'retryWith', rev: 'main' });
    expect(text).toMatch(/^no exact match, 1 similar name at main/);
    expect((await call(client, 'symbols', { name: 'zzzzzz' })).text).toMatch(/^no definition found at @worktree/);
  });

  test('takes kinds', async () => {
    const { text } = await call(client, 'symbols', { name: 'acquire', kinds: ['method'], rev: 'main' });
    expect(text).toContain('src/pool.ts:3 method in Pool: acquire() {');
    expect((await call(client, 'symbols', { name: 'acquire', kinds: 'class', rev: 'main' })).data['hits']).toEqual([]);
  });
});

describe('read', () => {
  test('has the numbered lines, and the blob that git has', async () => {
    const { text, data } = await call(client, 'read', {
      path: 'src/retry.ts',
      rev: 'main',
      start_line: 3,
      end_line: 4,
    });
    const lines = '3\t  for (let attempt = 0; attempt < 5; attempt++) {\n4\t    await action();';
    expect(text).toBe(`src/retry.ts at main (${repository.revParse('main').slice(0, 10)}): lines 3-4 of 6\n${lines}`);
    expect(data).toEqual({
      repo: repository.path,
      rev: 'main',
      commit: repository.revParse('main'),
      freshness: 'exact',
      path: 'src/retry.ts',
      blob: repository.revParse('main:src/retry.ts'),
      start_line: 3,
      end_line: 4,
      total_lines: 6,
      text: lines,
    });
  });

  test('reads the work tree as it is now', async () => {
    const own = makeProject();
    const args = { path: './src/pool.ts', repo: own.path };
    expect((await call(client, 'read', args)).text).toContain('uncommittedCounter');
    own.write('src/pool.ts', 'changed again\n');
    const { text, data } = await call(client, 'read', args);
    expect(text).toBe('src/pool.ts at @worktree (live): lines 1-1 of 1\n1\tchanged again');
    expect(data['blob']).toBe(own.git('hash-object', 'src/pool.ts'));
  });

  test('goes on where it had no room', async () => {
    const other = makeRepository();
    other.commit({ 'long.txt': Array.from({ length: 500 }, (_, i) => `line number ${i + 1}\n`).join('') });
    const seen: string[] = [];
    for (let start_line = 1; ;) {
      const { text, data } = await call(client, 'read', {
        path: 'long.txt',
        repo: other.path,
        start_line,
        max_tokens: 600,
      });
      seen.push(...String(data['text']).split('\n'));
      const next = /Go on with start_line: (\d+)/.exec(text);
      if (next === null) break;
      start_line = Number(next[1]);
    }
    expect(seen).toEqual(Array.from({ length: 500 }, (_, i) => `${i + 1}\tline number ${i + 1}`));
  });

  test('tells of a binary and of an empty file', async () => {
    const { text, data } = await call(client, 'read', { path: 'logo.png', rev: 'main' });
    expect(text).toMatch(/^logo\.png at main \(.*\): binary, 4 bytes$/);
    expect(data).toMatchObject({ binary: true, blob: repository.revParse('main:logo.png') });
    const own = makeRepository();
    own.commit({ empty: '' });
    expect((await call(client, 'read', { path: 'empty', repo: own.path })).text).toMatch(/: empty$/);
  });

  test('lists a folder', async () => {
    const top = await call(client, 'read', { path: '.', rev: 'main' });
    expect(top.text.split('\n').slice(1)).toEqual(['docs/ 1 file', 'logo.png 4 B', 'src/ 3 files']);
    for (const path of ['src', 'src/', '/src']) {
      const { text, data } = await call(client, 'read', { path, rev: 'main' });
      expect(text, path).toMatch(
        /^src\/ at main \([0-9a-f]+\): 3 files\nmain\.ts \d+ B\npool\.ts \d+ B\nretry\.ts \d+ B$/,
      );
      expect(data['path']).toBe('src');
    }
  });

  test('lists folders whose names are no plain pattern', async () => {
    const other = makeRepository();
    other.commit({ '[id]/a.ts': 'x\n', '!not/b.ts': 'x\n', 'i/a.ts': 'x\n', 'z*/c.ts': 'x\n', 'zz/d.ts': 'x\n' });
    for (const [folder, file] of [
      ['[id]', 'a.ts'],
      ['!not', 'b.ts'],
      ['z*', 'c.ts'],
    ] as const) {
      const { text } = await call(client, 'read', { path: folder, repo: other.path });
      expect(text.split('\n').slice(1), folder).toEqual([`${file} 2 B`]);
    }
  });
});

test('outline has the definitions of a file, nested', async () => {
  const { text, data } = await call(client, 'outline', { path: 'src/pool.ts', rev: 'main' });
  const { symbols } = await engines.open(repository.path).outline('main', 'src/pool.ts');
  expect(data['symbols']).toEqual(symbols);
  expect(text).toMatch(/: \d definitions\n1-\d+ class Pool\n.* 3-\d+ method acquire\n 6-\d+ method release$/s);
});

test('list_revs has branches, tags and forks', async () => {
  await call(client, 'fork', { name: 'try-1' });
  const { text, data } = await call(client, 'list_revs');
  const short = (rev: string): string => repository.revParse(rev).slice(0, 10);
  expect(text).toContain(`branch main ${short('main')} (checked out)`);
  expect(text).toContain(`tag v1.0 ${short('v1.0')}`);
  expect(text).toContain('fork try-1');
  expect(data['revs']).toContainEqual(
    expect.objectContaining({ rev: 'v1.0', kind: 'tag', commit: repository.revParse('v1.0') }),
  );
  expect((await call(client, 'list_revs', { match: 'V1' })).text).toMatch(/^1 name\ntag v1\.0/);
});

test('compare tells which files differ', async () => {
  const { text, data } = await call(client, 'compare');
  expect(text).toMatch(/^1 file differs between HEAD \([0-9a-f]{10}\) and @worktree \(live\)\nM src\/pool\.ts$/);
  expect(data).toMatchObject({ rev: '@worktree', base: { rev: 'HEAD', commit: repository.revParse('HEAD') } });
  const older = await call(client, 'compare', { base: 'main', rev: 'v1.0' });
  expect(older.data['files']).toEqual([{ path: 'src/main.ts', change: 'removed' }]);
  expect((await call(client, 'compare', { base: 'main', rev: 'main' })).text).toMatch(/^no file differs/);
});

test('log tells which commits added and removed a line', async () => {
  const own = makeProject();
  const added = own.revParse('HEAD');
  const removed = own.commit({ 'src/main.ts': null }, { message: 'take main away\n' });
  const args = { repo: own.path, literal: true };
  const { text, data } = await call(client, 'log', { ...args, pattern: 'retryWithBackoff(run)' });
  expect(data['lines']).toMatchObject([
    {
      line: 'await retryWithBackoff(run);',
      changes: [
        { change: 'removed', commit: removed, author: 'Ada', subject: 'take main away', paths: ['src/main.ts'] },
        { change: 'added', commit: added },
      ],
      refs: [],
    },
  ]);
  expect(text).toContain(`  - ${removed.slice(0, 10)} 2023-11-14 Ada: take main away (src/main.ts)`);
  expect((await call(client, 'log', { ...args, pattern: 'never there' })).text).toContain('No line of it matches.');
});

describe('forks', () => {
  test('are made of the work tree, edited and searched', async () => {
    const made = await call(client, 'fork', { name: 'try-2', ttl_minutes: 60 });
    expect(made.text).toMatch(/^try-2 is a fork of @worktree: .* It is dropped at 20\d\d-/);
    const put = { kind: 'put', path: 'src/new.ts', text: 'export const fresh = uncommittedCounter;\n' };
    const patch = {
      kind: 'patch',
      text: '--- a/docs/read me.md\t\n+++ b/docs/read me.md\t\n@@ -1,3 +1,3 @@\n-# Retry\n+# Again\n \n How retryWithBackoff works.\n',
    };
    const applied = await call(client, 'apply', {
      name: 'try-2',
      steps: [put, patch, { kind: 'remove', path: 'logo.png' }],
    });
    expect(applied.text).toBe('3 files changed in try-2: search or read it with rev: "try-2"');
    expect(
      (await call(client, 'grep', { pattern: 'uncommittedCounter', rev: 'try-2', files_only: true })).text,
    ).toContain('src/new.ts: 1');
    expect((await call(client, 'read', { path: 'docs/read me.md', rev: 'try-2' })).text).toContain('1\t# Again');
    expect((await call(client, 'compare', { base: '@worktree', rev: 'try-2' })).text).toContain('D logo.png');
    expect(repository.git('status', '--porcelain')).toBe(' M src/pool.ts');
  });

  test('a lease holds what the work tree was', async () => {
    const own = makeProject();
    const { text, data } = await call(client, 'lease', { ttl_minutes: 5, repo: own.path });
    const lease = String(data['lease']);
    expect(text).toContain(`${lease} holds @worktree until 20`);
    own.write('src/pool.ts', 'gone\n');
    const args = { pattern: 'uncommittedCounter', repo: own.path };
    expect((await call(client, 'grep', args)).data['hits']).toEqual([]);
    expect((await call(client, 'grep', { ...args, rev: lease })).data['hits']).toHaveLength(1);
  });
});

test('status tells what is indexed', async () => {
  await call(client, 'search', { query: 'pool', rev: 'main' });
  const { text, data } = await call(client, 'status');
  expect(text).toMatch(/^\d+ repositories, [\d.]+ MB, .*\nrepo \(.*\), \d of \d revs? indexed/);
  expect(text).toContain(`  main ${repository.revParse('main').slice(0, 10)} indexed`);
  expect(data['store']).toBe(engines.storePath);
});

test('a bare repository is searched at HEAD when no rev is given', async () => {
  const bare = makeRepository({ bare: true });
  bare.commit({ 'a.ts': 'const inBare = 1;\n' });
  for (const [tool, args] of [
    ['search', { query: 'inBare' }],
    ['grep', { pattern: 'inBare' }],
    ['read', { path: 'a.ts' }],
    ['outline', { path: 'a.ts' }],
    ['symbols', { name: 'inBare' }],
    ['compare', {}],
  ] as const) {
    const { text, data } = await call(client, tool, { ...args, repo: bare.path });
    expect(data, `${tool}: ${text}`).toMatchObject({ rev: 'HEAD', commit: bare.revParse('HEAD'), repo: bare.path });
  }
});

test('several calls at once answer each their own', async () => {
  const patterns = ['acquire', 'release', 'attempt', 'backoff', 'import', 'export'];
  const answers = await Promise.all(
    patterns.map((pattern) => call(client, 'grep', { pattern, rev: 'main', ignore_case: true })),
  );
  answers.forEach(({ text }, i) => expect(text.toLowerCase()).toContain(patterns[i]));
});

test('a text that is not UTF-8 arrives as text', async () => {
  const own = makeRepository();
  own.commit({ 'latin.txt': Buffer.from('caf\xe9 needle\n', 'latin1') });
  const args = { rev: 'main', repo: own.path };
  for (const answer of [
    await call(client, 'grep', { pattern: 'needle', ...args }),
    await call(client, 'search', { query: 'needle', ...args }),
    await call(client, 'read', { path: 'latin.txt', ...args }),
  ]) {
    expect(answer.text).toContain('caf\ufffd needle');
    expect(JSON.stringify(answer.data)).toContain('caf\ufffd needle');
  }
});

describe('definition and references', () => {
  test('definition shows the code of what a name names; of none the names like it', async () => {
    const { text } = await call(client, 'definition', { name: 'retryWithBackoff', rev: 'HEAD' });
    expect(text).toMatch(/^1 definition at HEAD .*\n\nsrc\/retry\.ts:2-6 function retryWithBackoff\n/);
    expect(text).toContain('Tries again, waiting longer each time.');
    expect(text).toContain('4\t    await action();');
    const none = await call(client, 'definition', { name: 'retryWithBackof', rev: 'HEAD' });
    expect(none.text).toContain('names like it: retryWithBackoff');
  });

  test('references say who uses it, by the function around, and where else it is named', async () => {
    const { text } = await call(client, 'references', { name: 'retryWithBackoff', rev: 'HEAD' });
    expect(text.split('\n')).toEqual([
      expect.stringMatching(
        /^3 lines in 0 functions and types of 2 files; named in 1 line of docs or data too at HEAD/,
      ),
      'src/main.ts',
      " 1: import { retryWithBackoff } from './retry.js';",
      ' 2: await retryWithBackoff(run);',
      'src/retry.ts',
      ' 2: (defines it) export async function retryWithBackoff(action: () => Promise<void>) {',
    ]);
    const inside = await call(client, 'references', { name: 'size', rev: 'HEAD' });
    expect(inside.text).toContain('3-5 method Pool.acquire\n 4: return this.size++;');
    const on = await call(client, 'references', { name: 'retryWithBackoff', rev: 'HEAD', offset: 2 });
    expect(on.data['groups']).toHaveLength(1);
  });
});

describe('grep in paths that are not there', () => {
  test('says so, and what may have been meant', async () => {
    for (const files_only of [false, true]) {
      const { text } = await call(client, 'grep', {
        pattern: 'retry',
        paths: ['lib/retry.ts'],
        rev: 'HEAD',
        files_only,
      });
      expect(text).toMatch(/^no line matches at HEAD .*; no file matches lib\/retry\.ts \(there is src\/retry\.ts\)/);
    }
    const { text } = await call(client, 'grep', { pattern: 'retry', paths: ['src/pool.js'], rev: 'HEAD' });
    expect(text).toContain('(there is src/pool.ts)');
  });
});

describe('packages', () => {
  test('are searched and read beside the own files or instead of them', async () => {
    const project = makeRepository();
    project.commit({
      'package.json': '{"name": "app", "dependencies": {"near": "1.0.0"}}',
      '.gitignore': 'node_modules/\n',
      'src/own.ts': 'export function needleOwn(): void {}\n',
    });
    project.write('node_modules/near/package.json', '{"name": "near", "version": "1.0.0"}');
    project.write('node_modules/near/index.js', 'export function needleNear() {}\n');
    const asked = await connect(engines, project.path);
    const found = async (tool: string, args: object): Promise<string[]> => {
      const { text, isError } = await call(asked, tool, { ...args });
      expect([isError, text]).toEqual([false, expect.any(String)]);
      return [text.includes('needleOwn') ? 'own' : '', text.includes('needleNear') ? 'near' : ''].filter(Boolean);
    };
    for (const [tool, args] of [
      ['grep', { pattern: 'needle' }],
      ['search', { query: 'needle' }],
      ['symbols', { name: 'needle' }],
    ] as const) {
      expect([tool, await found(tool, args)]).toEqual([tool, ['own']]);
      expect([tool, await found(tool, { ...args, deps: [] })]).toEqual([tool, ['own']]);
      expect([tool, await found(tool, { ...args, deps: ['*'] })]).toEqual([tool, ['near']]);
      expect([tool, await found(tool, { ...args, deps: 'near' })]).toEqual([tool, ['near']]);
      expect([tool, await found(tool, { ...args, with_deps: true })]).toEqual([tool, ['own', 'near']]);
    }
    const path = 'node_modules/near/index.js';
    expect(await found('read', { path, with_deps: true })).toEqual(['near']);
    expect((await call(asked, 'read', { path: 'node_modules/near', with_deps: true })).text).toContain('index.js');
    expect((await call(asked, 'read', { path })).text).toMatch(/^PATH_NOT_FOUND/);
    expect((await call(asked, 'grep', { pattern: 'x', deps: ['far'] })).text).toMatch(/^PACKAGE_NOT_FOUND/);
  });
});

describe('the repository', () => {
  test('may be a path, a file: URI, ~, a path from the usual one, or a name', async () => {
    const name = repository.path.split('/').slice(-2).join('/');
    await call(client, 'search', { query: 'retry' });
    const home = process.env.HOME;
    process.env.HOME = dirname(dirname(repository.path));
    try {
      for (const repo of [
        repository.path,
        pathToFileURL(repository.path).href,
        `~/${name}`,
        '.',
        `../../${name}`,
        name,
      ]) {
        const { text, isError } = await call(client, 'grep', { pattern: 'class Pool', rev: 'HEAD', repo });
        expect(text, repo).toContain('class Pool');
        expect(isError).toBe(false);
      }
    } finally {
      process.env.HOME = home;
    }
    const unknown = await call(client, 'grep', { pattern: 'x', repo: 'no-such-name' });
    expect(unknown.text).toMatch(
      /^NOT_A_REPOSITORY: .*no-such-name.*\ngive repo: the path or the name of a repository, such as /s,
    );
  });

  test('that nobody names is the one that the client has open', async () => {
    const server = await createMcpServer({ engines, defaultRepo: makeFolder(), version: '1' });
    const asking = new Client({ name: 'test', version: '0' }, { capabilities: { roots: { listChanged: true } } });
    let asked = 0;
    asking.setRequestHandler(ListRootsRequestSchema, () => {
      asked++;
      return { roots: [{ uri: pathToFileURL(repository.path).href, name: 'project' }] };
    });
    const [near, far] = InMemoryTransport.createLinkedPair();
    await server.connect(far);
    await asking.connect(near);
    for (let i = 0; i < 2; i++)
      expect((await call(asking, 'grep', { pattern: 'class Pool' })).text).toContain('class Pool');
    expect(asked).toBe(1);
    await asking.sendRootsListChanged();
    await call(asking, 'grep', { pattern: 'class Pool' });
    expect(asked).toBe(2);
    await asking.close();
  });
});
