import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { languageByAlias } from '../../src/model/index.js';
import { parseQuery } from '../../src/search/query/query.js';
import type { Clause, Condition, Query } from '../../src/search/query/query.js';

const parse = (text: string): Query => parseQuery(text, { languageByAlias });

/** A clause for people: bare terms as they are, conditions in brackets. */
function show(clause: Clause): string {
  return [
    ...clause.terms.map((term) => term.text),
    ...clause.conditions.map((condition) => `[${showCondition(condition)}]`),
  ].join(' ');
}

function showCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'phrase':
    case 'regex':
      return `${condition.kind} ${condition.text}${condition.pattern.options.ignoreCase ? '' : ' !i'}`;
    case 'symbol':
      return `sym ${condition.names.join(',')}`;
    case 'symbol-kind':
      return `kind ${condition.kinds.join(',')}`;
    case 'language':
      return `lang ${condition.languages.join(',')}`;
    case 'path':
      return `path ${condition.patterns.join(',')}`;
    case 'or':
      return condition.operands.map(show).join(' or ');
    case 'not':
      return `not ${show(condition.clause)}`;
  }
}

describe('parseQuery', () => {
  test.each([
    ['parse config file', 'parse config file'],
    ['"exact phrase" word', 'word [phrase exact phrase]'],
    [String.raw`"say \"hi\" \n"`, String.raw`[phrase say "hi" \n]`],
    ['/fo+ ba[/]r/ x', 'x [regex fo+ ba[/]r]'],
    [String.raw`/a\/b/`, String.raw`[regex a\/b]`],
    ['-foo bar', 'bar [not foo]'],
    ['-"a b" -/x/ -lang:go -path:test/', '[not [phrase a b]] [not [regex x]] [not [lang go]] [not [path test/]]'],
    ['-(a b)', '[not a b]'],
    ['--x -(- y) -> - -= -', '--x -> - -= - [not - y]'],
    ['lang:ts lang:go path:src/*.ts file:"a b"', '[lang typescript,go] [path src/*.ts,a b]'],
    ['sym:Builder.Finish kind:method', '[sym Builder.Finish] [kind method]'],
    ['a or b', '[a or b]'],
    ['lang:go a or b c', 'c [lang go] [a or b]'],
    ['a or b or "c"', '[a or b or [phrase c]]'],
    ['(a "b") or (c d) e', 'e [a [phrase b] or c d]'],
    ['(sym:a or sym:b) OR -x', '[[[sym a] or [sym b]] or [not x]]'],
    ['(a (b)) c', 'a b c'],
    ['a (b or c)', 'a [b or c]'],
    ['foo() f(x) (g(y))', 'foo() f(x) g(y)'],
    ['http://x foo:bar std::vector C:\\x rev::x Lang:go a"b', 'http://x foo:bar std::vector C:\\x rev::x Lang:go a"b'],
    ['/usr/bin /login // a/b/ /', '/usr/bin /login // a/b/ /'],
    ['"or" nor order', 'nor order [phrase or]'],
    ['case:yes "A" /b/ /c/i', '[phrase A !i] [regex b !i] [regex c]'],
    ['-case:yes "A"', '[phrase A]'],
  ])('%s', (text, expected) => expect(show(parse(text).clause)).toBe(expected));

  test('rev, repo and case are about the whole query', () => {
    const query = parse('rev:v1.2 -rev:main -rev:"a b" repo:zoekt repo:jj -repo:x case:yes foo');
    expect(query).toMatchObject({
      rev: 'v1.2',
      notRevs: ['main', 'a b'],
      repos: { include: ['zoekt', 'jj'], exclude: ['x'] },
      caseSensitive: true,
    });
    expect(show(query.clause)).toBe('foo');
    expect(parse('foo')).toMatchObject({ rev: undefined, notRevs: [], caseSensitive: false });
  });

  test('what ranks is in query order, without what is excluded', () => {
    expect(parse('a "b c" -d (e or f) -(g) /h/ sym:i').ranking).toEqual([
      { text: 'a', offset: 0, phrase: false },
      { text: 'b c', offset: 2, phrase: true },
      { text: 'e', offset: 12, phrase: false },
      { text: 'f', offset: 17, phrase: false },
    ]);
  });

  test.each([
    ['', 0, 'it is empty'],
    ['a "b', 2, 'the quote is not closed'],
    ['a ""', 2, 'the phrase is empty'],
    ['path:"b', 5, 'the quote is not closed'],
    ['(a b', 0, 'this parenthesis is not closed'],
    ['a b) c', 3, 'nothing opened this parenthesis'],
    ['a ()', 2, 'there is nothing in the parentheses'],
    ['x /fo(o/', 7, 'Unterminated group'],
    ['/a**/', 3, 'Nothing to repeat'],
    ['/a.*b c', 0, 'the regular expression is not closed'],
    ['lang: go', 5, 'the filter lang: has no value'],
    ['x path:', 7, 'the filter path: has no value'],
    ['case:maybe', 5, 'case: takes yes or no'],
    ['case:yes a case:no', 11, 'this contradicts an earlier case:'],
    ['lang:nope', 5, 'there is no language "nope"'],
    ['kind:nope', 5, 'there is no kind "nope"'],
    ['or a', 0, 'there is nothing before this "or"'],
    ['a or', 2, 'there is nothing after this "or"'],
    ['(a or) b', 3, 'there is nothing after this "or"'],
    ['a or or b', 2, 'there is nothing after this "or"'],
    ['-or', 0, 'there is nothing after this "-"'],
    ['rev:a rev:b', 6, 'there is a rev: already'],
    ['a or rev:b', 5, 'rev: is about the whole query'],
    ['-(repo:b)', 2, 'repo: is about the whole query'],
    ['path:!x', 5, 'to leave paths out, put "-" before the filter'],
  ])('%s is refused', (text, offset, reason) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'QUERY_INVALID', data: { offset, reason } }));
  });

  test('the message points at the character', () => {
    expect(() => parse('foo "bar')).toThrow('invalid query: the quote is not closed\n  foo "bar\n      ^');
  });

  test('any text is a query or an error that points into it', () => {
    const part = fc.constantFrom(
      'a',
      'or',
      ' ',
      ' ',
      '(',
      ')',
      '-',
      '"',
      '/',
      '\\',
      'lang:',
      'path:',
      'rev:',
      'case:yes',
      'go',
      ':',
      '[',
      '*',
      '😀',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
        const text = parts.join('');
        try {
          const { ranking } = parse(text);
          for (const term of ranking) if (!term.phrase) expect(text.startsWith(term.text, term.offset)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(CoppiceError);
          const { code, data } = error as CoppiceError;
          expect(code).toBe('QUERY_INVALID');
          expect(data['offset']).toBeGreaterThanOrEqual(0);
          expect(data['offset']).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
