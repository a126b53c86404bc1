import type { CoppiceError, ErrorCode, ErrorKind } from '../base/index.js';

const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  user: 400,
  config: 500,
  'not-found': 404,
  busy: 503,
  corrupt: 500,
  internal: 500,
};

const statusOfCode: Partial<Readonly<Record<ErrorCode, number>>> = {
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  FORK_EXISTS: 409,
  FORK_CONFLICT: 409,
  VIEW_EXISTS: 409,
  PATCH_CONFLICT: 409,
  REQUEST_TOO_LARGE: 413,
  TOO_LARGE: 413,
  CONTENT_TYPE_UNSUPPORTED: 415,
  // Nobody is there any more to read it; the number is nginx's.
  ABORTED: 499,
  STORE_FULL: 507,
};

/** HTTP status of an error code. */
export const errorStatus = (error: CoppiceError): number => statusOfCode[error.code] ?? statusOfKind[error.kind];
