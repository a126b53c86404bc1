/** A flat set of small integers: the working form of a visible set while postings are traversed. */
export class BitSet {
  readonly words: Uint32Array;

  /** Holds the integers below `size`. */
  constructor(readonly size: number) {
    this.words = new Uint32Array((size + 31) >>> 5);
  }

  add(value: number): void {
    this.words[value >>> 5]! |= 1 << (value & 31);
  }

  has(value: number): boolean {
    return (this.words[value >>> 5]! & (1 << (value & 31))) !== 0;
  }

  /** Takes out what another set of this size has. */
  remove(other: BitSet): void {
    for (let i = 0; i < this.words.length; i++) this.words[i]! &= ~other.words[i]!;
  }

  /** Takes in what another set of this size has. */
  addAll(other: BitSet): void {
    for (let i = 0; i < this.words.length; i++) this.words[i]! |= other.words[i]!;
  }

  /** The integers in it, ascending. */
  toArray(): number[] {
    const values: number[] = [];
    for (let i = 0; i < this.words.length; i++) {
      for (let word = this.words[i]!; word !== 0; word &= word - 1) values.push(i * 32 + 31 - Math.clz32(word & -word));
    }
    return values;
  }

  /** One more than the largest integer in [from, to) that is in the set; `from` when none is. */
  endOf(from: number, to: number): number {
    let value = to;
    while (value > from && !this.has(value - 1)) value--;
    return value;
  }

  /** How many of the integers in [from, to) are in the set. */
  countRange(from: number, to: number): number {
    let count = 0;
    for (let value = from; value < to;) {
      if ((value & 31) === 0 && value + 32 <= to) {
        count += popcount(this.words[value >>> 5]!);
        value += 32;
      } else {
        if (this.has(value)) count++;
        value++;
      }
    }
    return count;
  }

  get count(): number {
    let count = 0;
    for (const word of this.words) count += popcount(word);
    return count;
  }
}

function popcount(word: number): number {
  word -= (word >>> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
  return (((word + (word >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
