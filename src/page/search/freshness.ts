import type { Freshness } from '../api/protocol.js';

const order: readonly Freshness[] = ['exact', 'live', 'stale'];

/** That of an answer put together from several. */
export function leastFresh(...all: readonly Freshness[]): Freshness {
  return order[Math.max(0, ...all.map((freshness) => order.indexOf(freshness)))]!;
}
