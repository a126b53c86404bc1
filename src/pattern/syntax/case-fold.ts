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
  for (let code = 0x41; code <= 0x1ffff; code++) {
    if (code === 0x3400 || code === 0xac00) code = code === 0x3400 ? 0xa000 : 0xf900;
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
export const variantsOf = (code: number): readonly number[] => variantTable().get(code) ?? [code];

/** The set with all variants of what is in it. */
export function closeOverCase(set: CodeSet): CodeSet {
  const table = variantTable();
  const added: number[] = [];
  const candidates = sizeOf(set) > sizeOf(cased) ? codesOf(cased) : codesOf(set);
  for (const code of candidates) {
    if (!hasCode(set, code)) continue;
    for (const variant of table.get(code) ?? []) added.push(variant, variant);
  }
  return added.length === 0 ? set : setOfRanges([...set, ...added]);
}
