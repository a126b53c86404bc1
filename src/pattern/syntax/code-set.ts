/**
 * A set of Unicode code points, as ranges in ascending order that neither overlap nor touch: `[from, to, from, to, …]`,
 * both ends included.
 */
export type CodeSet = readonly number[];

export const lastCode = 0x10ffff;
const newline = 10;

export const emptySet: CodeSet = [];

/** What a line is made of: every code point but `\n`, and but surrogates, which stand for bytes that are no UTF-8. */
export const lineCharacters: CodeSet = [0, newline - 1, newline + 1, 0xd7ff, 0xe000, lastCode];

export const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

export const setOf = (...codes: readonly number[]): CodeSet => setOfRanges(codes.flatMap((code) => [code, code]));

/** The set of ranges in any order, which may overlap. */
export function setOfRanges(ranges: readonly number[]): CodeSet {
  const pairs: (readonly [from: number, to: number])[] = [];
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i]!, ranges[i + 1]!]);
  pairs.sort((a, b) => a[0] - b[0]);
  const set: number[] = [];
  for (const [from, to] of pairs) {
    if (set.length > 0 && from <= set.at(-1)! + 1) set[set.length - 1] = Math.max(set.at(-1)!, to);
    else set.push(from, to);
  }
  return set;
}

export const unionOf = (...sets: readonly CodeSet[]): CodeSet =>
  sets.length === 1 ? sets[0]! : setOfRanges(sets.flat());

/** All code points that are not in the set. */
export function inverseOf(set: CodeSet): CodeSet {
  const inverse: number[] = [];
  let next = 0;
  for (let i = 0; i < set.length; i += 2) {
    if (set[i]! > next) inverse.push(next, set[i]! - 1);
    next = set[i + 1]! + 1;
  }
  if (next <= lastCode) inverse.push(next, lastCode);
  return inverse;
}

export const intersectionOf = (a: CodeSet, b: CodeSet): CodeSet => inverseOf(unionOf(inverseOf(a), inverseOf(b)));

export const withoutNewline = (set: CodeSet): CodeSet =>
  hasCode(set, newline) ? intersectionOf(set, [0, newline - 1, newline + 1, lastCode]) : set;

/** What of a line is not in the set. */
export const complementOf = (set: CodeSet): CodeSet => intersectionOf(inverseOf(set), lineCharacters);

export function hasCode(set: CodeSet, code: number): boolean {
  for (let i = 0; i < set.length; i += 2) if (code >= set[i]! && code <= set[i + 1]!) return true;
  return false;
}

/** How many code points are in it. */
export function sizeOf(set: CodeSet): number {
  let size = 0;
  for (let i = 0; i < set.length; i += 2) size += set[i + 1]! - set[i]! + 1;
  return size;
}

export function* codesOf(set: CodeSet): Generator<number> {
  for (let i = 0; i < set.length; i += 2) for (let code = set[i]!; code <= set[i + 1]!; code++) yield code;
}
