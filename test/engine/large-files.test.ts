import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/index.js';
import type { Engine } from '../../src/index.js';
import { compareGrep, gitGrep, hasPerlPatterns } from '../property/support/git-grep.js';
import { randomText } from '../property/support/large-text.js';
import { makeFolder, makeRepository } from '../support/git.js';
import type { Files, TestRepository } from '../support/git.js';

const opened: Engine[] = [];
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close();
});

async function open(
  repository: TestRepository,
  options: { store?: string; workers?: number; onNote?: (note: string) => void } = {},
): Promise<Engine> {
  const engine = await openEngine({ repo: repository.path, store: makeFolder(), workers: 0, ...options });
  opened.push(engine);
  return engine;
}

/** Over a bound of ranking of 200,000 bytes each, one over what is analysed at once: a bundle, a line without end, records, a table with CRLF, Latin-1, no end of the last line. */
function largeFiles(seed: number): Files {
  const word = randomText(seed);
  const lines = (bytes: number, line: () => string, end = '\n'): string => {
    const all: string[] = [];
    for (let size = 0; size < bytes; size += all.at(-1)!.length + end.length) all.push(line());
    return all.join(end);
  };
  const bundle = lines(1_300_000, () => `var ${word()}=function(${word()}){return ${word()}("${word()}")};`);
  return {
    'releases/yarn.cjs': `#!/usr/bin/env node\n/* eslint-disable */\n${bundle}\n`,
    'one-line.js': lines(250_000, () => `${word()}=${word()}(needle${word()});`, ''),
    'data.json': lines(450_000, () => `  {"id": "${word()}", "tags": ["${word()}", "${word()}"]},`),
    'table.csv': lines(230_000, () => `${word()},${word()},${word()}`, '\r\n'),
    'latin.txt': Buffer.from(
      lines(220_000, () => `caf\xe9 ${word()} \xfcber`),
      'latin1',
    ),
    'tall.txt': '\n'.repeat(230_000) + 'needle',
    'small.ts': 'export const needle = 1;\n',
    'late.dat': Buffer.concat([Buffer.from('needle\n'.repeat(40_000)), Buffer.from([0]), Buffer.from('\nneedle\n')]),
    'binary.dat': Buffer.concat([Buffer.from([0]), Buffer.from('needle\n'.repeat(40_000))]),
  };
}

const searches = [
  'needle',
  'a1b',
  '^$',
  'var [a-f]+=',
  '\\d{4}"\\};$',
  'é',
  ',9[0-9a-z]*\r$',
  '\\}$',
  'node',
  'zzzzzz',
];

describe('files too large to be ranked', () => {
  test.each([0, 2])('exact search finds what git grep finds; with %i workers', async (workers) => {
    const repository = makeRepository({ bare: true });
    const commit = repository.commit(largeFiles(workers + 1));
    if (!hasPerlPatterns(repository.gitDir)) return;
    const store = makeFolder();
    writeFileSync(join(store, 'config.json'), '{"maxFileBytes": 200000}');
    const engine = await open(repository, { workers, store });
    for (const pattern of searches) {
      for (const literal of pattern === 'needle' ? [true, false] : [false]) {
        const search = { pattern, literal, ignoreCase: false, wholeWord: false };
        const compared = await compareGrep(engine, repository.gitDir, commit, search, new Set());
        expect({ pattern, missing: compared.missing.slice(0, 3), extra: compared.extra.slice(0, 3) }).toEqual({
          pattern,
          missing: [],
          extra: [],
        });
      }
    }
    const counted = await engine.grepCounts('needle', { rev: commit });
    const expected = new Map<string, number>();
    const all = { pattern: 'needle', literal: true, ignoreCase: false, wholeWord: false };
    for (const line of gitGrep(repository.gitDir, commit, all, new Set())) {
      const path = line.slice(0, line.indexOf(':'));
      expected.set(path, (expected.get(path) ?? 0) + 1);
    }
    expect(new Map(counted.files.map(({ path, count }) => [path, count]))).toEqual(expected);
    expect(counted.unsearched).toEqual([]);
    expect((await engine.search('needle')).hits.map(({ path }) => path)).toEqual(['small.ts']);
    expect((await engine.search('needle path:data.json')).hits).toEqual([]);
    expect((await engine.search('needle')).coverage.semantic).toBe(1);
    expect((await engine.doctor()).problems).toEqual([]);
    expect(Buffer.from((await engine.show(commit, 'tall.txt')).content).length).toBe(230_006);
  });

  test('they have no say in how the others rank', async () => {
    const small: Files = { 'a.ts': 'export const needle = 1;\n', 'b.ts': 'needle\nother\n', 'c.md': '# the needle\n' };
    const repository = makeRepository({ bare: true });
    repository.commit(small, { branch: 'small', parents: [] });
    repository.commit({ ...small, 'large.txt': 'needle other\n'.repeat(200_000) }, { branch: 'large', parents: [] });
    const engine = await open(repository);
    const ranked = async (rev: string): Promise<unknown> =>
      (await engine.search('needle', { rev })).hits.map(({ path, signals }) => ({ path, signals }));
    expect(await ranked('large')).toEqual(await ranked('small'));
  });

  test('ranges, history, edited forks, the work tree and collection know them', async () => {
    const lines = Array.from({ length: 150_000 }, (_, i) => `record ${i} of many`);
    const at = (i: number, text: string): string =>
      [...lines.slice(0, i), text, ...lines.slice(i + 1)].join('\n') + '\n';
    const repository = makeRepository();
    repository.commit({ 'large.txt': lines.join('\n') + '\n', 'a.txt': 'a\n' });
    const second = repository.commit({ 'large.txt': at(70_000, 'a needle here') });
    const store = makeFolder();
    const engine = await open(repository, { store });
    const { chunks } = await engine.status();
    await engine.grep('x', { rev: 'HEAD~1' });
    const before = (await engine.status()).chunks;
    const range = await engine.grepRange('needle|record 70000 ', 'HEAD~1', 'HEAD');
    // Two versions have nearly all chunks in common.
    expect((await engine.status()).chunks - before).toBeLessThan(5);
    expect(chunks).toBeLessThan(before);
    expect(range.lines.map(({ side, line, text }) => `${side}${line}:${text}`)).toEqual([
      '-70001:record 70000 of many',
      '+70001:a needle here',
    ]);
    const histories = [];
    for await (const history of engine.log('needle')) histories.push(history);
    expect(histories.map(({ line, appeared }) => [line, appeared[0]!.commit])).toEqual([['a needle here', second]]);

    const find = async (rev: string): Promise<string[]> =>
      (await engine.grep('needle', { rev })).lines.map(({ path, line }) => `${path}:${line}`);
    await engine.fork('f');
    await engine.apply('f', [
      { kind: 'put', path: 'own.txt', content: Buffer.from(at(3, 'own needle')) },
      { kind: 'remove', path: 'large.txt' },
    ]);
    expect(await find('f')).toEqual(['own.txt:4']);
    repository.write('large.txt', at(149_999, 'the last needle'));
    repository.write('untracked.txt', at(0, 'the first needle'));
    expect(await find('@worktree')).toEqual(['large.txt:150000', 'untracked.txt:1']);
    await engine.gc();
    expect(await find('f')).toEqual(['own.txt:4']);
    expect(await find('HEAD')).toEqual(['large.txt:70001']);
    expect(Buffer.from((await engine.show('f', 'own.txt')).content).toString()).toBe(at(3, 'own needle'));
    expect((await engine.doctor()).problems).toEqual([]);
    const fresh = await open(repository);
    expect((await fresh.grep('needle|record 1', { rev: '@worktree' })).lines).toEqual(
      (await engine.grep('needle|record 1', { rev: '@worktree' })).lines,
    );
  });

  test('those beyond the last bound are named in each answer that they belong to', async () => {
    const repository = makeRepository();
    repository.commit({ 'big/over.txt': 'needle\n'.repeat(2000), 'a.txt': 'needle\n' });
    const store = join(makeFolder(), 'store');
    mkdirSync(store);
    writeFileSync(join(store, 'config.json'), '{"maxFileBytes": 1000, "maxExactBytes": 10000}');
    const notes: string[] = [];
    const engine = await open(repository, { store, onNote: (note) => notes.push(note) });
    const over = [{ path: 'big/over.txt', reason: 'too-large', sizeBytes: 14_000 }];
    for (const rev of ['HEAD', '@worktree']) {
      const found = await engine.grep('needle', { rev });
      expect(found.lines.map(({ path }) => path)).toEqual(['a.txt']);
      expect(found.unsearched).toEqual(over);
      expect((await engine.grep('needle', { rev, paths: ['a.txt'] })).unsearched).toEqual([]);
      expect((await engine.grepCounts('needle', { rev })).unsearched).toEqual(over);
    }
    for (const name of ['log', 'logCommits'] as const) {
      for (const [filter, told] of [
        [{}, ['not searched: big/over.txt (too large)']],
        [{ paths: ['a.txt'] }, []],
      ] as const) {
        notes.length = 0;
        for await (const _ of engine[name]('needle', ['HEAD'], filter)) expect(notes).toEqual([]);
        expect(notes).toEqual(told);
      }
    }
    repository.commit({ 'big/over.txt': null });
    expect((await engine.grepRange('needle', 'HEAD~1', 'HEAD')).unsearched).toEqual(over);
    expect((await engine.grep('needle')).unsearched).toEqual([]);
  });
});
