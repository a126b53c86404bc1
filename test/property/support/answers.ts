import type { Engine, GrepOptions } from '../../../src/engine/types.js';

/** What is asked of every snapshot that is compared. */
const greps: readonly (readonly [pattern: string, options: GrepOptions])[] = [
  ['parse', { literal: true }],
  ['PARSE', { literal: true, ignoreCase: true }],
  ['tree', { wholeWord: true }],
  ['e', { literal: true, maxCount: 7 }],
  ['^\\s*(parse|index)\\(.*\\);$', {}],
  ['[A-Z]{2,}_?\\w*', { context: 1 }],
  ['größe|caf.$', { ignoreCase: true }],
  ['$', { maxCount: 200 }],
  ['finish', { paths: ['src/**', '!*.py'] }],
  ['cache', { languages: ['ts', 'python'] }],
  ['nowhere to be found', { literal: true }],
];
const counts: readonly (readonly [pattern: string, options: GrepOptions])[] = [
  ['x', { literal: true }],
  ['f\\w+', { ignoreCase: true }],
];
const queries = [
  'parse query',
  'fooBar',
  'how does the builder finish a tree',
  '"const cache"',
  'index -tree',
  'parse or größe',
  'Builder path:src',
  'HTTP_PORT lang:ts',
  '/read\\w+/ cache',
  'sym:finish',
  'kind:class parse',
  'TODO -path:lib case:yes',
  'test lib package',
];
const symbolNames = ['parse', 'Builder.finish', 'bar', 'inde', 'Chace'];

/** Everything a rev answers, as plain data, without times and names: equal trees give equal answers. */
export async function answersOf(engine: Engine, rev: string, showPaths: readonly string[]): Promise<unknown> {
  const answers: Record<string, unknown> = {};
  for (const [pattern, options] of greps) {
    const { lines, truncated } = await engine.grep(pattern, { ...options, rev });
    answers[`grep ${pattern} ${JSON.stringify(options)}`] = { lines, truncated };
  }
  for (const [pattern, options] of counts) {
    answers[`count ${pattern}`] = (await engine.grepCounts(pattern, { ...options, rev })).files;
  }
  for (const query of queries) {
    const { hits, coverage } = await engine.search(query, { rev, limit: 15 });
    answers[`search ${query}`] = {
      coverage,
      // When a chunk was first seen depends on the history that is indexed, not on the tree.
      hits: hits.map(({ rev: _, commit: __, repo: ___, freshness: ____, firstSeen: _____, ...hit }) => hit),
    };
  }
  for (const query of queries) {
    const { hits, coverage } = await engine.search(query, { rev, limit: 5, mode: 'semantic' });
    answers[`semantic ${query}`] = {
      coverage,
      hits: hits.map(({ path, startLine, score }) => [path, startLine, score]),
    };
  }
  for (const name of symbolNames) {
    answers[`symbols ${name}`] = (await engine.symbols(name, { rev, limit: 30 })).symbols;
  }
  for (const path of showPaths) {
    const { content, startLine, endLine } = await engine.show(rev, path);
    answers[`show ${path}`] = { startLine, endLine, content: Buffer.from(content).toString('latin1') };
  }
  return answers;
}

/** Questions whose answers differ. */
export function differences(actual: unknown, expected: unknown): string[] {
  const [a, b] = [actual, expected] as Record<string, unknown>[];
  return [...new Set([...Object.keys(a!), ...Object.keys(b!)])].flatMap((question) => {
    const [given, wanted] = [JSON.stringify(a![question]), JSON.stringify(b![question])];
    return given === wanted ? [] : [`${question}\n    got      ${given}\n    expected ${wanted}`];
  });
}
