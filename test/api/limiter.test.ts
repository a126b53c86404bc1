import { expect, test } from 'vitest';
import { sleep, waitAside, waitedMs } from '../../src/base/index.js';
import { Limiter } from '../../src/api/http/limiter.js';

function gate(): { open: () => void; opened: Promise<void> } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

test('so many run, so many wait, the rest is refused at once', async () => {
  const limiter = new Limiter(2, 1);
  const { open, opened } = gate();
  const all = [1, 2, 3].map((value) => limiter.run(() => opened.then(() => value)));
  await expect(limiter.run(() => Promise.resolve(4))).rejects.toMatchObject({ code: 'SERVER_BUSY' });
  open();
  expect(await Promise.all(all)).toEqual([1, 2, 3]);
  expect(limiter.inFlight).toBe(0);
});

test('who waits aside leaves its place, and gets the next one before those who have not begun', async () => {
  const limiter = new Limiter(1, 10);
  const [first, second] = [gate(), gate()];
  const order: string[] = [];
  const aside = limiter.run(async () => {
    await waitAside(() => first.opened);
    order.push('aside');
  });
  const inside = limiter.run(async () => {
    await second.opened;
    order.push('inside');
  });
  const third = limiter.run(() => Promise.resolve(order.push('third')));
  first.open();
  await sleep(5);
  expect(limiter.inFlight).toBe(3);
  second.open();
  await Promise.all([aside, inside, third]);
  expect(order).toEqual(['inside', 'aside', 'third']);
  expect(limiter.inFlight).toBe(0);
});

test('who waits longer than its patience is refused, and nobody else', async () => {
  const limiter = new Limiter(1, 10);
  const { open, opened } = gate();
  const running = limiter.run(() => opened);
  const patient = limiter.run(() => Promise.resolve(waitedMs()));
  const started = performance.now();
  await expect(limiter.run(() => Promise.resolve(), 30)).rejects.toMatchObject({ code: 'SERVER_BUSY' });
  expect(performance.now() - started).toBeLessThan(1000);
  open();
  await running;
  // What it waited counts for its deadline.
  expect(await patient).toBeGreaterThanOrEqual(25);
  expect(limiter.inFlight).toBe(0);
});
