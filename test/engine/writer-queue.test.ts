import { expect, test } from 'vitest';
import { sleep } from '../../src/base/index.js';
import { WriterQueue } from '../../src/engine/shared/writer-queue.js';

test('writers come one at a time, in order; one that is cancelled or fails lets the next go on', async () => {
  const queue = new WriterQueue();
  const events: string[] = [];
  const cancel = new AbortController();
  const write = (name: string, signal?: AbortSignal): Promise<void> =>
    queue.run(signal, async () => {
      events.push(`${name} begins`);
      await sleep(1);
      events.push(`${name} ends`);
      if (name === 'b') throw new Error('failed');
    });
  const writers = [write('a'), write('b'), write('c', cancel.signal), write('d')];
  cancel.abort();
  expect(queue.isFree).toBe(false);
  const outcomes = await Promise.allSettled(writers);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(outcomes[2]).toMatchObject({ reason: { code: 'ABORTED' } });
  expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'd begins', 'd ends']);
  expect(queue.isFree).toBe(true);
  await write('e');
  expect(events.at(-1)).toBe('e ends');
});
