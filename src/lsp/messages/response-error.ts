import { ErrorCodes, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import { CoppiceError, messageOf } from '../../base/index.js';
import type { ErrorCode } from '../../base/index.js';

/** For programs: what the message says to people. */
export interface ResponseErrorData {
  readonly code: ErrorCode;
  readonly hint?: string;
  readonly [fact: string]: unknown;
}

/** Any failure as a client is told it. What is no CoppiceError is INTERNAL, without its stack. */
export function toResponseError(error: unknown): ResponseError<ResponseErrorData | undefined> {
  if (error instanceof ResponseError) return error as ResponseError<ResponseErrorData | undefined>;
  if (!(error instanceof CoppiceError)) {
    const message = `internal error: ${messageOf(error)}`;
    return new ResponseError(ErrorCodes.InternalError, message, { code: 'INTERNAL' });
  }
  const { code, hint, data } = error;
  const message = hint === undefined ? error.message : `${error.message} (${hint})`;
  return new ResponseError(protocolCode(error), message, { ...data, code, ...(hint === undefined ? {} : { hint }) });
}

function protocolCode({ code, kind }: CoppiceError): number {
  if (code === 'ABORTED') return LSPErrorCodes.RequestCancelled;
  if (kind === 'internal') return ErrorCodes.InternalError;
  return code === 'USAGE' ? ErrorCodes.InvalidParams : LSPErrorCodes.RequestFailed;
}
