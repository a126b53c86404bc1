import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { decodeBytes } from '../../../src/base/index.js';
import type { ChunkText, Embedder } from '../../../src/embedding/index.js';
import { lengthOf } from '../../../src/vector/index.js';

export interface ContractOptions {
  /** Opens one more embedder of the kind. */
  readonly open: () => Promise<Embedder>;
  /** What does not hold for this kind, by the name of the test, and why. */
  readonly exceptions?: Readonly<Record<string, string>>;
}

/** Words that every embedder under test knows. */
export const words = ['lock', 'file', 'parser', 'number', 'server', 'color', 'window', 'cache'] as const;

export const chunk = (text: string, scopes: readonly string[] = []): ChunkText => ({
  text,
  language: 'javascript',
  symbols: [],
  scopes,
});

const someText = fc.oneof(
  fc.array(fc.constantFrom(...words, '\n', '日本', '😀', 'é'), { maxLength: 12 }).map((parts) => parts.join(' ')),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.uint8Array({ maxLength: 40 }).map(decodeBytes), // what a file that is no UTF-8 comes as
);

/** What holds for every embedder. */
export function describeEmbedder(kind: string, { open, exceptions = {} }: ContractOptions): void {
  const holds = (name: string, check: (embedder: Embedder) => Promise<void>): void => {
    if (name in exceptions) test.skip(`${name} (not here: ${exceptions[name]})`, () => undefined);
    else test(name, () => check(embedder));
  };
  const abandons = (name: string, check: (own: Embedder) => Promise<void>): void =>
    holds(name, async () => {
      const own = await open();
      try {
        await check(own);
      } finally {
        await own.close();
      }
    });
  const vectorOf = async (text: string): Promise<Int8Array> => (await embedder.embedChunks([chunk(text)]))[0]!;
  const many = Array.from({ length: 300 }, (_, i) => chunk(`${words[i % words.length]!} number ${i}\n`));
  let embedder: Embedder;

  describe(`contract: ${kind}`, () => {
    beforeAll(async () => {
      embedder = await open();
    });
    afterAll(() => embedder.close());

    holds('names its space', async () => {
      const { model, revision, dimension } = embedder.space;
      expect(model).not.toBe('');
      expect(typeof revision).toBe('string');
      expect((await vectorOf('lock')).length).toBe(dimension);
      const again = await open();
      expect(again.space).toEqual(embedder.space);
      await again.close();
    });

    holds('vectors come in the order of the chunks, one for each, whatever they are made with', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(someText, { maxLength: 9 }), async (texts) => {
          const vectors = await embedder.embedChunks(texts.map((text) => chunk(text)));
          expect(vectors.length).toBe(texts.length);
          for (const [i, text] of texts.entries()) expect(vectors[i]).toEqual(await vectorOf(text));
        }),
        { numRuns: 30 },
      );
      const vectors = await embedder.embedChunks(many);
      const reversed = await embedder.embedChunks(many.toReversed());
      expect(reversed.toReversed()).toEqual(vectors);
    });

    holds('a vector uses the whole range of signed bytes, or is zero', async () => {
      await fc.assert(
        fc.asyncProperty(someText, async (text) => {
          for (const vector of [await embedder.embedQuery(text), await vectorOf(text)]) {
            expect(vector).toBeInstanceOf(Int8Array);
            expect(vector.length).toBe(embedder.space.dimension);
            expect([0, 127]).toContain(Math.max(...vector.map(Math.abs)));
          }
        }),
        { numRuns: 30 },
      );
    });

    holds('queries and chunks are in one space', async () => {
      const vectors = await embedder.embedChunks(words.map((word) => chunk(`${word} ${word}\n`)));
      for (const [i, word] of words.entries()) {
        const query = await embedder.embedQuery(word);
        const cosines = vectors.map((vector) => cosine(query, vector));
        expect(cosines.indexOf(Math.max(...cosines))).toBe(i);
      }
    });

    holds('nothing is like nothing', async () => {
      const zeros = new Int8Array(embedder.space.dimension);
      expect(await embedder.embedChunks([])).toEqual([]);
      for (const text of ['', ' ', '\n\t\n']) {
        expect(await embedder.embedQuery(text)).toEqual(zeros);
        expect(await vectorOf(text)).toEqual(zeros);
      }
      const [zero, lock] = await embedder.embedChunks([chunk(''), chunk('lock')]);
      expect(zero).toEqual(zeros);
      expect(lock).toEqual(await vectorOf('lock'));
    });

    holds('a huge text has a vector', async () => {
      const text = 'lock the file 日本 😀\n'.repeat(50_000);
      expect(lengthOf(await vectorOf(text))).toBeGreaterThan(0);
      expect(lengthOf(await embedder.embedQuery(text))).toBeGreaterThan(0);
    });

    holds('calls at the same time do not disturb each other', async () => {
      const alone = await embedder.embedChunks(many);
      const [a, query, b] = await Promise.all([
        embedder.embedChunks(many),
        embedder.embedQuery('lock'),
        embedder.embedChunks(many.toReversed()),
      ]);
      expect(a).toEqual(alone);
      expect(b.toReversed()).toEqual(alone);
      expect(query).toEqual(await embedder.embedQuery('lock'));
    });

    holds('what is cancelled ends with ABORTED, before and amidst, and disturbs nobody', async () => {
      const aborted = AbortSignal.abort();
      await expect(embedder.embedQuery('lock', aborted)).rejects.toMatchObject({ code: 'ABORTED' });
      await expect(embedder.embedChunks(many, aborted)).rejects.toMatchObject({ code: 'ABORTED' });
      const controller = new AbortController();
      const cancelled = embedder.embedChunks(many, controller.signal);
      const other = embedder.embedChunks(many);
      setImmediate(() => controller.abort());
      await expect(cancelled).rejects.toMatchObject({ code: 'ABORTED' });
      expect(await other).toEqual(await embedder.embedChunks(many));
    });

    abandons('closing ends what is under way, and can be done twice', async (own) => {
      const running = own.embedChunks(many);
      const outcome = expect(running).rejects.toMatchObject({ code: 'ABORTED' });
      await own.close();
      await outcome;
      await own.close();
    });

    abandons('who was closed embeds no more', async (own) => {
      await own.close();
      await expect(own.embedQuery('lock')).rejects.toMatchObject({ code: 'ABORTED' });
      await expect(own.embedChunks(many)).rejects.toMatchObject({ code: 'ABORTED' });
    });
  });
}

const cosine = (a: Int8Array, b: Int8Array): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0) / (lengthOf(a) * lengthOf(b) || 1);
