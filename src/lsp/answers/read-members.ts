import { CoppiceError } from '../../base/index.js';

/** A rule for one member of what a client sent. */
export interface Check<T> {
  /** As in "must be …". */
  readonly expected: string;
  is(value: unknown): value is T;
}

export type Checks<T> = { readonly [Name in keyof T]: Check<T[Name]> };

/**
 * The members of an object that a client sent, checked. Null counts as absent, since some clients cannot leave out a
 * member. USAGE names the member that is wrong. Other members are not looked at.
 */
export function readMembers<Required extends object, Optional extends object>(
  what: string,
  value: unknown,
  required: Checks<Required>,
  optional: Checks<Optional>,
): Required & Partial<Optional> {
  if (!isObject(value)) throw new CoppiceError('USAGE', `${what}: the parameters must be an object`);
  const read: Record<string, unknown> = {};
  const readAll = (checks: Readonly<Record<string, Check<unknown>>>, isRequired: boolean): void => {
    for (const [name, check] of Object.entries(checks)) {
      const member = Object.hasOwn(value, name) ? value[name] : undefined;
      if (member === undefined || member === null) {
        if (isRequired) throw new CoppiceError('USAGE', `${what}: ${name} is missing`, { data: { parameter: name } });
      } else if (check.is(member)) read[name] = member;
      else throw new CoppiceError('USAGE', `${what}: ${name} must be ${check.expected}`, { data: { parameter: name } });
    }
  };
  readAll(required, true);
  readAll(optional, false);
  return read as Required & Partial<Optional>;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const text: Check<string> = {
  expected: 'a string',
  is: (value): value is string => typeof value === 'string',
};

export const texts: Check<string[]> = {
  expected: 'a list of strings',
  is: (value): value is string[] => Array.isArray(value) && value.every((item) => typeof item === 'string'),
};

export const flag: Check<boolean> = {
  expected: 'true or false',
  is: (value): value is boolean => typeof value === 'boolean',
};

export const whole = (min: number, max: number): Check<number> => ({
  expected: `a whole number from ${min} to ${max}`,
  is: (value): value is number => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
});

export const oneOf = <T extends string>(...choices: readonly T[]): Check<T> => ({
  expected: `one of ${choices.join(', ')}`,
  is: (value): value is T => (choices as readonly unknown[]).includes(value),
});

/** For what a guard of the protocol library tells. */
export const guarded = <T>(expected: string, is: (value: unknown) => value is T): Check<T> => ({ expected, is });

export const listOf = <T>(expected: string, is: (value: unknown) => value is T): Check<T[]> => ({
  expected: `a list of ${expected}`,
  is: (value): value is T[] => Array.isArray(value) && value.every(is),
});
