import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dependencies,
  firstLimit,
  formatPlace,
  home,
  limitMax,
  modes,
  parsePlace,
  sides,
  type Place,
} from '../../../src/page/state/place.js';

describe('a place in the URL', () => {
  test('what is as always is not in it', () => {
    expect(formatPlace(home)).toBe('');
    expect(parsePlace('')).toEqual(home);
  });

  test('reads well', () => {
    const place: Place = {
      ...home,
      repo: '/srv/a b/repo',
      mode: 'exact',
      query: 'f(x) & "y"',
      rev: 'feature/one',
      against: 'v1.0',
      regex: true,
      languages: ['go', 'rust'],
      folder: 'src/',
      file: { path: 'src/a.go', rev: 'v1.0', lines: { start: 3, end: 9 } },
    };
    expect(formatPlace(place)).toBe(
      'repo=/srv/a+b/repo&mode=exact&q=f(x)+%26+%22y%22&rev=feature/one&vs=v1.0&regex=1&lang=go,rust&in=src/&file=src/a.go&at=v1.0&lines=3-9',
    );
  });

  test('any place comes back from its URL', () => {
    // Also halves of surrogate pairs: paths that are no UTF-8 have them.
    const unit = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      fc.constantFrom('\udc80', '\ud800', '%', '+', ' '),
    );
    const text = fc.string({ unit, maxLength: 12 });
    const word = fc.stringMatching(/^[a-z]{1,6}$/);
    const name = fc.string({ minLength: 1, maxLength: 10 });
    const lines = fc
      .tuple(fc.integer({ min: 1, max: 9999 }), fc.nat(99))
      .map(([start, more]) => ({ start, end: start + more }));
    const place: fc.Arbitrary<Place> = fc.record({
      repo: text,
      mode: fc.constantFrom(...modes),
      query: text,
      rev: name,
      against: text,
      regex: fc.boolean(),
      matchCase: fc.boolean(),
      wholeWord: fc.boolean(),
      limit: fc.integer({ min: 1, max: limitMax }),
      deps: fc.constantFrom(...dependencies),
      repos: fc.array(word, { maxLength: 3 }),
      packages: fc.array(word, { maxLength: 3 }),
      languages: fc.array(word, { maxLength: 3 }),
      folder: text,
      kinds: fc.array(word, { maxLength: 3 }),
      side: fc.constantFrom(null, ...sides),
      file: fc.option(fc.record({ path: name, rev: name, lines: fc.option(lines) })),
      name: text,
    });
    fc.assert(
      fc.property(place, (given) => {
        // A name is asked about in a file.
        const kept = given.file === null ? { ...given, name: '' } : given;
        expect(parsePlace(`?${formatPlace(given)}`)).toEqual(kept);
      }),
    );
  });

  test('what makes no sense gets its default', () => {
    const place = parsePlace('?mode=telepathy&n=-3&side=c&lines=9-3&file=a.ts');
    expect(place).toEqual({ ...home, limit: firstLimit, file: { path: 'a.ts', rev: 'HEAD', lines: null } });
    expect(parsePlace('n=1e9').limit).toBe(limitMax);
    expect(parsePlace('file=a&lines=0').file?.lines).toBeNull();
    expect(parsePlace('q=%E0%A4').query).not.toBe('');
  });
});
