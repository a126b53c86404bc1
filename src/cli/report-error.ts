import { asCoppiceError, type ErrorCode } from '../base/index.js';
import { defaultHints } from './default-hints.js';
import type { Paint } from './terminal/style.js';

export interface ReportedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/** Any failure as what is told: unknown ones become INTERNAL, with a stack trace only for who debugs Coppice. */
export function describeError(error: unknown, debug: boolean): ReportedError {
  const { code, message, hint = defaultHints[code] } = asCoppiceError(error);
  const stack = debug && code === 'INTERNAL' && error instanceof Error ? error.stack : undefined;
  return { code, message: stack ?? (message || 'unknown failure'), hint };
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

/** For a log: what was thrown where nobody waited for it, with where. */
export const faultText = (fault: unknown): string =>
  fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
