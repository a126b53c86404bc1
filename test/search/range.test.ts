import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine, SearchOptions, SearchResult } from '../../src/engine/types.js';
import { makeFolder, makeRepository } from '../support/git.js';

/** Large enough to be a chunk of its own. */
const definition = (name: string, word: string): string =>
  [
    `export function ${name}(input: string): string {`,
    ...Array.from({ length: 12 }, (_, i) => `  const ${name}${i} = input.slice(${i}, ${i + 1}); // ${word}`),
    '  return input;',
    '}',
    '',
    '',
  ].join('\n');

const [open, close, read] = ['openLedger', 'closeLedger', 'readLedger'].map((name) => definition(name, 'ledger'));
const before = {
  'src/grows.ts': open! + close!,
  'src/edited.ts': open! + close!,
  'src/shrinks.ts': open! + close!,
  'src/moved.ts': open! + close!,
  'src/doubled.ts': open! + close!,
  'src/old-name.ts': read!,
  'src/becomes-text.ts': `\0${read!}`,
  'src/same.ts': read!,
};
const after = {
  'src/grows.ts': definition('auditLedger', 'ledger') + open! + close!,
  'src/edited.ts': open! + close!.replace('return input', 'return `ledger of ${input}`'),
  'src/shrinks.ts': open!.replace(/.*slice\(3.*\n/, '') + close!,
  'src/moved.ts': close! + open!,
  'src/doubled.ts': open! + close! + open!,
  'src/old-name.ts': null,
  'src/new-name.ts': read!,
  'src/becomes-text.ts': read!,
  'test/new.test.ts': definition('testLedger', 'ledger'),
};
const newAtEnd = [
  'src/becomes-text.ts:1',
  'src/doubled.ts:33',
  'src/edited.ts:17',
  'src/grows.ts:1',
  'src/new-name.ts:1',
  'test/new.test.ts:1',
];

describe('ranked search over a range', () => {
  const repository = makeRepository({ name: 'ledgers' });
  const store = join(makeFolder(), 'store');
  let engine: Engine;
  const search = (query: string, rev: string, options: SearchOptions = {}): Promise<SearchResult> =>
    engine.search(query, { limit: 100, ...options, rev });
  const places = async (query: string, rev: string, options: SearchOptions = {}): Promise<string[]> =>
    (await search(query, rev, options)).hits.map(({ path, startLine }) => `${path}:${startLine}`);
  const sortedPlaces = async (query: string, rev: string): Promise<string[]> => (await places(query, rev)).sort();

  beforeAll(async () => {
    repository.commit(before);
    repository.tag('v1');
    repository.commit(after);
    repository.tag('v2');
    mkdirSync(store);
    writeFileSync(join(store, 'config.json'), JSON.stringify({ maxFileBytes: 20_000, maxExactBytes: 20_000 }));
    engine = await openEngine({ repo: repository.path, store, workers: 0 });
  });
  afterAll(() => engine.close());

  test('hits have a line that is new at their path', async () => {
    expect(await sortedPlaces('ledger', 'v1..v2')).toEqual(newAtEnd);
    expect(await sortedPlaces('kind:function', 'v1..v2')).toEqual(newAtEnd);
    expect(await sortedPlaces('ledger', 'v2..v1')).toEqual([
      'src/edited.ts:17',
      'src/old-name.ts:1',
      'src/shrinks.ts:1',
    ]);
    expect(await places('ledger', 'v1..v1')).toEqual([]);
  });

  test('they are ranked as in a search of the end, scores included', async () => {
    for (const query of ['ledger', 'audit ledger input', '"return" ledger', 'kind:function']) {
      const { hits } = await search(query, 'v2');
      const expected = hits.filter(({ path, startLine }) => newAtEnd.includes(`${path}:${startLine}`));
      expect((await search(query, 'v1..v2')).hits, query).toEqual(expected);
      expect((await search(query, 'v1..v2', { limit: 2 })).hits, query).toEqual(expected.slice(0, 2));
    }
  });

  test('the result tells both ends', async () => {
    const [v1, v2] = [repository.revParse('v1'), repository.revParse('v2')];
    expect(await search('ledger', 'v1..v2')).toMatchObject({ rev: 'v2', commit: v2, from: { rev: 'v1', commit: v1 } });
    expect((await search('ledger', 'v1..v2')).hits[0]).toMatchObject({ rev: 'v2', commit: v2 });
    expect(await search('ledger', 'v2')).not.toHaveProperty('from');
    // An empty side is HEAD, and what stands in the query wins.
    expect(await search('ledger', 'v1..')).toMatchObject({ rev: 'HEAD', from: { rev: 'v1' } });
    expect(await search('ledger rev:v2..v1', 'v2')).toMatchObject({ rev: 'v1', from: { rev: 'v2' } });
    expect(await search('ledger rev:..v1', 'v2')).toMatchObject({ rev: 'v1', from: { rev: 'HEAD', commit: v2 } });
    expect(await search('ledger repo:another', 'v1..v2')).toMatchObject({ rev: 'v2', from: { rev: 'v1' }, hits: [] });
  });

  test('filters hold as well', async () => {
    expect(await places('ledger -path:test lang:ts path:new', 'v1..v2')).toEqual(['src/new-name.ts:1']);
    expect(await places('ledger', 'v1..v2', { paths: ['test/'] })).toEqual(['test/new.test.ts:1']);
    expect(await places('ledger -rev:v2', 'v1..v2')).toEqual([]);
  });

  test('forks and the work tree can be ends; a file that was not searched had no lines', async () => {
    await engine.fork('try', { from: 'v2' });
    const huge = Buffer.from(read!.repeat(100));
    await engine.apply('try', [
      { kind: 'put', path: 'src/same.ts', content: huge },
      { kind: 'put', path: 'src/try.ts', content: Buffer.from(definition('tryLedger', 'ledger')) },
    ]);
    expect(await places('ledger', 'v2..fork:try')).toEqual(['src/try.ts:1']);
    expect(await places('ledger', 'try..v2')).toEqual(['src/same.ts:1']);
    repository.write('src/uncommitted.ts', read!);
    expect(await places('ledger', '..@worktree')).toEqual(['src/uncommitted.ts:1']);
    repository.remove('src/uncommitted.ts');
  });

  test('what is new is found however much else ranks above it', async () => {
    const crowded = makeRepository();
    const many = Array.from({ length: 400 }, (_, i) => [`src/n${i}.ts`, definition(`ledger${i}`, 'ledger')]);
    crowded.commit(Object.fromEntries(many));
    crowded.commit({
      'docs/fresh.md': 'Of many words one is ledger.\n',
      'src/n7.ts': definition('ledger7', 'ledgers'),
    });
    const other = await openEngine({ repo: crowded.path, store: join(makeFolder(), 'store'), workers: 0 });
    try {
      const { hits } = await other.search('ledger', { rev: 'HEAD~1..' });
      expect(hits.map(({ path }) => path)).toEqual(['src/n7.ts', 'docs/fresh.md']);
    } finally {
      await other.close();
    }
  });

  test('what is no range, or no place for one, is told so', async () => {
    const usage = { code: 'USAGE' };
    await expect(search('ledger', 'v1...v2')).rejects.toMatchObject(usage);
    await expect(search('ledger rev:v1...v2', 'v2')).rejects.toMatchObject(usage);
    await expect(search('ledger', 'v1..v2..v1')).rejects.toMatchObject(usage);
    await expect(search('ledger -rev:v1..v2', 'v2')).rejects.toMatchObject(usage);
    await expect(search('ledger', 'v1..nowhere')).rejects.toMatchObject({ code: 'REV_NOT_FOUND' });
    await expect(engine.symbols('readLedger', { rev: 'v1..v2' })).rejects.toMatchObject(usage);
    await expect(engine.show('v1..v2', 'src/same.ts')).rejects.toMatchObject(usage);
    await expect(engine.grep('ledger', { rev: 'v1..v2' })).rejects.toMatchObject(usage);
  });
});
