import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readColumn, writeColumns } from '../../src/segment/tables/columns.js';
import { makeStore } from './support.js';

const types = { bytes: Uint8Array, shorts: Uint16Array, words: Uint32Array } as const;

/** Runs of zeros between values, of any size that the type has. */
const column = (max: number): fc.Arbitrary<number[]> =>
  fc
    .array(
      fc.oneof(
        fc.nat(600).map((length) => Array<number>(length).fill(0)),
        fc.array(fc.oneof(fc.nat(max), fc.nat(3), fc.constantFrom(max, 127, 128)), { maxLength: 40 }),
      ),
      { maxLength: 6 },
    )
    .map((runs) => runs.flat());

test('columns come back as they were written, and those of zeros take no room', async () => {
  const store = makeStore();
  let sequence = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({ bytes: column(0xff), shorts: column(0xffff), words: column(0xffffffff) }),
      async (columns) => {
        const id = `s${sequence++}`;
        const writer = store.createSegmentFile(id);
        writer.write(Buffer.alloc(sequence % 7));
        const locations = writeColumns(writer, types, columns);
        writer.finish(Buffer.from('root'));
        const file = store.openSegmentFile(id);
        for (const name of ['bytes', 'shorts', 'words'] as const) {
          expect(Array.from(readColumn(file, locations[name], types[name]))).toEqual(columns[name]);
          const { length } = locations[name];
          expect(length).toBeLessThanOrEqual(columns[name].length * types[name].BYTES_PER_ELEMENT);
          const values = columns[name].filter((value) => value !== 0).length;
          if (columns[name].length > 1000 && values === 0) expect(length).toBeLessThan(10);
        }
        file.close();
        await Promise.resolve();
      },
    ),
  );
  store.close();
});
