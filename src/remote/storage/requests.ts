import { CoppiceError, elapsedMs, jittered, sleep, throwIfAborted } from '../../base/index.js';
import { remoteUnreachable } from '../remote-errors.js';
import type { HttpResponse } from './http-request.js';
import type { CallOptions } from './storage.js';

/** An attempt that has got nothing for so long is given up. */
const attemptMsMin = 10_000;
/** And so much longer for what it carries: a slow line moves this many bytes in a millisecond. */
const slowBytesPerMs = 100;
const firstWaitMs = 50;
const waitMsMax = 3_000;
const patienceMsDefault = 20_000;

/** What is worth trying again: the server is at its limit, or something between here and there failed. */
const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/**
 * Sends a request until it has an answer that is not a passing failure (no answer, 408, 429, 5xx), or patience ends. Waits grow and are jittered; a
 * `Retry-After` is heeded. REMOTE_UNREACHABLE, ABORTED. Made for requests that may be sent twice.
 */
export async function askUntilAnswered(
  url: string,
  send: (signal: AbortSignal) => Promise<HttpResponse>,
  { signal, patienceMs = patienceMsDefault, bytes = 0 }: CallOptions & { readonly bytes?: number },
): Promise<HttpResponse & { readonly attempts: number }> {
  const endMs = elapsedMs() + patienceMs;
  for (let attempts = 1, waitMs = firstWaitMs; ; attempts++, waitMs = Math.min(waitMs * 2, waitMsMax)) {
    throwIfAborted(signal);
    let failure: unknown;
    let retryAfterMs = 0;
    const leftMs = Math.max(1, endMs - elapsedMs());
    const timeout = AbortSignal.timeout(Math.ceil(Math.min(leftMs, attemptMsMin) + bytes / slowBytesPerMs));
    try {
      const answer = await send(signal === undefined ? timeout : AbortSignal.any([signal, timeout]));
      if (!isPassing(answer.status)) return { ...answer, attempts };
      failure = new Error(`it answers ${answer.status} ${errorCodeOf(answer) ?? ''}`.trim());
      retryAfterMs = Number(answer.headers.get('retry-after') ?? 0) * 1000 || 0;
    } catch (error) {
      throwIfAborted(signal);
      if (error instanceof CoppiceError) throw error;
      failure = timeout.aborted ? new Error('no answer in time') : error;
    }
    const pauseMs = Math.max(jittered(waitMs), Math.min(retryAfterMs, waitMsMax));
    if (elapsedMs() + pauseMs >= endMs) throw remoteUnreachable(url, failure);
    await sleep(pauseMs, signal);
  }
}

/** The code of an error of S3. */
export const errorCodeOf = ({ body }: HttpResponse): string | undefined =>
  /<Code>([^<]{1,80})<\/Code>/.exec(body.toString('utf8', 0, 2000))?.[1];

/** What `fetch` answers, read to its end. */
export async function readWhole(response: Response): Promise<HttpResponse> {
  const { status, headers } = response;
  return { status, headers, body: Buffer.from(await response.arrayBuffer()) };
}
