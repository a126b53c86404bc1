import { homedir } from 'node:os';

import { CoppiceError, throwIfAborted } from '../../base/index.js';
import { Registry } from '../../dependencies/index.js';
import type { FetchedPackage, Package } from '../../dependencies/index.js';
import type { CallOptions } from '../types.js';

const fetchedAtOnce = 6;

/** Fetches packages that nobody has on disk, some at a time. Those that cannot be had (another ecosystem's, without integrity) are passed over; what fails, fails all: FETCH_FAILED. */
export async function* fetchPackages(
  missing: readonly Package[],
  projectFolder: string | null,
  call: CallOptions,
): AsyncGenerator<readonly FetchedPackage[]> {
  const registry = new Registry(projectFolder, homedir(), process.env);
  const wanted = missing.filter((pkg) => !pkg.optional && Registry.canFetch(pkg));
  for (let at = 0; at < wanted.length; at += fetchedAtOnce) {
    throwIfAborted(call.signal);
    call.onProgress?.({
      phase: 'index',
      done: at,
      total: wanted.length,
      unit: 'files',
      bytes: 0,
      what: 'fetching packages',
    });
    const batch = await Promise.allSettled(
      wanted.slice(at, at + fetchedAtOnce).map((pkg) => registry.fetch(pkg, call.signal)),
    );
    const failure = batch.find((result) => result.status === 'rejected');
    const fetched = batch.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    if (fetched.length > 0) yield fetched;
    if (failure !== undefined)
      throw failure.reason instanceof CoppiceError
        ? failure.reason
        : new CoppiceError('FETCH_FAILED', String(failure.reason));
  }
}
