import { describe, expect, test } from 'vitest';
import { facetsOf, isNarrowing, narrow, type Narrowing } from '../../../src/page/search/facets.js';
import { itemOf } from './items.js';

const none: Narrowing = { languages: [], folder: '', kinds: [], repos: [], packages: [], side: null };
const items = [
  itemOf('src/a/one.go', 'go', 'function'),
  itemOf('src/a/two.go', 'go', 'method'),
  itemOf('src/b/three.rs', 'rust', 'function'),
  itemOf('docs/four.md', 'markdown'),
  itemOf('README.md', 'markdown'),
];

describe('facets', () => {
  test('count what came, the most frequent first', () => {
    expect(facetsOf(items, none)).toEqual({
      languages: [
        { value: 'go', count: 2 },
        { value: 'markdown', count: 2 },
        { value: 'rust', count: 1 },
      ],
      folders: [
        { value: 'src/', count: 3 },
        { value: 'docs/', count: 1 },
      ],
      kinds: [
        { value: 'function', count: 2 },
        { value: 'method', count: 1 },
      ],
      repos: [],
      packages: [],
      sides: [],
    });
  });

  test('of the others count what a choice leaves, its own what else there is', () => {
    const facets = facetsOf(items, { ...none, languages: ['go'] });
    expect(facets.languages.map(({ value }) => value)).toEqual(['go', 'markdown', 'rust']);
    expect(facets.folders).toEqual([{ value: 'src/', count: 2 }]);
    expect(facets.kinds.map(({ count }) => count)).toEqual([1, 1]);
  });

  test('of repositories and packages, where there are any', () => {
    const found = [
      { ...itemOf('app/a.ts'), root: 'app' },
      { ...itemOf('lib/b.ts'), root: 'lib' },
      { ...itemOf('node_modules/left/c.js'), package: 'left' },
    ];
    const facets = facetsOf(found, none);
    expect(facets.repos).toEqual([
      { value: 'app', count: 1 },
      { value: 'lib', count: 1 },
    ]);
    expect(facets.packages).toEqual([{ value: 'left', count: 1 }]);
    expect(narrow(found, { ...none, repos: ['lib'] })).toEqual([found[1]]);
    expect(narrow(found, { ...none, packages: ['left'] })).toEqual([found[2]]);
    expect(isNarrowing({ ...none, packages: ['left'] })).toBe(true);
  });

  test('of folders go down with the chosen one', () => {
    expect(facetsOf(items, { ...none, folder: 'src/' }).folders).toEqual([
      { value: 'src/a/', count: 2 },
      { value: 'src/b/', count: 1 },
    ]);
    expect(facetsOf(items, { ...none, folder: 'src/a/' }).folders).toEqual([]);
  });

  test('keep a choice in sight of which nothing is left', () => {
    const facets = facetsOf(items, { ...none, folder: 'docs/', kinds: ['method'] });
    expect(facets.kinds).toEqual([{ value: 'method', count: 0 }]);
  });

  test('of sides are there in a comparison only', () => {
    const compared = [itemOf('a', 'go', '', 'a'), itemOf('b', 'go', '', 'both')];
    expect(facetsOf(compared, none).sides).toEqual([
      { value: 'a', count: 1 },
      { value: 'b', count: 0 },
      { value: 'both', count: 1 },
    ]);
  });
});

describe('narrowing', () => {
  test('leaves what meets every choice', () => {
    const left = (narrowing: Partial<Narrowing>): string[] =>
      narrow(items, { ...none, ...narrowing }).map(({ path }) => path);
    expect(left({})).toHaveLength(5);
    expect(left({ languages: ['go', 'rust'], kinds: ['function'] })).toEqual(['src/a/one.go', 'src/b/three.rs']);
    expect(left({ folder: 'docs/' })).toEqual(['docs/four.md']);
    expect(left({ side: 'a' })).toEqual([]);
    expect(isNarrowing(none)).toBe(false);
    expect(isNarrowing({ ...none, side: 'a' })).toBe(true);
  });

  test('counts are what choosing gives', () => {
    const narrowing: Narrowing = { ...none, folder: 'src/', kinds: ['function'] };
    for (const { value, count } of facetsOf(items, narrowing).languages) {
      expect(narrow(items, { ...narrowing, languages: [value] })).toHaveLength(count);
    }
  });
});
