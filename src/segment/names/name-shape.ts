/**
 * What of a name is cheap to compare before the name itself is read: how long it is and which letters it has. Only of names whose
 * characters are all ASCII; others, and those without letters and digits, have no shape and are always read.
 */
export interface NameShape {
  /** Letters and digits, at most `shapeLengthMax`; 0: there is no shape. */
  readonly length: number;
  /** One bit for each letter that is in it, and one for digits that are alike in their last two bits: 0, 4 and 8 share one. */
  readonly letters: number;
}

/** Names of so many letters and digits, and longer ones. */
export const shapeLengthMax = 63;

const noShape: NameShape = { length: 0, letters: 0 };

/** The letters and digits of an ASCII name in lower case; null for any other. Equal to what a name's words are when they are joined. */
export function plainName(name: string): string | null {
  let isPlain = true;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code > 0x7f) return null;
    isPlain &&= (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
  }
  return isPlain ? name : name.replace(/[^A-Za-z0-9]+/g, '').toLowerCase();
}

export function shapeOf(name: string): NameShape {
  const plain = plainName(name);
  if (plain === null || plain === '') return noShape;
  let letters = 0;
  for (let i = 0; i < plain.length; i++) {
    const code = plain.charCodeAt(i);
    letters |= code >= 0x61 ? 1 << (code - 0x61) : 1 << (26 + (code & 3));
  }
  return { length: Math.min(plain.length, shapeLengthMax), letters };
}

/** How many of a name's letters another may lack, and how many more it may have. */
export interface ShapeBounds {
  readonly lackingMax: number;
  readonly moreMax: number;
}

/**
 * What is true of the letters of a name that can become another by so many edits, each of which takes, adds or replaces one character or swaps
 * two. Where it is longer by some, so many edits add a letter, and so many fewer can take away one that it lacks. `length` and `own` are those
 * of their shapes.
 */
export function shapesAlike(length: number, own: number, edits: number): ShapeBounds {
  const isExact = Math.max(length, own) < shapeLengthMax;
  return {
    lackingMax: isExact ? edits - Math.max(0, own - length) : edits,
    moreMax: isExact ? edits - Math.max(0, length - own) : edits,
  };
}

/** Bits of a number of 32. */
export function bitCount(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
