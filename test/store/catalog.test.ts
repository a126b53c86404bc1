import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asOid, asRepositoryId } from '../../src/model/index.js';
import { Catalog } from '../../src/store/index.js';
import type { CatalogRecord, ForkEntry, SegmentEntry } from '../../src/store/index.js';
import type { JournalRecord } from '../../src/store/records/journal.js';

const repo = asRepositoryId('r');
const next = { doc: 10, file: 10, tree: 10, commit: 0, segment: 3 };
const forkEntry = (name: string, root: string): ForkEntry => ({
  repo,
  name,
  rev: 'HEAD',
  commit: asOid('c'),
  tree: asOid('t'),
  root,
  at: 1,
});
const segment = (
  id: string,
  docs: [number, number],
  files: [number, number],
  trees: [number, number],
  commits: [number, number] = [0, 0],
): SegmentEntry => ({
  id,
  docs,
  files,
  trees,
  commits,
  bytes: 1,
  textBytes: 1,
});

function apply(catalog: Catalog, record: CatalogRecord): boolean {
  catalog.apply(record as unknown as JournalRecord);
  return !('n' in record && record.n !== undefined && catalog.wasRefused(record.n));
}

const fork = (name: string, root = 'a', n = 'n'): CatalogRecord => ({ t: 'fork', n, ...forkEntry(name, root) });
const move = (name: string, from: string, root: string): CatalogRecord => ({
  t: 'move',
  n: 'm',
  repo,
  name,
  from,
  commit: null,
  tree: asOid('u'),
  root,
});

test('the first of two forks of a name is made', () => {
  const catalog = new Catalog();
  expect(apply(catalog, fork('f', 'a'))).toBe(true);
  expect(apply(catalog, fork('f', 'b'))).toBe(false);
  expect(catalog.fork(repo, 'f')?.root).toBe('a');
  expect(apply(catalog, { t: 'drop', n: 'd', repo, name: 'f' })).toBe(true);
  expect(apply(catalog, { t: 'drop', n: 'd', repo, name: 'f' })).toBe(false);
  expect(apply(catalog, fork('f', 'b'))).toBe(true);
});

test('a move counts only from where it was made', () => {
  const catalog = new Catalog();
  apply(catalog, fork('f', 'a'));
  expect(apply(catalog, move('f', 'a', 'b'))).toBe(true);
  expect(apply(catalog, move('f', 'a', 'c'))).toBe(false);
  expect(apply(catalog, move('g', 'a', 'c'))).toBe(false);
  expect(catalog.fork(repo, 'f')).toMatchObject({ root: 'b', commit: null });
});

test('garbage is not collected when a fork came meanwhile', () => {
  const catalog = new Catalog();
  apply(catalog, { t: 'segments', add: [segment('s0', [0, 5], [0, 5], [0, 5])], remove: [], next });
  const { forkChanges } = catalog;
  apply(catalog, fork('f'));
  const collect = { t: 'segments' as const, n: 'g', add: [], remove: ['s0'], next };
  expect(apply(catalog, { ...collect, forkChanges })).toBe(false);
  expect(catalog.segments()).toHaveLength(1);
  apply(catalog, fork('f')); // refused: changes nothing
  expect(apply(catalog, { ...collect, forkChanges: catalog.forkChanges })).toBe(true);
  expect(catalog.segments()).toEqual([]);
});

test('segments are in the order of their ids, whatever is empty and whatever came when', () => {
  const catalog = new Catalog();
  const inOrder = [
    segment('s0', [0, 5], [0, 3], [0, 2]),
    segment('s1', [5, 5], [3, 4], [2, 2]), // files alone
    segment('s2', [5, 9], [4, 8], [2, 4]),
    segment('s3', [9, 12], [8, 8], [4, 4]), // chunks alone
    segment('s4', [12, 12], [8, 9], [4, 6]),
  ];
  apply(catalog, { t: 'segments', add: [...inOrder].reverse(), remove: [], next });
  expect(catalog.segments().map(({ id }) => id)).toEqual(['s0', 's1', 's2', 's3', 's4']);
});

describe('forks that expire', () => {
  const now = Date.now();
  const timed = (name: string, until: number): CatalogRecord => ({ t: 'fork', n: 'n', ...forkEntry(name, 'a'), until });
  const renew = (name: string, at: number, until: number): CatalogRecord => ({
    t: 'renew',
    n: 'r',
    repo,
    name,
    at,
    until,
  });
  const drop = (name: string, at: number): CatalogRecord => ({ t: 'drop', n: 'd', repo, name, at });

  test('are not seen, but their name is taken until they are dropped', () => {
    const catalog = new Catalog();
    apply(catalog, timed('f', now - 1));
    apply(catalog, timed('g', now + 60_000));
    expect(catalog.fork(repo, 'f')).toBeUndefined();
    expect(catalog.forks().map(({ name }) => name)).toEqual(['g']);
    expect(catalog.expiredForks(now).map(({ name }) => name)).toEqual(['f']);
    expect(apply(catalog, fork('f'))).toBe(false);
    expect(apply(catalog, drop('g', now))).toBe(false);
    expect(apply(catalog, drop('f', now))).toBe(true);
    expect(apply(catalog, fork('f'))).toBe(true);
    expect(apply(catalog, drop('f', now))).toBe(false); // by one who still saw the old one
    expect(catalog.fork(repo, 'f')).toBeDefined();
  });

  test('are renewed only before that, whatever the time is when the record is read', () => {
    const catalog = new Catalog();
    apply(catalog, timed('f', 1000));
    const { forkChanges } = catalog;
    expect(apply(catalog, renew('f', 1000, now + 60_000))).toBe(false);
    expect(apply(catalog, renew('f', 999, now + 60_000))).toBe(true);
    expect(catalog.forkChanges).toBe(forkChanges + 1); // what garbage collection took for expired is not
    expect(catalog.fork(repo, 'f')?.until).toBe(now + 60_000);
    apply(catalog, fork('stays'));
    expect(apply(catalog, renew('stays', 1, 2))).toBe(false);
    expect(apply(catalog, renew('none', 1, 2))).toBe(false);
  });

  test('are left out when the journal is rewritten, and otherwise keep their time', () => {
    const catalog = new Catalog();
    apply(catalog, timed('old', now - 1));
    apply(catalog, timed('f', now + 1000));
    apply(catalog, renew('f', now, now + 60_000));
    const copy = new Catalog();
    for (const record of catalog.compact()) copy.apply(JSON.parse(JSON.stringify(record)) as JournalRecord);
    expect(copy.forks()).toEqual([{ ...forkEntry('f', 'a'), until: now + 60_000 }]);
    expect(copy.expiredForks(now)).toEqual([]);
  });
});

test('compact says the same in fewer records', () => {
  const catalog = new Catalog();
  apply(catalog, { t: 'repository', id: repo, path: '/p', name: 'p' });
  apply(catalog, { t: 'segments', add: [segment('s0', [0, 5], [0, 5], [0, 5])], remove: [], next });
  for (let i = 0; i < 20; i++) {
    apply(catalog, { t: 'rev', repo, name: 'main', kind: 'branch', commit: asOid(`${i}`), tree: asOid('t'), at: i });
    apply(catalog, fork(`f${i % 3}`, `${i}`, `n${i}`));
  }
  apply(catalog, { t: 'rev', repo, name: 'old', kind: 'tag', commit: null, tree: asOid('t'), at: 0 });
  apply(catalog, { t: 'forget-rev', repo, name: 'old' });
  apply(catalog, { t: 'drop', n: 'd', repo, name: 'f1' });
  const records = catalog.compact();
  expect(records).toHaveLength(1 + 1 + 1 + 2);
  const copy = new Catalog();
  for (const record of records) copy.apply(JSON.parse(JSON.stringify(record)) as JournalRecord);
  expect(copy.forks()).toEqual(catalog.forks());
  expect([...copy.revs]).toEqual([...catalog.revs]);
  expect([...copy.repositories]).toEqual([...catalog.repositories]);
  expect(copy.segments()).toEqual(catalog.segments());
  expect(copy.nextIds).toEqual(catalog.nextIds);
  expect(copy.forkChanges).toBe(catalog.forkChanges);
});

test('what came of records does not depend on whether the journal was rewritten before', () => {
  const any = fc.oneof(
    fc.record({ kind: fc.constantFrom('fork', 'drop', 'move'), name: fc.constantFrom('f', 'g', 'h') }),
    fc.record({ kind: fc.constant('writer'), name: fc.constantFrom('v', 'w') }),
    fc.record({ kind: fc.constantFrom('publish', 'collect'), name: fc.constantFrom('v', 'w') }),
  );
  fc.assert(
    fc.property(fc.array(any, { maxLength: 30 }), fc.array(fc.nat({ max: 30 })), (steps, rewrites) => {
      const plain = new Catalog();
      let rewritten = new Catalog();
      let seen = { plain: 0, rewritten: 0 }; // by a collection, when it began
      steps.forEach(({ kind, name }, i) => {
        if (rewrites.includes(i)) {
          const records = rewritten.compact();
          rewritten = new Catalog();
          for (const record of records) rewritten.apply(JSON.parse(JSON.stringify(record)) as JournalRecord);
        }
        const recordFor = (catalog: Catalog, forkChanges: number): CatalogRecord => {
          const { nextIds } = catalog;
          const change = { t: 'segments', n: 'n', add: [], remove: [], w: name } as const;
          if (kind === 'fork') return fork(name, `${i}`);
          if (kind === 'drop') return { t: 'drop', n: 'd', repo, name };
          if (kind === 'move') return move(name, catalog.fork(repo, name)?.root ?? '', `${i}`);
          if (kind === 'writer') return { t: 'writer', n: name };
          const next = { ...nextIds, segment: nextIds.segment + 1 };
          return kind === 'publish' ? { ...change, next } : { ...change, next, forkChanges };
        };
        const outcomes = [
          apply(plain, recordFor(plain, seen.plain)),
          apply(rewritten, recordFor(rewritten, seen.rewritten)),
        ];
        expect(outcomes[0]).toBe(outcomes[1]);
        expect(rewritten.nextIds).toEqual(plain.nextIds);
        if (i % 3 === 0) seen = { plain: plain.forkChanges, rewritten: rewritten.forkChanges };
      });
    }),
    { numRuns: 300 },
  );
});
