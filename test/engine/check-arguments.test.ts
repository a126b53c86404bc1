import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { engineParameters } from '../../src/engine/check-arguments.js';
import { RepositoryEngine } from '../../src/engine/engine.js';
import { ScopeEngine } from '../../src/engine/scope-engine.js';
import { openEngine } from '../../src/engine/index.js';
import type { Engine } from '../../src/engine/types.js';
import { makeFolder, makeRepository } from '../support/git.js';

let engine: Engine;
beforeAll(async () => {
  const repository = makeRepository();
  repository.commits([{ files: { a: 'x\n' } }]);
  engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
});
afterAll(() => engine.close());

/** Values of every type, each wrong for most. */
const values: readonly unknown[] = [
  5,
  NaN,
  true,
  null,
  Symbol('s'),
  'text',
  5n,
  [],
  [5],
  {},
  () => 0,
  new Date(),
  new Uint8Array(1),
];

async function failureOf(method: string, args: readonly unknown[]): Promise<unknown> {
  try {
    const answer = (engine as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);
    if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer) {
      for await (const _ of answer as AsyncIterable<unknown>) break;
    } else await answer;
    return null;
  } catch (error) {
    return error;
  }
}

test('every method that takes arguments is in the table', () => {
  const methodsOf = ({ prototype }: { readonly prototype: object }): string[] => Object.getOwnPropertyNames(prototype);
  const methods = [...new Set([RepositoryEngine, ScopeEngine].flatMap(methodsOf))];
  const without = ['constructor', 'isOpen', 'storePath', 'forks', 'views', 'status', 'close'];
  expect(methods.filter((name) => !without.includes(name)).sort()).toEqual(Object.keys(engineParameters).sort());
});

test.each(Object.entries(engineParameters))('%s refuses arguments of a wrong type', async (method, parameters) => {
  const good = parameters.map(([, kind]) => (kind === 'text' ? 'HEAD' : kind === 'texts' ? [] : undefined));
  for (const [i, [name, kind]] of parameters.entries()) {
    const members = typeof kind === 'object' && !Array.isArray(kind) ? Object.keys(kind) : [];
    for (const value of values) {
      const isGood =
        (kind === 'text' && typeof value === 'string') ||
        (kind !== 'text' && typeof kind === 'string' && Array.isArray(value) && value.length === 0) ||
        (typeof kind === 'object' &&
          typeof value === 'object' &&
          value !== null &&
          Array.isArray(value) === Array.isArray(kind));
      if (isGood) continue;
      const error = await failureOf(method, [...good.slice(0, i), value, ...good.slice(i + 1)]);
      expect([name, value, (error as CoppiceError | null)?.code]).toEqual([name, value, 'USAGE']);
    }
    for (const member of members) {
      const key = member.replace('?', '');
      const options = { [key]: Symbol('wrong') };
      const error = await failureOf(method, [...good.slice(0, i), options, ...good.slice(i + 1)]);
      expect([key, (error as CoppiceError | null)?.code]).toEqual([key, 'USAGE']);
    }
  }
  // Nor is anything but a coded error told of what is left out.
  const error = await failureOf(method, []);
  expect(error === null || error instanceof CoppiceError).toBe(true);
});

test.each([
  ['search', ['a', { mode: 'exact' }], 'options.mode is to be one of hybrid, lexical, semantic'],
  ['search', ['a', { effort: 'most' }], 'options.effort is to be one of fast, best'],
  [
    'apply',
    ['f', [{ kind: 'write', path: 'a', content: new Uint8Array(0) }]],
    'steps[0].kind is to be one of commit, patch, put, remove',
  ],
  ['apply', ['f', [{}]], 'steps[0].kind is to be one of commit, patch, put, remove'],
  [
    'apply',
    [
      'f',
      [
        { kind: 'remove', path: 'a' },
        { kind: 'put', path: 'a' },
      ],
    ],
    'steps[1].content is to be a Uint8Array',
  ],
  ['apply', ['f', [{ kind: 'commit' }]], 'steps[0].rev is to be a string'],
])('%s(%j): what is none of the words or kinds is refused by name', async (method, args, fault) => {
  const error = (await failureOf(method, args)) as CoppiceError | null;
  expect([error?.code, error?.message]).toEqual(['USAGE', `${method}: ${fault}`]);
});
