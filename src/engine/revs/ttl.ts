import { CoppiceError } from '../../base/index.js';

const ttlMsDefault = 10 * 60_000;
const ttlMsMax = 24 * 60 * 60_000;

/** How long something is held; USAGE unless it is a number of milliseconds, at most a day if nothing else is said. */
export function checkTtl(ttlMs = ttlMsDefault, max = ttlMsMax): number {
  if (Number.isSafeInteger(ttlMs) && ttlMs > 0 && ttlMs <= max) return ttlMs;
  throw new CoppiceError('USAGE', `${ttlMs} is not a time to hold something`, {
    hint: `give whole milliseconds${max === Infinity ? '' : `, at most ${max}`}`,
  });
}
