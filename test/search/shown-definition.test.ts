import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatHit } from '../../src/cli/results/hit-output.js';
import { createPaint } from '../../src/cli/terminal/style.js';
import { openEngine } from '../../src/engine/index.js';
import type { Engine, Hit } from '../../src/engine/types.js';
import { makeFolder, makeRepository } from '../support/git.js';

const member = (i: number): string => `  /** One of many ways to search. */\n  searchWith${i}(text: string): Hit[];\n`;

const files = {
  'src/api.ts': `/** What can be searched: a searcher searches. */
export interface ReposMap {
  searcher: string;
}

/** ${'Searches. '.repeat(3)} */
export interface Searcher {
${Array.from({ length: 9 }, (_, i) => member(i)).join('')}}
`,
  'src/session.ts': `/** Makes a session: session options of the session. session, session. */
export function session(options: Options): Session {
  return new Session(options);
}
`,
  'src/types.ts': `export class Session {
  close(): void {}
}
`,
  'src/effects.py': `# flush flush flush
def before_all(): pass


def flush_queued_effects(effects):
    for effect in effects:
        log(effect)
        run(effect)
    return len(effects)


def run_all(queue):
    # effects are drained here
    while queue:
        drain(queue)
`,
};

let engine: Engine;
beforeAll(async () => {
  const repository = makeRepository();
  repository.commit(files);
  engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
});
afterAll(() => engine.close());

const first = async (query: string): Promise<Hit> => (await engine.search(query, { rev: 'HEAD' })).hits[0]!;
const lineOf = (path: keyof typeof files, text: string): number =>
  files[path].split('\n').findIndex((line) => line.includes(text)) + 1;
const plain = createPaint(false);

test.each([
  ['Searcher', 'src/api.ts', 'Searcher', 'interface Searcher'],
  ['sym:Searcher', 'src/api.ts', 'Searcher', 'interface Searcher'],
  ['searcher', 'src/api.ts', 'ReposMap.searcher', 'searcher: string'],
  ['Session', 'src/types.ts', 'Session', 'class Session'],
  ['session', 'src/session.ts', 'session', 'function session'],
  ['flush queued effects', 'src/effects.py', 'flush_queued_effects', 'def flush_queued_effects'],
  ['flushQueuedEffects', 'src/effects.py', 'flush_queued_effects', 'def flush_queued_effects'],
] as const)('%s is shown under the definition that it names, with its line', async (query, path, symbol, text) => {
  const hit = await first(query);
  expect(hit).toMatchObject({ path, symbol, symbolLine: lineOf(path, text) });
  expect(hit.matches.map(({ line }) => line)).toContain(hit.symbolLine);
  expect(formatHit(hit, 1, plain)).toContain(text);
});

test('what names no definition is shown under the one around the lines that match', async () => {
  expect(await first('drained queue')).toMatchObject({ path: 'src/effects.py', symbol: 'run_all' });
});
