import { CoppiceError } from '../base/index.js';

export const remoteInvalid = (
  url: string,
  what: string,
  data: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): CoppiceError =>
  new CoppiceError('REMOTE_INVALID', `${url}: ${what}`, {
    hint: 'nothing was taken from it; publish anew to a fresh remote, or ask who may write to this one',
    data,
    cause,
  });

/** Others are at it, and it is theirs for the moment; `data` tells who and until when where that is known. */
export const remoteBusy = (url: string, why: string, data: Readonly<Record<string, unknown>> = {}): CoppiceError =>
  new CoppiceError('REMOTE_BUSY', `${url}: ${why}`, {
    hint: 'run the command again in a while; it continues where it was',
    data,
  });

export const remoteReadOnly = (url: string): CoppiceError =>
  new CoppiceError('REMOTE_READ_ONLY', `${url} can only be read`, {
    hint: 'publish to the folder or bucket behind it: file:DIR or s3://BUCKET/PREFIX',
  });

export const remoteUnreachable = (url: string, error: unknown): CoppiceError => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  // Where a host has several addresses, the error of all of them has no message.
  const { errors: [first] = [cause] } = cause as { readonly errors?: readonly unknown[] };
  const what = first instanceof Error ? first.message || first.name : String(first);
  return new CoppiceError('REMOTE_UNREACHABLE', `${url} cannot be reached: ${what}`, {
    hint: 'check the address and the network; searches go on with what is indexed here',
    cause: error,
  });
};
