import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { afterAll } from 'vitest';
import { createMcpServer } from '../../../src/api/mcp/serve-mcp.js';
import type { Engine, Engines } from '../../../src/engine/types.js';
import { openEngines } from '../../../src/engine/index.js';
import { makeFolder, makeRepository, type TestRepository } from '../../support/git.js';

const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** What has to be closed when the tests of the file are done; last in, first out. */
export function closeAfterTests(close: () => Promise<unknown>): void {
  closers.push(close);
}

/** Engines over a new store. */
export async function makeEngines(): Promise<Engines> {
  const engines = await openEngines({ store: join(makeFolder(), 'store'), workers: 0 });
  closeAfterTests(() => engines.close());
  return engines;
}

/** A client of a server of its own, in this process. */
export async function connect(engines: Engines, defaultRepo: string | null, withData = true): Promise<Client> {
  const server = await createMcpServer({ engines, defaultRepo, version: '1.2.3', withData });
  const client = new Client({ name: 'test', version: '0' });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far);
  await client.connect(near);
  closeAfterTests(() => client.close());
  return client;
}

export interface Answer {
  readonly text: string;
  readonly data: Record<string, unknown>;
  readonly isError: boolean;
}

export async function call(client: Client, name: string, args: Record<string, unknown> = {}): Promise<Answer> {
  return toAnswer((await client.callTool({ name, arguments: args })) as CallToolResult);
}

export function toAnswer({ content, structuredContent, isError }: CallToolResult): Answer {
  const [part] = content;
  if (content.length !== 1 || part?.type !== 'text') throw new Error('an answer is one text');
  return { text: part.text, data: structuredContent ?? {}, isError: isError === true };
}

/** Engines that note how each search ended: `done`, or the code of its error. */
export function watchSearches(engines: Engines): { engines: Engines; outcomes: string[] } {
  const outcomes: string[] = [];
  const open = (repo: string): Engine => {
    const engine = engines.open(repo);
    return new Proxy(engine, {
      get(target, name: keyof Engine) {
        if (name !== 'search') {
          const value: unknown = target[name];
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        }
        return async (...args: Parameters<Engine['search']>) => {
          try {
            const result = await target.search(...args);
            outcomes.push('done');
            return result;
          } catch (error) {
            outcomes.push((error as { code: string }).code);
            throw error;
          }
        };
      },
    });
  };
  return {
    engines: new Proxy(engines, { get: (target, name: keyof Engines) => (name === 'open' ? open : target[name]) }),
    outcomes,
  };
}

/** A small project: two commits, a tag, and a work tree with a change that is not committed. */
export function makeProject(): TestRepository {
  const repository = makeRepository();
  repository.commit({
    'src/retry.ts':
      '/** Tries again, waiting longer each time. */\nexport async function retryWithBackoff(action: () => Promise<void>) {\n' +
      '  for (let attempt = 0; attempt < 5; attempt++) {\n    await action();\n  }\n}\n',
    'src/pool.ts':
      'export class Pool {\n  private size = 0;\n  acquire() {\n    return this.size++;\n  }\n  release() {\n    this.size--;\n  }\n}\n',
    'docs/read me.md': '# Retry\n\nHow retryWithBackoff works.\n',
    'logo.png': new Uint8Array([0x89, 0x50, 0, 1]),
  });
  repository.tag('v1.0');
  repository.commit({
    'src/main.ts': "import { retryWithBackoff } from './retry.js';\nawait retryWithBackoff(run);\n",
  });
  repository.write('src/pool.ts', 'export class Pool {\n  acquire() {\n    return uncommittedCounter++;\n  }\n}\n');
  return repository;
}

/** A repository that takes a while to index, without threads. */
export function makeSlowRepository(): TestRepository {
  const repository = makeRepository();
  const files: Record<string, string> = {};
  for (let i = 0; i < 400; i++) {
    files[`src/module-${i}.ts`] = Array.from(
      { length: 60 },
      (_, n) => `export function handler${i}x${n}(request: Request${n}) {\n  return respond(request, ${i * n});\n}\n`,
    ).join('\n');
  }
  repository.commit(files);
  return repository;
}
