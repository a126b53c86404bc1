import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  bytesPerToken,
  clip,
  jsonLength,
  largestFitting,
  maxTokens,
} from '../../../src/api/mcp/answers/token-budget.js';
import { toolsByName } from '../../../src/api/mcp/tools.js';
import { makeRepository, type Files } from '../../support/git.js';
import { call, connect, makeEngines } from './support.js';

let client: Client;

beforeAll(async () => {
  const repository = makeRepository();
  repository.commit(manyFiles());
  for (let i = 0; i < 150; i++) repository.branch(`topic/branch-${i}`);
  repository.commit({ 'src/0/module-0.ts': 'export const needle = "changed";\n', 'wide.txt': null });
  repository.write('untracked "quoted".ts', 'export const needle = 1;\n');
  const engines = await makeEngines();
  client = await connect(engines, repository.path);
  // Indexed beforehand, so that each run takes milliseconds.
  for (const rev of ['HEAD', 'HEAD~1', '@worktree']) await call(client, 'grep', { pattern: 'needle', rev });
  await call(client, 'log', { pattern: 'needle' });
});

/** Many and long lines, deep folders, and text that takes more room in JSON or UTF-8 than it has characters. */
function manyFiles(): Files {
  const files: Record<string, string> = {
    'wide.txt': `${'"\\\t'.repeat(3000)}needle\n`,
    'unicode.md': '# needle\n\n' + '検索 needle 🔍 “quoted”\n'.repeat(400),
    'big.ts': Array.from({ length: 800 }, (_, i) => `export function needle${i}(a: string) { return a; }\n`).join(''),
    [`${'deep/'.repeat(30)}needle.ts`]: 'export const needle = 1;\n',
  };
  for (let i = 0; i < 120; i++) {
    files[`src/${i % 12}/module-${i}.ts`] =
      `// needle ${i}\nexport class Needle${i} {\n${'  find() { return "needle"; }\n'.repeat(i % 20)}}\n`;
  }
  return files;
}

const rev = fc.constantFrom('HEAD', 'HEAD~1', '@worktree', 'main', undefined);
const range = fc.oneof(rev, fc.constantFrom('HEAD~1..HEAD', 'main..@worktree'));
const offset = fc.constantFrom(0, 0, 1, 17, 300, 5000);
const path = fc.constantFrom('big.ts', 'unicode.md', 'wide.txt', 'src', 'src/3/', '.', 'untracked "quoted".ts');

const calls = fc.oneof(
  fc.record({
    tool: fc.constant('search'),
    args: fc.record({
      query: fc.constantFrom('needle', 'find', 'needle lang:ts', 'zzz'),
      rev: range,
      limit: fc.integer({ min: 1, max: 60 }),
    }),
  }),
  fc.record({
    tool: fc.constant('grep'),
    args: fc.record({
      pattern: fc.constantFrom('needle', '.', 'return', 'zzz', '"'),
      rev: range,
      offset,
      context: fc.constantFrom(0, 2),
      files_only: fc.boolean(),
    }),
  }),
  fc.record({
    tool: fc.constant('symbols'),
    args: fc.record({ name: fc.constantFrom('needle', 'Needle3', 'q'), rev, limit: fc.constantFrom(5, 500) }),
  }),
  fc.record({
    tool: fc.constant('definition'),
    args: fc.record({ name: fc.constantFrom('needle', 'find', 'Needle3.find', 'q'), rev }),
  }),
  fc.record({
    tool: fc.constant('references'),
    args: fc.record({ name: fc.constantFrom('needle', 'find', 'q'), rev, offset, mentions: fc.boolean() }),
  }),
  fc.record({ tool: fc.constant('read'), args: fc.record({ path, rev, start_line: fc.constantFrom(1, 1, 2) }) }),
  fc.record({
    tool: fc.constant('outline'),
    args: fc.record({ path: fc.constantFrom('big.ts', 'unicode.md'), rev, offset }),
  }),
  fc.record({
    tool: fc.constant('list_revs'),
    args: fc.record({ match: fc.constantFrom('', 'branch-1', 'zzz'), limit: fc.constantFrom(3, 1000) }),
  }),
  fc.record({
    tool: fc.constant('compare'),
    args: fc.record({ base: fc.constantFrom('HEAD~1', 'HEAD'), rev, offset }),
  }),
  fc.record({
    tool: fc.constant('log'),
    args: fc.record({ pattern: fc.constantFrom('needle', 'class', 'zzz'), offset }),
  }),
  fc.record({ tool: fc.constant('status'), args: fc.constant({}) }),
);

describe('the size of an answer', () => {
  test('is what was asked for at most, in text and in data, and what is left out is told', async () => {
    const used = new Set<string>();
    await fc.assert(
      fc.asyncProperty(calls, fc.integer({ min: maxTokens.min, max: 6000 }), async ({ tool, args }, max_tokens) => {
        const { text, data, isError } = await call(client, tool, { ...args, max_tokens });
        const bytes = max_tokens * bytesPerToken;
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bytes);
        expect(jsonLength(data)).toBeLessThanOrEqual(bytes);
        if (isError) {
          expect(text).toMatch(/^(PATH_NOT_FOUND|LINES_OUT_OF_RANGE): /);
          return;
        }
        used.add(tool);
        const note = (data['note'] as string | undefined) ?? '';
        expect(text.endsWith(note)).toBe(true);
        if (note.startsWith('…')) expect(text).toMatch(/\n… .*\. [A-Z].*\.$/);
      }),
      { numRuns: 200 },
    );
    const sized = [...toolsByName.values()].filter(({ parameters }) => 'max_tokens' in parameters);
    expect([...used].sort()).toEqual(sized.map(({ name }) => name).sort());
  });

  test('is used: an answer that leaves something out is nearly as large as allowed', async () => {
    for (const [tool, args] of [
      ['grep', { pattern: 'needle' }],
      ['symbols', { name: 'needle', limit: 1000 }],
      ['read', { path: 'big.ts' }],
      ['outline', { path: 'big.ts' }],
    ] as const) {
      const { text, data } = await call(client, tool, args);
      const bytes = maxTokens.default * bytesPerToken;
      expect(Math.max(Buffer.byteLength(text), jsonLength(data)), tool).toBeGreaterThan(bytes * 0.85);
    }
  });

  test('of tools that take none is small', async () => {
    const name = `${'fork-'.repeat(30)}x`;
    for (const [tool, args] of [
      ['fork', { name }],
      ['apply', { name, steps: [{ kind: 'put', path: 'a', text: 'b' }] }],
      ['lease', {}],
    ] as const) {
      const { text, data } = await call(client, tool, args);
      expect(Math.max(text.length, jsonLength(data)), tool).toBeLessThan(maxTokens.min * bytesPerToken);
    }
  });
});

test('largestFitting is the largest that fits', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(250), (count, limit) => {
      expect(largestFitting(count, (n) => n <= limit)).toBe(Math.min(count, limit));
    }),
  );
});

test('clip never takes more than allowed, and leaves alone what fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 10, max: 400 }), (text, bytes) => {
      const clipped = clip(text, bytes);
      expect(jsonLength(clipped)).toBeLessThanOrEqual(bytes);
      if (jsonLength(text) <= bytes) expect(clipped).toBe(text);
      else expect(text.startsWith(clipped.slice(0, -1))).toBe(true);
    }),
  );
});
