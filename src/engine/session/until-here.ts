import { CoppiceError } from '../../base/index.js';
import { NotHere } from '../../segment/index.js';

/** Each time a question comes a little further: one that needs more than this would never end. */
const triesMax = 2000;

/** Answers a question over what may lie in a cluster: where something is not here it is brought, and the question asked again. */
export async function untilHere<T>(signal: AbortSignal | undefined, ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      await bringOrThrow(error, tries, signal);
    }
  }
}

/** The same of an answer in batches: asked again it begins as before, so that what was told of it is passed over. */
export async function* streamUntilHere<T, R>(
  signal: AbortSignal | undefined,
  ask: () => AsyncGenerator<T, R, undefined>,
): AsyncGenerator<T, R, undefined> {
  let told = 0;
  for (let tries = 1; ; tries++) {
    const answer = ask();
    try {
      let known = told;
      for (let next = await answer.next(); ; next = await answer.next()) {
        if (next.done === true) return next.value;
        const batch = next.value as T & readonly unknown[];
        if (known >= batch.length) {
          known -= batch.length;
          continue;
        }
        const fresh = known === 0 ? batch : (batch.slice(known) as unknown as T & readonly unknown[]);
        known = 0;
        told += fresh.length;
        yield fresh as Awaited<T>;
      }
    } catch (error) {
      await bringOrThrow(error, tries, signal);
    } finally {
      await answer.return(undefined as R);
    }
  }
}

async function bringOrThrow(error: unknown, tries: number, signal: AbortSignal | undefined): Promise<void> {
  if (!(error instanceof NotHere)) throw error;
  if (tries === triesMax) throw new CoppiceError('INTERNAL', `${error.what}: read again and again`);
  await error.bring(signal);
}
