import { codesMatching } from './character-classes.js';
import { codesOf, hasCode, setOfRanges, sizeOf } from './code-set.js';
import type { CodeSet } from './code-set.js';

/** Unicode folds these to nothing single (İ) or only in Turkish (ı): they are no variants of i. */
const apart: ReadonlySet<number> = new Set([0x130, 0x131]);

let variants: ReadonlyMap<number, readonly number[]> | undefined;
/** All code points that have variants. */
let cased: CodeSet = [];

/**
 * For each code point that has others which are the same when case is ignored, all of them: Unicode's simple case folding, as PCRE,
 * RE2 and ripgrep have it. `k`, `K` and the Kelvin sign are one; `ß` and `ẞ` are one and `ss` is another.
 */
function variantTable(): ReadonlyMap<number, readonly number[]> {
  if (variants !== undefined) return variants;
  const classes = new Map<number, Set<number>>();
  const classOf = (code: number): Set<number> => {
    let known = classes.get(code);
    if (known === undefined) classes.set(code, (known = new Set([code])));
    return known;
  };
  const join = (code: number, other: string): void => {
    const same = other.codePointAt(0)!;
    if (same === code || other.length !== String.fromCodePoint(same).length) return;
    const ours = classOf(code);
    const theirs = classOf(same);
    if (ours === theirs) return;
    for (const member of theirs) {
      ours.add(member);
      classes.set(member, ours);
    }
  };
  // Beyond the second plane nothing has case.
  for (const code of codesOf(codesMatching(/\p{Changes_When_Casemapped}+/gu, 0x1ffff))) {
    if (apart.has(code)) continue;
    const text = String.fromCodePoint(code);
    const lower = text.toLowerCase();
    if (lower !== text) join(code, lower);
    const upper = text.toUpperCase();
    if (upper !== text) join(code, upper);
  }
  const table = new Map<number, readonly number[]>();
  for (const [code, members] of classes)
    if (members.size > 1)
      table.set(
        code,
        [...members].sort((a, b) => a - b),
      );
  cased = setOfRanges([...table.keys()].flatMap((code) => [code, code]));
  variants = table;
  return table;
}

/** The code points that are the same as this one when case is ignored, itself included, ascending. */
export function variantsOf(code: number): readonly number[] {
  // Making the table takes some milliseconds; most patterns need none.
  if (code >= 0x80) return variantTable().get(code) ?? [code];
  const lower = code | 0x20;
  if (lower < 0x61 || lower > 0x7a) return [code];
  const beyond = lower === 0x6b ? [0x212a] : lower === 0x73 ? [0x17f] : []; // the Kelvin sign, the long s
  return [lower - 0x20, lower, ...beyond];
}

/** The set with all variants of what is in it. */
export function closeOverCase(set: CodeSet): CodeSet {
  const added: number[] = [];
  if (set.length > 0 && set.at(-1)! >= 0x80) variantTable();
  const candidates = sizeOf(set) > 0x80 && cased.length > 0 ? codesOf(cased) : codesOf(set);
  for (const code of candidates) {
    if (hasCode(set, code)) for (const variant of variantsOf(code)) added.push(variant, variant);
  }
  return added.length === 0 ? set : setOfRanges([...set, ...added]);
}
