import { CoppiceError } from '../base/index.js';

/** What a setting may be. */
export interface Field<T> {
  /** Completes "… must be". */
  readonly kind: string;
  readonly accepts: (value: unknown) => boolean;
  /** Undefined: it has to be given. */
  readonly fallback?: T;
}

export type Fields<T> = { readonly [Name in keyof T]-?: Field<T[Name]> };

const isText = (value: unknown): value is string => typeof value === 'string';
export const name: Field<string> = {
  kind: 'a text that is not empty',
  accepts: (value) => isText(value) && value !== '',
};
export const textOr = <T extends string | null>(fallback: T): Field<T | string> => ({
  kind: 'a text',
  accepts: isText,
  fallback,
});
export const url: Field<string> = {
  kind: 'an http or https address without a user, password or fragment, as "http://127.0.0.1:11434/v1"',
  accepts: (value) => {
    if (!isText(value) || !URL.canParse(value)) return false;
    const { protocol, username, password, hash } = new URL(value);
    return ['http:', 'https:'].includes(protocol) && username === '' && password === '' && hash === '';
  },
};
export const environmentVariable: Field<string | null> = {
  kind: 'the name of an environment variable; the key itself is never written here',
  accepts: (value) => isText(value) && /^[A-Za-z_]\w*$/.test(value),
  fallback: null,
};

export const wholeNumber = <T extends number | null>(min: number, max: number, fallback: T): Field<T> => ({
  kind: `a whole number from ${min} to ${max}`,
  accepts: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  fallback,
});

export const positiveNumber = <T extends number | null>(max: number, fallback: T): Field<T> => ({
  kind: `a number from 0 to ${max}`,
  accepts: (value) => typeof value === 'number' && value >= 0 && value <= max,
  fallback,
});

export const flag = (fallback: boolean): Field<boolean> => ({
  kind: 'true or false',
  accepts: (value) => typeof value === 'boolean',
  fallback,
});

export const provider = <Name extends string>(value: Name): Field<Name> => ({
  kind: `"${value}"`,
  accepts: (given) => given === value,
});

/**
 * Checks an object of settings, defaults filled in. `place` is what messages call it, its quotes left open. CONFIG_INVALID names the field;
 * values are not told: a key may have been put in a wrong place.
 */
export function readFields<T extends object>(given: unknown, fields: Fields<T>, place: string): T {
  const names = Object.keys(fields) as (keyof T & string)[];
  const invalid = (what: string): CoppiceError =>
    new CoppiceError('CONFIG_INVALID', `${place}${what}`, { hint: `its settings are ${names.join(', ')}` });
  if (!isObject(given)) throw invalid('" must be an object');
  for (const name of Object.keys(given)) if (!Object.hasOwn(fields, name)) throw invalid(`.${name}" is no setting`);
  const entries = names.map((name) => {
    const { accepts, kind, fallback } = fields[name];
    const value = given[name];
    if (value === undefined && fallback !== undefined) return [name, fallback];
    if (!accepts(value)) throw invalid(`.${name}" must be ${kind}`);
    return [name, value];
  });
  return Object.fromEntries(entries) as T;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
