import { encodeBytes } from '../base/index.js';

/**
 * The byte strings (one character of a string being one byte, ASCII letters lower-cased) that a character of a
 * pattern matches; undefined when that is not known.
 */
export function bytesOfCharacter(code: number, ignoreCase: boolean, unicode: boolean): readonly string[] | undefined {
  if (code < 128) {
    const lower = String.fromCharCode(code).toLowerCase();
    // Under `iu` these two match the Kelvin sign and the long s; without `u` no letter of ASCII has others.
    if (ignoreCase && unicode && lower === 'k') return ['k', '\xe2\x84\xaa'];
    if (ignoreCase && unicode && lower === 's') return ['s', '\xc5\xbf'];
    return [lower];
  }
  if (!ignoreCase) return [bytesOfCode(code)];
  if (unicode) return undefined; // simple case folding, which JavaScript does not offer
  if (code > 0xffff) return [bytesOfCode(code)]; // matched as two units, which have no case
  return caseVariants(code).map(bytesOfCode);
}

const bytesOfCode = (code: number): string => encodeBytes(String.fromCodePoint(code)).toString('latin1');

let variantsByUnit: Map<number, number[]> | undefined;

/** All units that a non-ASCII unit matches under `i` without `u`. */
function caseVariants(unit: number): readonly number[] {
  variantsByUnit ??= collectVariants();
  return variantsByUnit.get(unit) ?? [unit];
}

/** ECMA-262, Canonicalize: two units match when their upper case is the same, if it is one unit, and not ASCII for others. */
function collectVariants(): Map<number, number[]> {
  const byCanonical = new Map<number, number[]>();
  for (let unit = 128; unit <= 0xffff; unit++) {
    const upper = String.fromCharCode(unit).toUpperCase();
    const canonical = upper.length === 1 && upper.charCodeAt(0) >= 128 ? upper.charCodeAt(0) : unit;
    const variants = byCanonical.get(canonical);
    if (variants === undefined) byCanonical.set(canonical, [unit]);
    else variants.push(unit);
  }
  const byUnit = new Map<number, number[]>();
  for (const variants of byCanonical.values()) {
    if (variants.length > 1) for (const unit of variants) byUnit.set(unit, variants);
  }
  return byUnit;
}
