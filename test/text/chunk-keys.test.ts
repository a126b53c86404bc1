import { expect, test } from 'vitest';

import { contentHash } from '../../src/base/index.js';
import { chunkKey, contentNameOf, keyOfContentName } from '../../src/text/index.js';

test("a chunk's key tells what it holds, which does not depend on the version of the analysis", () => {
  const symbols = Buffer.alloc(300, 's');
  const text = Buffer.from('function f() {}\n');
  const key = chunkKey(7, symbols, text);
  const content = contentHash(Buffer.from([7, 300 & 255, 1]), symbols, text);
  expect(contentNameOf(key)).toEqual(content.toString('base64url'));
  expect(keyOfContentName(content.toString('base64url'))).toEqual(key);
  expect(key).not.toEqual(content);
});
