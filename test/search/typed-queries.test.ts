import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine } from '../../src/engine/types.js';
import { makeFolder, makeRepository } from '../support/git.js';

let engine: Engine;

beforeAll(async () => {
  const repository = makeRepository();
  repository.commits([
    {
      files: {
        'a/uses.ts': 'import { g } from "./g.js";\nconst x = g(1) + g(2);\nconst arrow = (y: number) => y;\n',
        'b/defines.ts': 'export function g(n: number): number {\n  return n;\n}\n',
        'c/other.ts': 'export const config = { greeting: 1 };\n',
      },
    },
  ]);
  engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
});
afterAll(() => engine.close());

const paths = async (query: string): Promise<string[]> => (await engine.search(query)).hits.map(({ path }) => path);

test('a query of one letter finds the identifier, its definition first', async () => {
  expect(await paths('g')).toEqual(['b/defines.ts', 'a/uses.ts']);
  const { hits } = await engine.search('g');
  expect(hits[0]!.matches).toEqual([{ line: 1, column: 17, length: 1 }]);
  expect((await paths('G')).sort()).toEqual(['a/uses.ts', 'b/defines.ts']);
  expect(await paths('case:yes G')).toEqual([]);
});

test('letters hold beside filters, and where they are not to', async () => {
  expect(await paths('g lang:typescript path:a/')).toEqual(['a/uses.ts']);
  expect(await paths('number -g')).toEqual([]);
});
