import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codePathOf, keptCode, runBundle, scriptOf } from '../../src/cli/load-bundle.js';
import { makeFolder } from '../support/git.js';

test('what V8 compiled of a bundle is taken for that bundle alone, and whole: what is damaged would end the process', () => {
  const file = join(makeFolder(), 'bundle.cjs');
  const bundleOf = (value: number): string => `exports.value = (() => { return ${value}; })();\n`;
  const valueOf = (): unknown => {
    const script = scriptOf(file);
    return [script.cachedDataRejected, (runBundle(file, script) as { value: number }).value];
  };
  writeFileSync(file, bundleOf(1));
  expect(valueOf()).toEqual([undefined, 1]);
  const script = scriptOf(file);
  runBundle(file, script);
  const kept = keptCode(readFileSync(file), script.createCachedData());
  const keep = (bytes: Buffer): void => writeFileSync(codePathOf(file), bytes);
  keep(kept);
  expect(valueOf()).toEqual([false, 1]);
  for (const at of [0, 3, 4, 40, kept.length >> 1, kept.length - 1]) {
    const damaged = Buffer.from(kept);
    damaged[at]! ^= 1;
    keep(damaged);
    expect(valueOf()).toEqual([undefined, 1]);
    keep(kept.subarray(0, at));
    expect(valueOf()).toEqual([undefined, 1]);
  }
  keep(Buffer.alloc(kept.length)); // as a machine that went down leaves it
  expect(valueOf()).toEqual([undefined, 1]);
  keep(kept);
  writeFileSync(file, bundleOf(2)); // as long
  expect(valueOf()).toEqual([undefined, 2]);
});
