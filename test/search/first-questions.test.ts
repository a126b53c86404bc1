import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine, SearchResult } from '../../src/engine/types.js';
import { makeFolder, makeRepository } from '../support/git.js';

/** What people ask first: a name that they half remember, a path, a message, what is not there. */
const files: Record<string, string> = {
  'package.json': '{ "name": "root" }\n',
  'packages/a/package.json': '{ "name": "package a" }\n',
  'lib/package.json': '{ "name": "package lib", "main": "package.json" }\n',
  'lib/server.js': `const kState = Symbol('state');\n\nfunction createServer(options) {\n  return listen(options);\n}\n`,
  'src/other/server.js': `export function startServer() {\n  // the server of lib: server, server, server\n}\n`,
  'src/session.ts': `/** One conversation. */\nexport class Session {\n  close(): void {}\n}\n`,
  'src/make.ts': `import { Session } from './session';\n\n/** session: makes a Session, the session of a session */\nexport function session(): Session {\n  return new Session();\n}\n`,
  'src/reconcile.ts': `export function reconcile(a: Tree, b: Tree): Patch {\n  return reconcileChildren(a.children, b.children);\n}\n\nexport function reconcileChildren(a: Tree[], b: Tree[]): Patch {\n  return merge(a, b);\n}\n`,
  'src/errors.ts': `export const listening = (): Error => new Error('Server instance is already listening');\n`,
  'src/instance.ts': `// An instance is listening already when a server instance listens; the instance that is listening already is a Server.\nexport function instanceListening(server: Server): boolean {\n  return server.instance.listening;\n}\n`,
  'lib/rails/engine.rb': `module Rails\n  class Engine\n    def call(env)\n      app.call(env)\n    end\n  end\nend\n`,
  'lib/action/engine.rb': `module Action\n  class Engine\n    def call(env)\n      engine rails engine rails\n    end\n  end\nend\n`,
  'src/builder.ts': `export class Builder {\n  finish(): void {\n    flush();\n  }\n}\n\nexport class Writer {\n  finish(): void {\n    builder.finish();\n  }\n}\n`,
};

describe('first questions', () => {
  const repository = makeRepository();
  let engine: Engine;
  const ask = (query: string, options = {}): Promise<SearchResult> => engine.search(query, options);
  const first = async (query: string): Promise<string> => {
    const [hit] = (await ask(query)).hits;
    return hit === undefined ? 'nothing' : `${hit.path} ${/[/.]js/.test(query) ? '' : hit.symbol}`.trim();
  };

  beforeAll(async () => {
    repository.commit(files);
    engine = await openEngine({ repo: repository.path, store: makeFolder(), workers: 0 });
  });
  afterAll(() => engine.close());

  test.each([
    ['Session', 'src/session.ts Session'],
    ['session', 'src/make.ts session'],
    ['Sesion', 'src/session.ts Session'],
    ['reconicle', 'src/reconcile.ts reconcile'],
    ['reconc', 'src/reconcile.ts reconcile'],
    ['reconcileChilren', 'src/reconcile.ts reconcileChildren'],
    ['Rails::Engine', 'lib/rails/engine.rb Rails.Engine'],
    ['Action::Engine', 'lib/action/engine.rb Action.Engine'],
    ['where is Rails::Engine defined', 'lib/rails/engine.rb Rails.Engine'],
    ['Server instance is already listening', 'src/errors.ts listening'],
    ['package.json', 'package.json'],
    ['a/package.json', 'packages/a/package.json'],
    ['lib/server.js', 'lib/server.js'],
    ['other/server.js:2', 'src/other/server.js'],
  ])('%s → %s', async (query, wanted) => expect(await first(query)).toBe(wanted));

  test.each([
    ['Builder#finish', 2],
    ['Writer.finish', 8],
    ['Builder::finish()', 2],
  ])('%s is the definition in that scope', async (query, line) => {
    const [hit] = (await ask(query)).hits;
    expect(hit).toMatchObject({ path: 'src/builder.ts' });
    expect(hit!.startLine).toBeLessThanOrEqual(line);
    expect(hit!.endLine).toBeGreaterThanOrEqual(line);
  });

  test.each([
    ['Sesion', ['Session', 'session']],
    ['reconicle trees', ['reconcile trees']],
  ])('%s: did you mean %j?', async (query, wanted) => {
    expect(wanted).toContain((await ask(query)).didYouMean?.[0]);
  });

  test('what is there as it is typed has nothing else meant', async () => {
    for (const query of ['Session', 'reconcile', 'createServer options'])
      expect((await ask(query)).didYouMean).toBeUndefined();
    expect((await ask('case:yes Sesion')).didYouMean).toBeUndefined();
  });

  test('/lib/ is the folder where there is one, and says how to mean the expression', async () => {
    const folder = await ask('/lib/');
    expect(new Set(folder.hits.map(({ path }) => path.split('/')[0]))).toEqual(new Set(['lib']));
    expect(folder.notes).toEqual([expect.stringContaining('/(?:lib)/')]);
    expect((await ask('/lib/rails/')).hits.map(({ path }) => path)).toEqual(['lib/rails/engine.rb']);
    expect((await ask('engine -/rails/')).hits.map(({ path }) => path)).not.toContain('lib/rails/engine.rb');
    const written = await ask('/(?:lib)/');
    expect(written.hits.map(({ path }) => path)).toContain('src/other/server.js');
    expect(written.notes).toBeUndefined();
    expect((await ask('/nosuch/')).notes).toBeUndefined();
  });

  test.each(['zzznosuchword', 'kubernetes pod scheduling', 'florbnicate the wuzzle'])(
    '%s is not there: nothing, or weak hits',
    async (query) => {
      const { hits, confidence } = await ask(query);
      expect(hits.every((hit) => hit.confidence === 'weak')).toBe(true);
      if (hits.length > 0) expect(confidence).toBe('weak');
      const all = await ask(query, { weak: true });
      expect(all.hits.every((hit) => hit.confidence === 'weak')).toBe(true);
      for (const sure of ['Session', 'reconcile children', '"already listening"', 'sym:Engine'])
        expect((await ask(sure)).confidence).toBeUndefined();
    },
  );

  test('what gave a hit its score adds up to it', async () => {
    for (const query of ['session close', 'Rails::Engine', 'package.json', 'Server instance is already listening']) {
      const { hits } = await ask(query, { explain: true });
      for (const { score, explanation } of hits) {
        const sum = Object.values(explanation!.points).reduce((total, points) => total + points, 0);
        expect(sum * explanation!.fileKind * explanation!.repeat).toBeCloseTo(score, 9);
      }
      if (query !== 'package.json') expect(hits[0]!.explanation!.terms.length).toBeGreaterThan(0);
    }
  });
});
