/** Integers from `from` up to `to` that never occur, so that no room is made for them. */
export class Gap {
  private readonly from: number;
  private readonly width: number;

  /** What never occurs may be a little less: its ends are multiples of 32. */
  constructor(from: number, to: number) {
    this.from = Math.min(Math.ceil(from / 32), Math.floor(to / 32)) * 32;
    this.width = from === to ? 0 : Math.floor(to / 32) * 32 - this.from;
  }

  static readonly none = new Gap(0, 0);

  /** Place of an integer among those that there is room for: itself below the gap; negative for what is in it. */
  slot(value: number): number {
    if (value < this.from) return value;
    const slot = value - this.width;
    return slot < this.from ? -1 : slot;
  }

  /** Places for the integers below `size`. */
  slotCount(size: number): number {
    return size <= this.from ? size : Math.max(this.from, size - this.width);
  }

  /** The integer of a place. */
  value(slot: number): number {
    return slot < this.from ? slot : slot + this.width;
  }
}

/** A flat set of small integers: the working form of a visible set while postings are traversed. */
export class BitSet {
  /** By slot of the gap. */
  readonly words: Uint32Array;

  /** Holds the integers below `size`, but those in the gap. */
  constructor(
    readonly size: number,
    readonly gap = Gap.none,
  ) {
    this.words = new Uint32Array((this.slotCount + 31) >>> 5);
  }

  /** So many integers there is room for. */
  get slotCount(): number {
    return this.gap.slotCount(this.size);
  }

  add(value: number): void {
    const slot = this.gap.slot(value);
    this.words[slot >>> 5]! |= 1 << (slot & 31);
  }

  has(value: number): boolean {
    const slot = this.gap.slot(value);
    return (this.words[slot >>> 5]! & (1 << (slot & 31))) !== 0;
  }

  /** Takes out what another set of this size and gap has. */
  remove(other: BitSet): void {
    for (let i = 0; i < this.words.length; i++) this.words[i]! &= ~other.words[i]!;
  }

  /** Takes in what another set of this size and gap has. */
  addAll(other: BitSet): void {
    for (let i = 0; i < this.words.length; i++) this.words[i]! |= other.words[i]!;
  }

  /** The integers in it, ascending. */
  toArray(): number[] {
    const values: number[] = [];
    for (let i = 0; i < this.words.length; i++) {
      for (let word = this.words[i]!; word !== 0; word &= word - 1)
        values.push(this.gap.value(i * 32 + 31 - Math.clz32(word & -word)));
    }
    return values;
  }

  /** One more than the largest integer in [from, to), all on one side of the gap, that is in the set; `from` when none is. */
  endOf(from: number, to: number): number {
    let value = to;
    while (value > from && !this.has(value - 1)) value--;
    return value;
  }

  /** How many of the integers in [from, to), all on one side of the gap, are in the set. */
  countRange(from: number, to: number): number {
    let count = 0;
    for (let value = from; value < to;) {
      if ((value & 31) === 0 && value + 32 <= to) {
        count += popcount(this.words[this.gap.slot(value) >>> 5]!);
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
