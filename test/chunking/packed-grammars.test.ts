import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { packGrammars } from '../../.config/grammars.mjs';
import { makeFolder } from '../support/git.js';

test('a grammar in the package is the one in the repository, in a fraction of the bytes', async () => {
  const folder = makeFolder();
  mkdirSync(join(folder, 'from'));
  cpSync('grammars/sources.json', join(folder, 'from/sources.json'));
  cpSync('grammars/go', join(folder, 'from/go'), { recursive: true });
  await packGrammars(join(folder, 'from'), join(folder, 'to'));
  const packed = readFileSync(join(folder, 'to/go/grammar.wasm.br'));
  const plain = readFileSync('grammars/go/grammar.wasm');
  expect(brotliDecompressSync(packed).equals(plain)).toBe(true);
  expect(packed.length * 4).toBeLessThan(plain.length);
  for (const name of ['sources.json', 'go/symbols.json', 'go/LICENSE'])
    expect(readFileSync(join(folder, 'to', name)).equals(readFileSync(join('grammars', name)))).toBe(true);
});
