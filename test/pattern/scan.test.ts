import { beforeAll, describe, expect, test } from 'vitest';
import { Deadline, compilePattern, scanAllTexts, scanTexts } from '../../src/pattern/index.js';
import type { PatternOptions } from '../../src/pattern/index.js';
import { ensureDist } from '../cli/dist.js';
import { explosions, moreExplosions } from './support/explosions.js';

// The threads' script is of the build.
beforeAll(ensureDist, 240_000);

async function count(
  source: string,
  texts: readonly string[],
  { deadlineMs = 10_000, signal, ...options }: PatternOptions & { deadlineMs?: number; signal?: AbortSignal } = {},
): Promise<number> {
  const pattern = compilePattern(source, options);
  let found = 0;
  const scan = {
    pattern,
    deadline: new Deadline(deadlineMs),
    signal,
    count: texts.length,
    textOf: (i: number) => texts[i]!,
  };
  await scanAllTexts({ ...scan, wanted: 'count' }, ({ numbers }) => (found += numbers[0]!));
  return found;
}

/** The longest time for which this thread did nothing else, while `work` went on. */
async function longestPause(work: Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  await work.finally(() => clearInterval(timer));
  return longest;
}

describe('a pattern that explodes', () => {
  test.each([...explosions, ...moreExplosions].filter((_, i) => i % 4 === 0))(
    '$source is ended at its deadline, and holds up nobody',
    async ({ source, text, ignoreCase }) => {
      const started = performance.now();
      let code = '';
      const work = count(source, ['x\n', text, 'y\n'], { deadlineMs: 300, ignoreCase }).catch((error: unknown) => {
        ({ code } = error as { code: string });
      });
      const paused = await longestPause(work);
      expect(['', 'PATTERN_TIMEOUT']).toContain(code);
      expect(performance.now() - started).toBeLessThan(300 + 2000);
      expect(paused).toBeLessThan(250);
    },
  );

  test('many at once end, and one that does no harm is answered among them', async () => {
    const { source, text } = explosions.find(({ source }) => source.includes('\\1'))!;
    const started = performance.now();
    const bad = Array.from({ length: 12 }, () => count(source, [text], { deadlineMs: 1500 }).catch(() => 'ended'));
    const texts = Array.from({ length: 100 }, (_, i) => `foo ${i} bar\n`);
    expect(await count('foo.*bar', texts)).toBe(100);
    expect(await Promise.all(bad)).toEqual(bad.map(() => 'ended'));
    expect(performance.now() - started).toBeLessThan(4000);
  });

  test('it is ended when the caller goes', async () => {
    const { source, text } = explosions.find(({ source }) => source.includes('\\1'))!;
    const caller = new AbortController();
    const work = count(source, [text], { deadlineMs: 60_000, signal: caller.signal });
    setTimeout(() => caller.abort(), 200);
    await expect(work).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('what is found in a thread', () => {
  test('is what is found here', async () => {
    const texts = Array.from({ length: 300 }, (_, i) => `${'a'.repeat(i % 9)}b ${'x'.repeat(i % 5)}é\nline ${i} 😀\n`);
    // One text makes it a runaway; what comes after goes to the thread.
    const slow = `${'a'.repeat(34)}c\n`;
    const pattern = compilePattern('(a+)+\\b.*?([xé])|(?:a|a)+\\1c|😀');
    const wanted = 'lines' as const;
    const lines = async (all: readonly string[]): Promise<unknown[]> => {
      const found: unknown[] = [];
      const scan = {
        pattern,
        deadline: new Deadline(20_000),
        signal: undefined,
        count: all.length,
        textOf: (i: number) => all[i]!,
        wanted,
      };
      for await (const batch of scanTexts(scan))
        for (const { text, numbers } of batch) if (text !== slow) found.push([text, Array.from(numbers)]);
      return found;
    };
    const here = await lines(texts);
    expect(here.length).toBe(300);
    await count('(a+)+\\1b', [`${'a'.repeat(40)}!\n`], { deadlineMs: 100 }).catch(() => undefined);
    // For some time after a runaway, patterns that can backtrack go to threads at once.
    expect(await lines(texts)).toEqual(here);
  });
});
