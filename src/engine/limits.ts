import { CoppiceError } from '../base/index.js';

/** Longer names and paths are nobody's: they are refused before they cost anything. */
const textLengthMax = 4096;
const shownLengthMax = 200;

/** Text of a user for a message. */
export const shorten = (text: string): string =>
  text.length <= shownLengthMax ? text : `${text.slice(0, shownLengthMax)}…`;

export const isTooLong = (text: string): boolean => text.length > textLengthMax;

/** A number of things that is asked for; USAGE unless it is a whole number from 0 on. */
export function checkCount(name: string, value: number | undefined, otherwise: number): number {
  const count = value ?? otherwise;
  if (count >= 0 && (Number.isInteger(count) || count === Infinity)) return count;
  throw new CoppiceError('USAGE', `${name} is ${count}`, { hint: 'give a whole number from 0 on' });
}

/** Of patterns whose request names no deadline, in milliseconds. */
const patternDeadlineMs = 10_000;

/** A time to give up after; USAGE unless it is more than nothing. */
export function checkDeadline(deadlineMs = patternDeadlineMs): number {
  if (deadlineMs > 0) return deadlineMs;
  throw new CoppiceError('USAGE', `deadlineMs is ${deadlineMs}`, { hint: 'give milliseconds, more than 0' });
}
