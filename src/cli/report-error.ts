import { CoppiceError, systemErrorCode, type ErrorCode } from '../base/index.js';
import type { Paint } from './style.js';

export interface ReportedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

const fullDisk = new Set(['ENOSPC', 'EDQUOT']);

/** Any failure as what is told: unknown ones become INTERNAL, with a stack trace only for who debugs Coppice. */
export function describeError(error: unknown, debug: boolean): ReportedError {
  if (error instanceof CoppiceError) {
    const message = debug && error.code === 'INTERNAL' ? (error.stack ?? error.message) : error.message;
    return { ...error.toJSON(), message };
  }
  if (fullDisk.has(systemErrorCode(error) ?? '')) {
    return { code: 'STORE_FULL', message: (error as Error).message, hint: 'free some space and run it again' };
  }
  const message = error instanceof Error ? ((debug ? error.stack : undefined) ?? error.message) : String(error);
  return {
    code: 'INTERNAL',
    message: message === '' ? 'unknown failure' : message,
    hint: debug ? 'please report this with the lines above' : 'COPPICE_DEBUG=1 shows where; please report it',
  };
}

/** `coppice: error[CODE]: message` and the hint. */
export function formatError({ code, message, hint }: ReportedError, paint: Paint): string {
  const head = `coppice: ${paint('boldRed', `error[${code}]`)}:`;
  const lines = message.replace(/\n+$/, '').split('\n');
  const indent = lines.slice(1).every((line) => line.startsWith('  ')) ? '' : '  ';
  const rest = lines.slice(1).map((line) => `${indent}${line}\n`);
  // A caret that points into the first line would be off by the width of what we put before that line.
  const pointsAtFirst = lines.length === 2 && /^\s*\^[\s^~]*$/.test(lines[1]!);
  const first = pointsAtFirst ? `${head}\n  ${lines[0]!}\n` : `${head} ${lines[0]!}\n`;
  return first + rest.join('') + (hint === undefined ? '' : `${paint('cyan', 'hint')}: ${hint}\n`);
}
