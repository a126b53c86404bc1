import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/base/index.js';
import { makeFolder, makeRepository, type TestRepository } from '../support/git.js';
import { coppice, ensureDist, type Place } from './dist.js';

// Every way in which a user can be wrong must end in its own code, a message, a way out, and exit code 2.

let repo: TestRepository;
let bare: TestRepository;
let empty: TestRepository;
let broken: TestRepository;
let plainFolder: string;
let place: Place;
let newerStore: string;
let damagedStore: string;

beforeAll(() => {
  ensureDist();
  repo = makeRepository();
  repo.commit({ 'a.txt': 'one\ntwo\n', 'dir/b.txt': 'x\n' });
  bare = makeRepository({ bare: true });
  bare.commit({ 'a.txt': 'one\n' }, { branch: 'main' });
  empty = makeRepository();
  broken = makeRepository();
  broken.commit({ 'gone.txt': 'this blob will be deleted\n' });
  const oid = broken.revParse('HEAD:gone.txt');
  rmSync(join(broken.gitDir, 'objects', oid.slice(0, 2), oid.slice(2)));
  plainFolder = makeFolder();
  writeFileSync(join(plainFolder, 'letters.txt'), 'not a store');
  mkdirSync(join(plainFolder, 'sub'));
  place = { cwd: repo.path, store: join(makeFolder(), 'store') };
  coppice(place, 'fork', 'taken');
  newerStore = join(makeFolder(), 'store');
  cpSync(place.store, newerStore, { recursive: true });
  writeFileSync(join(newerStore, 'format'), 'coppice store 999\n');
  damagedStore = join(makeFolder(), 'store');
  cpSync(place.store, damagedStore, { recursive: true });
  const segments = join(damagedStore, 'segments');
  for (const name of readdirSync(segments)) {
    const bytes = readFileSync(join(segments, name));
    for (let at = 0; at < bytes.length; at += 100) bytes[at]! ^= 0xff;
    writeFileSync(join(segments, name), bytes);
  }
});

interface Case {
  readonly code: ErrorCode;
  readonly args: readonly string[];
  /** Made late, because the repositories are. */
  readonly at?: () => Partial<Place>;
}

const cases: readonly Case[] = [
  { code: 'USAGE', args: ['grep'] },
  { code: 'USAGE', args: ['frobnicate'] },
  { code: 'USAGE', args: ['grep', 'x', '--rev', 'a...b'] },
  { code: 'USAGE', args: ['search', 'x', '--rev', 'a...b'] },
  { code: 'USAGE', args: ['search', 'x', 'rev:a...b'] },
  { code: 'USAGE', args: ['show', 'HEAD'] },
  { code: 'USAGE', args: ['apply', 'taken', '--patch', 'no-such-file'] },
  { code: 'FOLDER_TOO_WIDE', args: ['grep', 'x'], at: () => ({ cwd: '/' }) },
  { code: 'FOLDER_TOO_WIDE', args: ['grep', 'x', '--repo', '/'] },
  { code: 'REV_NOT_FOUND', args: ['grep', 'x', '--rev', 'main'], at: () => ({ cwd: plainFolder }) },
  { code: 'NOT_A_REPOSITORY', args: ['grep', 'x', '--repo', 'no/such/folder'] },
  { code: 'EMPTY_REPOSITORY', args: ['grep', 'x', '--rev', 'HEAD'], at: () => ({ cwd: empty.path }) },
  { code: 'GIT_NOT_FOUND', args: ['grep', 'x'], at: () => ({ env: { PATH: plainFolder } }) },
  { code: 'REV_NOT_FOUND', args: ['grep', 'x', '--rev', 'no-such-rev'] },
  { code: 'REV_NOT_FOUND', args: ['index', 'no-such-rev'] },
  { code: 'REV_NOT_FOUND', args: ['grep', 'x', '--rev', 'HEAD..no-such-rev'] },
  { code: 'REV_NOT_A_TREE', args: ['grep', 'x', '--rev', 'HEAD:a.txt'] },
  { code: 'PATH_NOT_FOUND', args: ['show', 'HEAD:no/such/file'] },
  { code: 'PATH_NOT_FOUND', args: ['show', 'HEAD:dir'] },
  { code: 'LINES_OUT_OF_RANGE', args: ['show', 'HEAD:a.txt:7-9'] },
  { code: 'OBJECT_MISSING', args: ['show', 'HEAD:gone.txt'], at: () => ({ cwd: broken.path }) },
  { code: 'NO_WORKTREE', args: ['grep', 'x', '--rev', '@worktree'], at: () => ({ cwd: bare.path }) },
  { code: 'FORK_NOT_FOUND', args: ['drop', 'no-such-fork'] },
  { code: 'FORK_NOT_FOUND', args: ['grep', 'x', '--rev', 'fork:no-such-fork'] },
  { code: 'FORK_NOT_FOUND', args: ['apply', 'no-such-fork', '--rm', 'a.txt'] },
  { code: 'FORK_EXISTS', args: ['fork', 'taken'] },
  { code: 'FORK_NAME_INVALID', args: ['fork', 'a..b'] },
  { code: 'FORK_NAME_INVALID', args: ['fork', ''] },
  { code: 'PATTERN_INVALID', args: ['grep', 'a('] },
  { code: 'PATTERN_INVALID', args: ['grep', '[z-a]'] },
  { code: 'QUERY_INVALID', args: ['search', '"unclosed'] },
  { code: 'QUERY_INVALID', args: ['search', '(a'] },
  { code: 'GOLDEN_SET_INVALID', args: ['eval', '-'], at: () => ({ input: '{}' }) },
  { code: 'PATCH_INVALID', args: ['apply', 'taken', '--patch', '-'], at: () => ({ input: 'this is no patch\n' }) },
  {
    code: 'PATCH_CONFLICT',
    args: ['apply', 'taken', '--patch', '-'],
    at: () => ({ input: '--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n-uno\n+eins\n dos\n' }),
  },
  { code: 'NOT_A_STORE', args: ['grep', 'x'], at: () => ({ store: plainFolder }) },
  { code: 'NOT_A_STORE', args: ['grep', 'x', '--store', 'a.txt'] },
  { code: 'STORE_VERSION', args: ['grep', 'x'], at: () => ({ store: newerStore }) },
  { code: 'STORE_CORRUPT', args: ['grep', 'x'], at: () => ({ store: damagedStore }) },
];

test.each(cases.map((one) => [one.code, one.args.join(' '), one] as const))('%s: %s', (code, _, one) => {
  const there: Place = { ...place, ...one.at?.() };
  const told = coppice(there, ...one.args);
  expect({ exit: told.code, stdout: told.stdout }).toEqual({ exit: 2, stdout: '' });
  // Notes may come first.
  expect(told.stderr).toMatch(new RegExp(`^coppice: error\\[${code}\\]:[ \\n]`, 'm'));
  expect(told.stderr).toMatch(/\nhint: \S.*\n$/);
  expect(told.stderr).not.toMatch(/\n {4}at /);

  const asJson = coppice(there, ...one.args, '--json');
  expect(asJson.code).toBe(2);
  expect(JSON.parse(asJson.stdout)).toEqual({
    error: { code, message: expect.any(String) as string, hint: expect.any(String) as string },
  });
});

test('a damaged store is found and put right by doctor, not by deleting anything of the repository', () => {
  const there: Place = { ...place, store: damagedStore };
  const found = coppice(there, 'doctor', '--json');
  expect(found.code).toBe(2);
  expect(JSON.parse(found.stdout)).toMatchObject({ problems: [{ repaired: false }], error: { code: 'STORE_CORRUPT' } });
  expect(coppice(there, 'doctor', '--repair').code).toBe(0);
  expect(coppice(there, 'grep', '-l', 'one').stdout).toBe('a.txt\n');
});
