import { expect, test } from 'vitest';
import { yieldToEventLoop } from '../../src/base/index.js';

const spin = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end;);
};

/** Work that is never done, in slices of some milliseconds, until it is told to stop. */
function worker(sliceMs: number): { slices: number; stop(): void; ended: Promise<void> } {
  const self = { slices: 0, stopped: false, stop: () => void (self.stopped = true), ended: Promise.resolve() };
  self.ended = (async () => {
    while (!self.stopped) {
      spin(sliceMs);
      await yieldToEventLoop(++self.slices);
    }
  })();
  return self;
}

test('however many are at work, one slice is done in each turn of the event loop', async () => {
  const workers = Array.from({ length: 30 }, () => worker(2));
  // Timers wait for a turn, not for all who work: in 40 of them as many slices are done.
  const before = workers.reduce((sum, { slices }) => sum + slices, 0);
  const turns = 40;
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  const done = workers.reduce((sum, { slices }) => sum + slices, 0) - before;
  expect(done).toBeLessThanOrEqual(turns + 1);
  for (const each of workers) each.stop();
  await Promise.all(workers.map(({ ended }) => ended));
});

test('what has just begun goes before what has long been at work, which goes on too', async () => {
  const workers = Array.from({ length: 20 }, () => worker(0));
  while (workers.some(({ slices }) => slices < 20)) await new Promise((resolve) => setImmediate(resolve));
  const before = workers.reduce((sum, { slices }) => sum + slices, 0);
  for (let slice = 0; slice < 6; slice++) await yieldToEventLoop(slice);
  const meanwhile = workers.reduce((sum, { slices }) => sum + slices, 0) - before;
  expect(meanwhile).toBeGreaterThan(0);
  expect(meanwhile).toBeLessThan(20);
  for (const each of workers) each.stop();
  await Promise.all(workers.map(({ ended }) => ended));
});
