import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import type { Engine } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

const megabyte = 'x'.repeat(1_000_000);
const trap = join(makeFolder(), 'trap');

let engine: Engine;
beforeAll(async () => {
  const repository = makeRepository();
  repository.commit({ 'lib/a.ts': 'export function parse() {}\n', 'b.txt': 'parse\n' });
  engine = await openEngine({ repo: repository.path, store: makeFolder(), workers: 0 });
  await engine.index(['HEAD']);
});
afterAll(() => engine.close());

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly data: object;
}

async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    const failure = error as Failure;
    expect(failure.code, String((error as Error).stack)).toBeDefined();
    expect(failure.message.length + JSON.stringify(failure.data).length).toBeLessThan(10_000);
    return failure;
  }
  throw new Error('it did not fail');
}

const revs = [
  ...[
    '--upload-pack=x',
    '-h',
    '-',
    '--',
    '--all',
    '--help',
    `--output=${trap}`,
    `$(touch ${trap})`,
    `\`touch ${trap}\``,
  ],
  ...['a\0b', 'a\nHEAD', 'a\rb', '', ' ', '\ud800', '..', '...', 'A...B', '^HEAD', 'HEAD..', '..HEAD'],
  ...['@{u}', '@{-1}', 'HEAD@{99999999}', ':0:x', ':/nothing', 'HEAD^{commit', `HEAD~${'9'.repeat(400)}`, 'HEAD:b.txt'],
  ...['HEAD:../x', 'HEAD:./x', 'HEAD:/etc/passwd', 'refs/heads/../../config', '@worktree:x', '@worktree~1', '//'],
  ...['fork:', 'fork:\n', 'lease:', 'lease:\0', 'lease:../x', 'overlay:', 'overlay:\0', 'fork:HEAD'],
  ...['', 'fork:', 'lease:', 'overlay:', 'HEAD:', 'HEAD^{/'].map((prefix) => prefix + megabyte),
];

test('no rev is an option, leads elsewhere, or takes long', async () => {
  const startMs = performance.now();
  for (const rev of revs) {
    const { code } = await failureOf(engine.resolve(rev));
    expect(code, JSON.stringify(rev.slice(0, 40))).toMatch(/_NOT_FOUND$|^USAGE$|^REV_NOT_A_TREE$/);
  }
  expect(performance.now() - startMs).toBeLessThan(10_000);
  expect(existsSync(trap)).toBe(false);
});

test('what one asks for does not harm what others ask for at the same time', async () => {
  const asked = revs.flatMap((rev) => [
    failureOf(engine.resolve(rev)).then(({ code }) => code),
    engine.resolve('HEAD^{tree}').then(({ kind }) => kind),
  ]);
  const answers = await Promise.all(asked);
  expect(answers.filter((_, i) => i % 2 === 1)).toEqual(revs.map(() => 'tree'));
  expect(answers).not.toContain('GIT_FAILED');
});

test.each(['log', 'grep', 'fork', 'index', 'compare'])('revs of %s are checked as well', async (operation) => {
  for (const rev of ['--all', `--output=${trap}`, 'a\nb', megabyte]) {
    const call = {
      log: () => engine.log('parse', [rev])[Symbol.asyncIterator]().next(),
      grep: () => engine.grep('parse', { rev }),
      fork: () => engine.fork('f', { from: rev }),
      index: () => engine.index([rev]),
      compare: () => engine.compare('HEAD', rev),
    }[operation]!;
    expect((await failureOf(call())).code).toBe('REV_NOT_FOUND');
  }
  expect(existsSync(trap)).toBe(false);
});

test.each(['../b.txt', '/etc/passwd', 'a\0b', '', '.', '..', 'lib', '-h', '.git/config', 'lib/../../b.txt', megabyte])(
  'a path that no file has: %.20j',
  async (path) => {
    for (const rev of ['HEAD', '@worktree']) {
      expect((await failureOf(engine.show(rev, path))).code).toBe('PATH_NOT_FOUND');
      expect((await failureOf(engine.outline(rev, path))).code).toBe('PATH_NOT_FOUND');
    }
    if (path === 'lib' || path === '-h') return; // could be a file
    const put = engine.putOverlay('x', [{ path, content: Buffer.from('x') }]);
    expect((await failureOf(put)).code).toBe('PATH_NOT_FOUND');
  },
);

describe('numbers and sizes', () => {
  const usage = async (call: Promise<unknown>): Promise<void> => expect((await failureOf(call)).code).toBe('USAGE');

  test.each([NaN, -1, 1.5, -Infinity])('%d is not how many', async (limit) => {
    await usage(engine.search('parse', { limit }));
    await usage(engine.symbols('parse', { limit }));
    await usage(engine.files({ limit }));
    await usage(engine.revs({ limit }));
    await usage(engine.compare('HEAD', 'HEAD', { limit }));
    await usage(engine.grep('parse', { maxCount: limit }));
    await usage(engine.grep('parse', { context: limit }));
    await usage(engine.grepCounts('parse', { maxCount: limit }));
    await usage(engine.log('parse', [], { maxCount: limit })[Symbol.asyncIterator]().next());
    if (limit !== 1.5) await usage(engine.grep('parse', { deadlineMs: limit }));
  });

  test('zero is', async () => {
    expect((await engine.search('parse', { limit: 0 })).hits).toEqual([]);
    expect((await engine.grep('parse', { maxCount: 0 })).lines).toEqual([]);
    expect((await engine.files({ limit: 0 })).total).toBe(2);
  });

  test('queries, patterns and filters that are too much are refused at once', async () => {
    const startMs = performance.now();
    for (const query of [megabyte, '('.repeat(9000), '-('.repeat(3000) + 'x', `${'('.repeat(200)}x${')'.repeat(200)}`])
      expect((await failureOf(engine.search(query))).code).toBe('QUERY_INVALID');
    for (const pattern of [megabyte, '('.repeat(20_000), `${'('.repeat(9000)}x${')'.repeat(9000)}`])
      expect((await failureOf(engine.grep(pattern))).code).toBe('PATTERN_INVALID');
    expect((await failureOf(engine.grep(megabyte, { literal: true }))).code).toBe('PATTERN_INVALID');
    await usage(engine.grep('x', { paths: Array.from({ length: 5000 }, (_, i) => `*${i}`) }));
    await usage(engine.grep('x', { paths: [megabyte] }));
    expect((await engine.symbols(megabyte)).symbols).toEqual([]);
    expect((await failureOf(engine.fork(megabyte))).code).toBe('FORK_NAME_INVALID');
    expect((await failureOf(engine.drop(megabyte))).code).toBe('FORK_NOT_FOUND');
    expect((await failureOf(engine.renewLease(megabyte))).code).toBe('LEASE_NOT_FOUND');
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});
