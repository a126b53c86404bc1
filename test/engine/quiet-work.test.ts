import { expect, test } from 'vitest';
import { QuietWork } from '../../src/engine/shared/quiet-work.js';

const collecting = (): { readonly done: string[]; readonly does: (name: string) => () => Promise<void> } => {
  const done: string[] = [];
  return { done, does: (name) => () => Promise.resolve(void done.push(name)) };
};

test('work is done a moment after the last who came, in its order, and once', async () => {
  const { done, does } = collecting();
  const quiet = new QuietWork(40);
  quiet.leave('a', does('a'));
  quiet.leave('b', does('b'));
  const rest = (ms: number): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms));
  await quiet.during(() => rest(90)); // longer than a moment
  for (let i = 0; i < 4; i++) await Promise.all([quiet.during(() => rest(15)), quiet.during(() => rest(5))]);
  await expect(quiet.during(() => Promise.reject(new Error('of the action')))).rejects.toThrow('of the action');
  expect(done).toEqual([]);
  await expect.poll(() => done).toEqual(['a', 'b']);
  await quiet.finish();
  expect(done).toEqual(['a', 'b']);
});

test('at the end it is done at once; what was taken back is not, what came under its name is done in its place', async () => {
  const { done, does } = collecting();
  const quiet = new QuietWork(1e6);
  for (const name of ['a', 'b', 'c']) quiet.leave(name, does(name));
  quiet.leave('a', does('a again'));
  expect(quiet.takeBack('b')).toBe(true);
  expect(quiet.takeBack('b')).toBe(false);
  await quiet.finish();
  expect(done).toEqual(['c', 'a again']);
});

test('of a row without an end the newest are done', async () => {
  const { done, does } = collecting();
  const quiet = new QuietWork(1e6);
  for (let i = 0; i < 60; i++) quiet.leave(`commit ${i}`, does(`${i}`));
  await quiet.finish();
  expect(done).toEqual(['56', '57', '58', '59']);
});

test('who comes while something is done holds up what is left behind it', async () => {
  const { done, does } = collecting();
  const quiet = new QuietWork(10);
  let endFirst = (): void => undefined;
  quiet.leave('first', () => new Promise<void>((resolve) => (endFirst = resolve)).then(does('first')));
  quiet.leave('second', does('second'));
  const begun = endFirst;
  await expect.poll(() => endFirst === begun).toBe(false);
  await quiet.during(async () => {
    endFirst();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(done).toEqual(['first']);
  });
  await expect.poll(() => done).toEqual(['first', 'second']);
});
