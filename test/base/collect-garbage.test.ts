import { expect, test } from 'vitest';
import { collectGarbage, sleep } from '../../src/base/index.js';

test('what nobody holds any more is gone at once, what somebody holds is not', async () => {
  const held = new Uint8Array(1 << 20);
  const refs = [new WeakRef(new Uint8Array(1 << 20)), new WeakRef(held)];
  await sleep(1); // a reference holds what it refers to until the end of the turn
  collectGarbage();
  expect(refs.map((ref) => ref.deref() !== undefined)).toEqual([false, true]);
  expect(held.length).toBe(1 << 20);
});
