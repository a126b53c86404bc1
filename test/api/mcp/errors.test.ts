import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Engines } from '../../../src/engine/types.js';
import { makeFolder, makeRepository, type TestRepository } from '../../support/git.js';
import { call, connect, makeEngines, makeProject } from './support.js';

let repository: TestRepository;
let engines: Engines;
let client: Client;

beforeAll(async () => {
  repository = makeProject();
  engines = await makeEngines();
  client = await connect(engines, repository.path);
});

describe('what a model does wrong is told so that it can do better', () => {
  test.each([
    ['grep', {}, 'USAGE: the argument pattern is missing', 'grep takes pattern (required), rev, '],
    ['grep', { patern: 'x' }, 'USAGE: there is no argument "patern"', 'repo'],
    ['grep', { pattern: { a: 1 } }, 'USAGE: pattern must be string', ''],
    ['grep', { pattern: 'x', context: -1 }, 'USAGE: context must be >= 0', ''],
    ['grep', { pattern: 'x', max_tokens: 1 }, 'USAGE: max_tokens must be >= 500', ''],
    ['grep', { pattern: '(' }, 'PATTERN_INVALID: ', 'literal: true'],
    ['grep', { pattern: 'x', rev: 'nope' }, "REV_NOT_FOUND: no such rev: 'nope'", 'list_revs'],
    ['grep', { pattern: 'x', rev: '--upload-pack=x' }, 'REV_NOT_FOUND: ', ''],
    ['grep', { pattern: 'x', rev: 'a..b..c' }, 'USAGE: a range has two ends', 'A..B'],
    ['grep', { pattern: 'x', languages: ['klingon'] }, 'USAGE: unknown language "klingon"', 'typescript'],
    ['search', { query: 'lang:' }, 'QUERY_INVALID: ', 'quote it'],
    ['search', { query: '' }, 'QUERY_INVALID: ', ''],
    ['symbols', { name: 'x', kinds: ['verb'] }, 'USAGE: unknown kind "verb"', 'function'],
    ['read', { path: 'retry.ts' }, 'PATH_NOT_FOUND: there is no file retry.ts', 'src/retry.ts'],
    ['read', { path: 'nowhere/' }, 'PATH_NOT_FOUND: there is no folder nowhere', ''],
    ['read', { path: '../../etc/passwd' }, 'PATH_NOT_FOUND: ', ''],
    ['read', { path: 'src/retry.ts', start_line: 70 }, 'LINES_OUT_OF_RANGE: src/retry.ts has 6 lines', 'start_line'],
    ['read', { path: 'src/retry.ts', start_line: 3, end_line: 2 }, 'LINES_OUT_OF_RANGE: ', ''],
    ['outline', { path: 'nope.ts' }, 'PATH_NOT_FOUND: ', ''],
    ['apply', { name: 'none', steps: [{ kind: 'remove', path: 'a' }] }, 'FORK_NOT_FOUND: ', 'the tool fork makes one'],
    ['apply', { name: 'none', steps: [] }, 'USAGE: there is nothing to apply', 'at least one step'],
    [
      'apply',
      { name: 'none', steps: [{ kind: 'burn' }] },
      'USAGE: steps.0.kind must be one of commit,patch,put,remove',
      '',
    ],
    ['apply', { name: 'none', steps: [{ kind: 'put', path: 'a' }] }, 'USAGE: ', 'text'],
    ['fork', { name: '..' }, 'FORK_NAME_INVALID: ', ''],
    ['log', { pattern: 'x', rev: '@worktree' }, 'USAGE: ', 'HEAD'],
    [
      'grep',
      { pattern: 'x', repo: 'relative/path' },
      'NOT_A_REPOSITORY: no repository is known by the name',
      'give repo',
    ],
    ['grep', { pattern: 'x', repo: '/a\0b' }, 'USAGE: repo must be an absolute path', ''],
  ])('%s %j', async (tool, args, message, hint) => {
    const { text, isError, data } = await call(client, tool, args);
    expect(isError).toBe(true);
    expect(text.startsWith(message), text).toBe(true);
    expect(text).toContain(hint);
    expect(text).not.toMatch(/ --[a-z]|`coppice/);
    expect(data).toEqual({});
    expect(text.length).toBeLessThan(1500);
  });

  test('a fork that exists, and a patch that does not fit', async () => {
    await call(client, 'fork', { name: 'twice' });
    expect((await call(client, 'fork', { name: 'twice' })).text).toMatch(/^FORK_EXISTS: .*\nchoose another name/);
    const patch = '--- a/src/main.ts\n+++ b/src/main.ts\n@@ -1,1 +1,1 @@\n-never there\n+x\n';
    const { text } = await call(client, 'apply', { name: 'twice', steps: [{ kind: 'patch', text: patch }] });
    expect(text).toMatch(/^PATCH_CONFLICT: .*\nread the file at the fork/s);
  });

  test('a folder without git is searched; one that has everything is answered with repositories that are known', async () => {
    await call(client, 'grep', { pattern: 'x', rev: 'main' });
    const folder = makeFolder();
    writeFileSync(join(folder, 'a.ts'), 'const lonely = 1;\n');
    expect((await call(client, 'grep', { pattern: 'lonely', repo: folder })).text).toContain('1:const lonely');
    const { text } = await call(client, 'grep', { pattern: 'x', repo: '/' });
    expect(text).toMatch(/^FOLDER_TOO_WIDE: /);
    expect(text).toContain(repository.path);
  });

  test('no repository at all', async () => {
    const homeless = await connect(engines, null);
    const { text } = await call(homeless, 'grep', { pattern: 'x' });
    expect(text).toMatch(/^NOT_A_REPOSITORY: no repository is named.*\ngive repo: /);
    expect((await call(homeless, 'grep', { pattern: 'retry', repo: repository.path })).isError).toBe(false);
  });

  test('a repository without a commit has a work tree all the same', async () => {
    const empty = makeRepository();
    empty.write('a.ts', 'const early = 1;\n');
    expect((await call(client, 'grep', { pattern: 'early', repo: empty.path })).text).toContain('1:const early');
    expect((await call(client, 'grep', { pattern: 'x', repo: empty.path, rev: 'HEAD' })).text).toContain(
      'rev: "@worktree"',
    );
  });
});

test('what a model means is understood where there is no doubt', async () => {
  const { data } = await call(client, 'grep', {
    pattern: 'retry',
    rev: 'main',
    paths: 'src/',
    context: '0',
    ignore_case: 'true',
    literal: null,
    repo: null,
  });
  expect(data['hits']).toHaveLength(2);
  expect((await call(client, 'grep', { pattern: 'uncommitted', rev: '' })).data).toMatchObject({ rev: '@worktree' });
});

describe('faults of the protocol are errors of the protocol', () => {
  test('a tool that is not there', async () => {
    await expect(client.callTool({ name: 'nope' })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('nope') as string,
    });
  });

  test('parameters that are none', async () => {
    const { ResultSchema } = await import('@modelcontextprotocol/sdk/types.js');
    await expect(
      client.request({ method: 'tools/call', params: { arguments: 3 } }, ResultSchema),
    ).rejects.toMatchObject({ code: -32602 });
    await expect(client.request({ method: 'nope/nope' }, ResultSchema)).rejects.toMatchObject({ code: -32601 });
  });

  test('ping is answered', async () => {
    expect(await client.ping()).toEqual({});
  });
});
