import { describe, expect, test } from 'vitest';
import { QueryParser } from '../../../src/search/query/query-parser.js';
import { CoppiceError } from '../../../src/base/index.js';
import { RequestError, asRequestError } from '../../../src/page/api/request-error.js';
import { decodeText } from '../../../src/page/api/wire-text.js';

/** The error of a malformed query as it comes over the wire. */
function errorOf(query: string): RequestError {
  try {
    new QueryParser(query, {}).parse();
  } catch (error) {
    if (error instanceof CoppiceError) return new RequestError({ ...error.toJSON(), data: error.data });
  }
  throw new Error('it is well-formed');
}

describe('a failed request', () => {
  test('of a malformed query shows the query with a caret below the character', () => {
    const error = errorOf('parse (kind:nothing');
    expect(error.summary).toBe('invalid query: there is no kind "nothing"');
    expect(error.detail.split('\n')).toEqual(['  parse (kind:nothing', '              ^']);
    expect(error.detail.split('\n')[0]!.slice(2)[error.offset!]).toBe('n');
    expect(error.offset).toBe('parse (kind:'.length);
  });

  test('of another kind points nowhere', () => {
    const error = new RequestError({ code: 'REV_NOT_FOUND', message: 'there is no x', hint: 'try y' });
    expect([error.summary, error.detail, error.hint, error.offset]).toEqual(['there is no x', '', 'try y', null]);
  });

  test('without an answer says how to get one; one that was given up is none', () => {
    expect(asRequestError(new TypeError('failed to fetch'))?.hint).toContain('coppice open');
    expect(asRequestError(new DOMException('gone', 'AbortError'))).toBeNull();
    expect(asRequestError(new RequestError({ code: 'ABORTED', message: 'gone' }))).toBeNull();
    expect(asRequestError(new Error('odd'))?.message).toBe('odd');
  });
});

describe('text of a file', () => {
  const base64 = (bytes: number[]): string => Buffer.from(bytes).toString('base64');

  test('is as it came, and binary with a NUL near its beginning', () => {
    expect(decodeText({ text: 'é', encoding: 'utf-8' })).toEqual({ text: 'é', sizeBytes: 2 });
    expect(decodeText({ text: base64([0x61, 0xff]), encoding: 'base64' })).toEqual({ text: 'a\ufffd', sizeBytes: 2 });
    expect(decodeText({ text: base64([0x61, 0x00, 0xff]), encoding: 'base64' })).toEqual({ text: null, sizeBytes: 3 });
  });
});
