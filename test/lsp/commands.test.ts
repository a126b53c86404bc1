import { describe, expect, test } from 'vitest';
import type { Hit, LineMatch, NamedRev, RangeLineMatch, SymbolHit } from '../../src/engine/index.js';
import { makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';
import { Editor, failure, uriOf } from './support/editor.js';

interface Placed {
  readonly uri: string;
  readonly range: object;
}
interface Results {
  readonly hits: readonly (Hit & Placed & { matches: readonly { range: object }[] })[];
  readonly lines: readonly (LineMatch & RangeLineMatch & Placed)[];
  readonly symbols: readonly (SymbolHit & Placed)[];
  readonly revs: readonly (NamedRev & { folder: string })[];
  readonly truncated: boolean;
  readonly repositories: readonly { folder: string; error?: { code: string; message: string }; rev?: unknown }[];
}

const span = (line: number, from: number, to: number, toLine = line) => ({
  start: { line, character: from },
  end: { line: toLine, character: to },
});

function sample(): TestRepository {
  const repository = makeRepository();
  repository.commit({ 'a.txt': 'one\ntwo\n' });
  repository.tag('v1');
  repository.commit({ 'a.txt': 'one\nthree needle\n', 'src/lib.ts': 'export function needle() {\n  return 1;\n}\n' });
  return repository;
}

async function editorOf(...repositories: readonly TestRepository[]): Promise<Editor> {
  const editor = new Editor();
  await editor.initialize(repositories.map(({ path }) => path));
  return editor;
}

describe('coppice.search', () => {
  test('gives hits with their place', async () => {
    const repository = sample();
    const editor = await editorOf(repository);
    const { hits, repositories } = await editor.command<Results>('coppice.search', { query: 'needle', limit: 1 });
    expect(hits).toHaveLength(1);
    expect(hits[0]).toMatchObject({
      path: 'src/lib.ts',
      uri: `${uriOf(repository.path)}/src/lib.ts`,
      range: span(0, 0, 0, 3),
      freshness: 'live',
      matches: [{ line: 1, column: 17, length: 6, range: span(0, 16, 22) }],
    });
    expect(repositories).toMatchObject([{ folder: `${uriOf(repository.path)}/`, rev: '@worktree' }]);
  });

  test('takes a rev, a range, and filters', async () => {
    const editor = await editorOf(sample());
    const paths = async (more: object) =>
      (await editor.command<Results>('coppice.search', { query: 'needle', ...more })).hits.map(({ path }) => path);
    expect(await paths({ rev: 'v1' })).toEqual([]);
    expect((await paths({ rev: 'v1..main' })).sort()).toEqual(['a.txt', 'src/lib.ts']);
    expect(await paths({ paths: ['src'], mode: 'lexical' })).toEqual(['src/lib.ts']);
    expect(await paths({ languages: ['text'] })).toEqual(['a.txt']);
    expect(await paths({ languages: null, rev: null, allowStale: true })).toHaveLength(2);
  });

  test('merges repositories by score', async () => {
    const [one, two] = [sample(), makeRepository({ name: 'two' })];
    two.commit({ 'b.md': '# needle needle\n\nneedle\n' });
    const editor = await editorOf(one, two);
    const { hits, repositories } = await editor.command<Results>('coppice.search', { query: 'needle' });
    expect(hits.map(({ path }) => path).sort()).toEqual(['a.txt', 'b.md', 'src/lib.ts']);
    const scores = hits.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(repositories).toHaveLength(2);
    const only = await editor.command<Results>('coppice.search', {
      query: 'needle',
      folder: uriOf(`${two.path}/b.md`),
    });
    expect(only.hits.map(({ path }) => path)).toEqual(['b.md']);
  });
});

describe('coppice.grep', () => {
  test('gives lines with their place', async () => {
    const repository = sample();
    const editor = await editorOf(repository);
    const { lines, truncated } = await editor.command<Results>('coppice.grep', { pattern: 'NEEDLE', ignoreCase: true });
    expect(lines).toEqual([
      {
        path: 'a.txt',
        line: 2,
        column: 7,
        length: 6,
        text: 'three needle',
        uri: `${uriOf(repository.path)}/a.txt`,
        folder: `${uriOf(repository.path)}/`,
        range: span(1, 6, 12),
      },
      {
        path: 'src/lib.ts',
        line: 1,
        column: 17,
        length: 6,
        text: 'export function needle() {',
        uri: `${uriOf(repository.path)}/src/lib.ts`,
        folder: `${uriOf(repository.path)}/`,
        range: span(0, 16, 22),
      },
    ]);
    expect(truncated).toBe(false);
  });

  test('stops at maxCount, and gives context', async () => {
    const editor = await editorOf(sample());
    const some = await editor.command<Results>('coppice.grep', { pattern: 'needle', maxCount: 1 });
    expect(some.lines.map(({ path }) => path)).toEqual(['a.txt']);
    expect(some.truncated).toBe(true);
    const { lines } = await editor.command<Results>('coppice.grep', {
      pattern: 'needle',
      paths: ['a.txt'],
      context: 1,
    });
    expect(lines.map(({ line, context, range }) => ({ line, context, range }))).toEqual([
      { line: 1, context: true, range: span(0, 0, 3) },
      { line: 2, context: undefined, range: span(1, 6, 12) },
    ]);
  });

  test('of a range: what either side has alone', async () => {
    const editor = await editorOf(sample());
    const { lines } = await editor.command<Results>('coppice.grep', { pattern: 'two|three', rev: 'v1..HEAD' });
    expect(lines.map(({ side, text }) => side + text).sort()).toEqual(['+three needle', '-two']);
    expect(await failure(editor.command('coppice.grep', { pattern: 'x', rev: 'v1..', context: 1 }))).toMatchObject({
      data: { code: 'USAGE' },
    });
  });
});

test('coppice.symbols gives definitions with their place', async () => {
  const repository = sample();
  const editor = await editorOf(repository);
  const { symbols } = await editor.command<Results>('coppice.symbols', { name: 'needle', kinds: ['function'] });
  expect(symbols).toMatchObject([
    { name: 'needle', uri: `${uriOf(repository.path)}/src/lib.ts`, range: span(0, 16, 22) },
  ]);
  expect((await editor.command<Results>('coppice.symbols', { name: 'needle', rev: 'v1' })).symbols).toEqual([]);
});

test('coppice.revs gives what can be searched, of each repository', async () => {
  const [one, two] = [sample(), makeRepository({ name: 'two' })];
  two.commit({ a: '' });
  const editor = await editorOf(one, two);
  const { revs } = await editor.command<Results>('coppice.revs');
  const named = (folder: string) => revs.filter((rev) => rev.folder === folder).map(({ rev }) => rev);
  expect(named(`${uriOf(one.path)}/`)).toEqual(expect.arrayContaining(['HEAD', '@worktree', 'main', 'v1']));
  expect(named(`${uriOf(two.path)}/`)).toEqual(expect.arrayContaining(['HEAD', 'main']));
  expect((await editor.command<Results>('coppice.revs', { match: 'V1' })).revs.map(({ rev }) => rev)).toEqual(['v1']);
});

describe('errors', () => {
  test.each([
    ['coppice.search', {}, 'query is missing'],
    ['coppice.search', { query: 5 }, 'query must be a string'],
    ['coppice.search', { query: 'x', limit: 0 }, 'limit must be a whole number from 1 to 10000'],
    ['coppice.search', { query: 'x', limit: 1.5 }, 'limit must be'],
    ['coppice.search', { query: 'x', mode: 'magic' }, 'mode must be one of hybrid, lexical, semantic'],
    ['coppice.search', { query: 'x', paths: 'src' }, 'paths must be a list of strings'],
    ['coppice.search', { query: 'x', ref: 'main' }, 'unknown argument ref'],
    ['coppice.search', 'x', 'must be an object'],
    ['coppice.search', ['x'], 'must be an object'],
    ['coppice.grep', { pattern: 'x', literal: 1 }, 'literal must be true or false'],
    ['coppice.grep', { pattern: 'x', rev: 'a...b' }, 'a range is written A..B'],
    ['coppice.symbols', { name: '' }, 'the name is empty'],
  ])('%s %j: %s', async (command, argument, message) => {
    const error = await failure((await editorOf(sample())).command(command, argument));
    expect(error).toMatchObject({ code: -32602, data: { code: 'USAGE' } });
    expect(error.message).toContain(message);
  });

  test.each([
    ['coppice.grep', { pattern: '(' }, 'PATTERN_INVALID'],
    ['coppice.search', { query: '"x' }, 'QUERY_INVALID'],
    ['coppice.search', { query: 'x', rev: 'nope' }, 'REV_NOT_FOUND'],
    ['coppice.search', { query: 'x', folder: 'untitled:1' }, 'NOT_A_REPOSITORY'],
    ['coppice.search', { query: 'x', folder: 'file:///' }, 'NOT_A_REPOSITORY'],
  ])('%s %j fails with %s', async (command, argument, code) => {
    const error = await failure((await editorOf(sample())).command(command, argument));
    expect(error).toMatchObject({ code: -32803, data: { code } });
  });

  test('more than one argument, or no repository at all', async () => {
    const editor = await editorOf();
    const twice = { command: 'coppice.search', arguments: [{ query: 'x' }, { query: 'y' }] };
    expect(await failure(editor.request('workspace/executeCommand', twice))).toMatchObject({ data: { code: 'USAGE' } });
    const error = await failure(editor.command('coppice.search', { query: 'x' }));
    expect(error).toMatchObject({ data: { code: 'NOT_A_REPOSITORY' } });
  });

  test('a rev that only one repository has is searched there', async () => {
    const [one, two] = [sample(), makeRepository({ name: 'two' })];
    two.commit({ a: 'two\n' });
    const editor = await editorOf(one, two);
    const { lines, repositories } = await editor.command<Results>('coppice.grep', { pattern: 'two', rev: 'v1' });
    expect(lines.map(({ path }) => path)).toEqual(['a.txt']);
    expect(repositories.map(({ error }) => error?.code)).toEqual([undefined, 'REV_NOT_FOUND']);
  });
});
