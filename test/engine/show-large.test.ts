import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CoppiceError } from '../../src/base/index.js';
import { openEngine, type Engine } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

/** More than is shown at once, and than is read in one piece. */
const lineCount = 700_000;
const lineOf = (number: number): string => `line ${number} ${'x'.repeat(40)}`;

let engine: Engine;
const large = join('data', 'large.txt');

beforeAll(async () => {
  const repository = makeRepository();
  const text = `${Array.from({ length: lineCount }, (_, i) => lineOf(i + 1)).join('\n')}\n`;
  repository.commit({ 'data/large.txt': text, 'a.txt': 'small' });
  writeFileSync(join(repository.path, large), `first\n${text}last without an end`);
  engine = await openEngine({ repo: repository.path, store: join(makeFolder(), 'store'), workers: 0 });
  await engine.index(['HEAD']);
}, 60_000);
afterAll(() => engine.close());

const failure = (work: Promise<unknown>): Promise<CoppiceError> =>
  work.then(
    () => Promise.reject(new Error('it was shown')),
    (error: unknown) => error as CoppiceError,
  );

describe('a file that is too large to be shown at once', () => {
  test.each([
    [1, 1],
    [1, 3],
    [2, 2],
    [333_333, 333_336],
    [lineCount - 1, lineCount],
    [lineCount, lineCount + 1000],
  ])('shows its lines %i to %i', async (start, end) => {
    const shown = await engine.show('HEAD', large, { start, end });
    const last = Math.min(end, lineCount);
    const expected = Array.from({ length: last - start + 1 }, (_, i) => `${lineOf(start + i)}\n`).join('');
    expect(Buffer.from(shown.content).toString()).toBe(expected);
    expect(shown).toMatchObject({ startLine: start, endLine: last });
  });

  test('so does one that lies on disk only', async () => {
    const from = await engine.show('@worktree', large, { start: 1, end: 2 });
    expect(Buffer.from(from.content).toString()).toBe(`first\n${lineOf(1)}\n`);
    const to = await engine.show('@worktree', large, { start: lineCount + 1, end: lineCount + 9 });
    expect(Buffer.from(to.content).toString()).toBe(`${lineOf(lineCount)}\nlast without an end`);
    expect(to.endLine).toBe(lineCount + 2);
  });

  test('as a whole, or too many of its lines, is TOO_LARGE with the limit', async () => {
    const whole = [
      engine.show('HEAD', large),
      engine.show('@worktree', large),
      engine.show('HEAD', large, { start: 2, end: lineCount }),
    ];
    for (const work of whole) {
      expect(await failure(work)).toMatchObject({ code: 'TOO_LARGE', data: { limitBytes: 32 << 20 } });
    }
  });

  test('lines that it has not are told, with how many it has', async () => {
    const lines = { start: lineCount + 1, end: lineCount + 2 };
    const error = await failure(engine.show('HEAD', large, lines));
    expect(error).toMatchObject({ code: 'LINES_OUT_OF_RANGE', data: { lineCount } });
  });

  test('others are shown as before', async () => {
    expect(Buffer.from((await engine.show('HEAD', 'a.txt')).content).toString()).toBe('small');
    expect(await failure(engine.show('HEAD', 'a.txt', { start: 2, end: 2 }))).toMatchObject({
      code: 'LINES_OUT_OF_RANGE',
    });
    expect(await failure(engine.show('HEAD', 'a.txt', { start: 0, end: 2 }))).toMatchObject({
      code: 'LINES_OUT_OF_RANGE',
    });
  });
});
