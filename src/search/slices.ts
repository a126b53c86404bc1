import { TimeSlices } from '../base/index.js';

/** After this long other work of the process gets its turn. */
const sliceMs = 12;

/** Calls `step`, which is short, with 0 to `count`; between slices of them the event loop turns. */
export async function forEachInSlices(
  count: number,
  signal: AbortSignal | undefined,
  step: (i: number) => void,
): Promise<void> {
  const slices = new TimeSlices(signal, sliceMs);
  for (let i = 0; i < count; i++) {
    step(i);
    if ((i & 15) === 15 && slices.isOver) await slices.next();
  }
}
