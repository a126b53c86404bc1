import { CoppiceError } from '../base/index.js';

/** A plain object's members, or none. */
export type Members = Readonly<Record<string, unknown>>;

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const membersOf = (value: unknown): Members => (isMembers(value) ? value : {});
export const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Names and the texts that they have: a list of dependencies. */
export function textMembers(value: unknown): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, text] of Object.entries(membersOf(value))) if (typeof text === 'string') found.set(name, text);
  return found;
}

/** LOCKFILE_INVALID: what is there is no lock file of this kind. */
export function invalidLock(path: string, why: string, cause?: unknown): CoppiceError {
  return new CoppiceError('LOCKFILE_INVALID', `${path}: ${why}`, {
    hint: 'have your package manager write it anew, or ask about another rev',
    data: { path },
    cause,
  });
}

export function unsupportedLock(path: string, version: unknown): CoppiceError {
  return new CoppiceError('LOCKFILE_UNSUPPORTED', `${path} is of version ${shown(version)}, which is not known`, {
    hint: 'update coppice, or have your package manager write a version that it knows',
    data: { path },
  });
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'none').slice(0, 40);

/** The text of a lock file; one with two sides of a merge in it says nothing. */
export function lockText(path: string, content: Buffer): string {
  const text = content.toString('utf8').replace(/^\uFEFF/, '');
  if (/^<{7} /m.test(text) && /^>{7} /m.test(text)) throw invalidLock(path, 'it has conflict markers of a merge');
  return text;
}

export function parseJson(path: string, content: Buffer): Members {
  const text = lockText(path, content);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalidLock(path, 'it is no JSON', error);
  }
  if (!isMembers(value)) throw invalidLock(path, 'it is no JSON object');
  return value;
}
