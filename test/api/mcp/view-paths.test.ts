import { expect, test } from 'vitest';
import type { Engine } from '../../../src/engine/index.js';
import { withViewPaths } from '../../../src/api/mcp/answers/view-paths.js';

test('every place of an answer that tells its repository gets its path from the view', async () => {
  const content = Buffer.from('x');
  const engine = {
    storePath: '/s',
    grep: (pattern: string) =>
      Promise.resolve({
        lines: [
          { repo: 'app', path: 'src/a.ts', text: pattern, before: [{ path: 'as it is' }] },
          { path: 'b.ts', text: 'of one repository' },
        ],
        unsearched: [{ repo: 'lib', path: 'big.json', reason: 'too-large' }],
        nearest: { repo: 'lib', path: 'c.ts', matches: [{ line: 1 }] },
        content,
      }),
    async *log(): AsyncGenerator<number> {
      yield 1;
    },
  } as unknown as Engine;
  const placed = withViewPaths(engine);
  expect(placed.storePath).toBe('/s');
  expect(await placed.grep('needle')).toEqual({
    lines: [
      { repo: 'app', path: 'app/src/a.ts', text: 'needle', before: [{ path: 'as it is' }] },
      { path: 'b.ts', text: 'of one repository' },
    ],
    unsearched: [{ repo: 'lib', path: 'lib/big.json', reason: 'too-large' }],
    nearest: { repo: 'lib', path: 'lib/c.ts', matches: [{ line: 1 }] },
    content,
  });
  const items: unknown[] = [];
  for await (const item of placed.log('x', [])) items.push(item);
  expect(items).toEqual([1]);
});
