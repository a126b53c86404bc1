import { expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import { OpenPacks } from '../../src/engine/remotes/open-packs.js';
import type { Pack } from '../../src/pack/index.js';
import { Publications } from '../../src/remote/index.js';
import type { RemoteStorage } from '../../src/remote/index.js';

const mebibyte = 1024 * 1024;

class FakePack {
  isClosed = false;
  constructor(
    readonly name: string,
    readonly sizeBytes: number,
    readonly memoryBytes = sizeBytes,
  ) {}
  rest(): void {
    expect(this.isClosed).toBe(false);
  }
  close(): void {
    this.isClosed = true;
  }
}

/** Packs whose reading takes as long as it is let. */
function reads(made: FakePack[]) {
  let count = 0;
  return {
    of:
      (name: string, sizeBytes = 10, memoryBytes = sizeBytes) =>
      async (): Promise<Pack> => {
        count++;
        await new Promise(setImmediate);
        const pack = new FakePack(name, sizeBytes, memoryBytes);
        made.push(pack);
        return pack as unknown as Pack;
      },
    get count() {
      return count;
    },
  };
}

test('a pack that several ask for at once is read once, and is open until the last gives it back and there is no room', async () => {
  const made: FakePack[] = [];
  const read = reads(made);
  const packs = new OpenPacks();
  const taken = await Promise.all([1, 2, 3].map(() => packs.take('a', read.of('a'), undefined)));
  taken.push(await packs.take('a', read.of('a'), undefined));
  expect([read.count, new Set(taken).size]).toEqual([1, 1]);
  const filler = await packs.take('b', read.of('b', 1, 40 * mebibyte), undefined);
  for (const pack of taken.slice(1)) packs.give(pack!);
  packs.give(filler!);
  expect(made.map(({ isClosed }) => isClosed)).toEqual([false, false]);
  packs.give(taken[0]!);
  expect(made.map(({ isClosed }) => isClosed)).toEqual([false, true]); // what it takes in memory counts
  expect(await packs.take('a', read.of('a'), undefined)).toBe(taken[0]);
  expect(read.count).toBe(2);
});

test('who gives up while reading is followed by another who wants it; what is wrong with the remote, or gone, is so for all', async () => {
  const made: FakePack[] = [];
  const read = reads(made);
  const packs = new OpenPacks();
  const failing = (code: 'ABORTED' | 'REMOTE_INVALID') => async (): Promise<never> => {
    await new Promise(setImmediate);
    throw new CoppiceError(code, 'no');
  };
  const first = packs.take('a', failing('ABORTED'), undefined);
  const others = [packs.take('a', read.of('a'), undefined), packs.take('a', read.of('a'), undefined)];
  const late = packs.take('a', read.of('a'), AbortSignal.abort());
  await expect(late).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
  const [one, two] = await Promise.all(others);
  expect([one, two, read.count]).toEqual([made[0], made[0], 1]);
  const all = [packs.take('b', failing('REMOTE_INVALID'), undefined), packs.take('b', read.of('b'), undefined)];
  const outcomes = await Promise.allSettled(all);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const gone = [packs.take('c', () => Promise.resolve(null), undefined), packs.take('c', read.of('c'), undefined)];
  expect([await Promise.all(gone), read.count]).toEqual([[null, null], 1]);
  expect(await packs.take('b', read.of('b'), undefined)).toBe(made[1]);
});

test('a large pack comes whole in one answer of a server that knows no ranges; one that is cut short ends there', async () => {
  const pack = Buffer.alloc(20 * mebibyte, 'a pack');
  for (const [served, knowsRanges, asked] of [
    [pack, true, 3],
    [pack, false, 1],
    [pack.subarray(0, 9 * mebibyte), true, 2],
    [pack.subarray(0, 9 * mebibyte), false, 2],
    [pack.subarray(0, 0), false, 1],
  ] as const) {
    let count = 0;
    const storage = {
      read: (_: string, { range }: NonNullable<Parameters<RemoteStorage['read']>[1]>) => {
        count++;
        const { offset, length } = range!;
        const bytes = served.subarray(offset, knowsRanges ? offset + length : undefined);
        return Promise.resolve({ bytes, version: '' });
      },
    } as unknown as RemoteStorage;
    const parts: Buffer[] = [];
    const ref = { name: 'a', bytes: pack.length, rules: '', from: 0, to: 0, history: false };
    const isThere = await new Publications(storage, { trust: null }).readPack(ref as never, (part) => parts.push(part));
    expect([isThere, count, Buffer.concat(parts).equals(served)]).toEqual([true, asked, true]);
  }
});
