import { AsyncLocalStorage } from 'node:async_hooks';
import type { CoppiceError } from '../base/index.js';

/**
 * Ends the request that runs now with an error. For what is thrown where nobody waits for it (a callback, an event): the
 * process still knows for which request it was thrown.
 */
export const failRequest = new AsyncLocalStorage<(error: CoppiceError) => void>();

/** Runs an action that also ends when something is thrown on its behalf where nobody waits. */
export const failable = <T>(action: () => Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => failRequest.run(reject, () => void action().then(resolve, reject)));
