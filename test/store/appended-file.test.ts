import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appendLineBelow } from '../../src/store/index.js';
import { makeFolder } from '../support/git.js';

function makePlaces(): { readonly outside: string; readonly folder: string } {
  const outside = makeFolder();
  const folder = join(outside, 'work', 'tree');
  mkdirSync(folder, { recursive: true });
  return { outside, folder };
}

test('a line is appended to a file that is made with its folders', () => {
  const { folder } = makePlaces();
  for (const line of ['one', 'two']) appendLineBelow(folder, 'sets/of/mine.jsonl', line);
  expect(readFileSync(join(folder, 'sets/of/mine.jsonl'), 'utf8')).toBe('one\ntwo\n');
});

test.each([
  ['above', '../../new/x.jsonl'],
  ['above by a way through it', 'sets/../../../new/x.jsonl'],
  ['absolute', '/nowhere-at-all/new/x.jsonl'],
  ['behind a link', 'link/new/x.jsonl'],
  ['behind a link that leads nowhere', 'dangling/new/x.jsonl'],
  ["in git's own folder", '.git/new/x.jsonl'],
])('%s nothing is written, no folder is made, and where it would be is not told', (_, name) => {
  const { outside, folder } = makePlaces();
  mkdirSync(join(outside, 'elsewhere'));
  mkdirSync(join(folder, '.git'));
  symlinkSync(join(outside, 'elsewhere'), join(folder, 'link'));
  symlinkSync(join(outside, 'none'), join(folder, 'dangling'));
  const before = readdirSync(outside, { recursive: true });
  let message = '';
  try {
    appendLineBelow(folder, name, 'line');
  } catch (error) {
    expect(error).toMatchObject({ code: 'USAGE' });
    message = (error as Error).message;
  }
  expect(message).toContain(name);
  expect(message).not.toContain(outside);
  expect(readdirSync(outside, { recursive: true })).toEqual(before);
  expect(existsSync('/nowhere-at-all')).toBe(false);
});
