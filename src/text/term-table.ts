import { hashSeedHigh, hashSeedLow, hashStepHigh, hashStepLow, termKey } from './term-hash.js';

const firstSlotCount = 1 << 12;
/** Key (low and high half), number plus one (0: the slot is free), and one to fill it up: a slot is one memory access. */
const slotLength = 4;

/** Numbers by 64-bit keys, in open addressing. */
export class NumberTable {
  private slots = new Int32Array(slotLength * firstSlotCount);
  count = 0;

  /** The key's number, or -1. Halves are taken as 32 bits, signed or not. */
  find(high: number, low: number): number {
    return this.slots[this.slotOf(this.slots, high | 0, low | 0) + 2]! - 1;
  }

  /** Adds a key that is not there. */
  add(high: number, low: number, number: number): void {
    if (this.count * 2 * slotLength >= this.slots.length) this.grow();
    this.put(this.slots, high | 0, low | 0, number + 1);
    this.count++;
  }

  private put(slots: Int32Array, high: number, low: number, value: number): void {
    const at = this.slotOf(slots, high, low);
    slots[at] = low;
    slots[at + 1] = high;
    slots[at + 2] = value;
  }

  private slotOf(slots: Int32Array, high: number, low: number): number {
    const mask = slots.length - slotLength;
    let at = ((low ^ (high >>> 7)) << 2) & mask;
    while (slots[at + 2] !== 0 && (slots[at] !== low || slots[at + 1] !== high)) at = (at + slotLength) & mask;
    return at;
  }

  private grow(): void {
    const grown = new Int32Array(this.slots.length * 2);
    for (let at = 0; at < this.slots.length; at += slotLength)
      if (this.slots[at + 2] !== 0) this.put(grown, this.slots[at + 1]!, this.slots[at]!, this.slots[at + 2]!);
    this.slots = grown;
  }
}

/**
 * Numbers terms from 0 by their keys, and keeps their bytes, in flat memory: there are hundreds of thousands, and of strings in a Map each
 * garbage collection would go over all.
 */
export class TermTable {
  private readonly numbers = new NumberTable();
  private bytes = new Uint8Array(1 << 16);
  private highs = new Uint32Array(1 << 12);
  private lows = new Uint32Array(1 << 12);
  /** Where each term's bytes begin, and the last one's end. */
  private starts = new Uint32Array(1 << 12);

  get count(): number {
    return this.numbers.count;
  }

  high(number: number): number {
    return this.highs[number]!;
  }

  low(number: number): number {
    return this.lows[number]!;
  }

  /** Bytes of a term, in UTF-8. */
  length(number: number): number {
    return this.starts[number + 1]! - this.starts[number]!;
  }

  /** A view that holds until a term is added. */
  bytesOf(number: number): Uint8Array {
    return this.bytes.subarray(this.starts[number], this.starts[number + 1]);
  }

  numberOf(term: string): number {
    const { high, low } = termKey(term);
    const known = this.numbers.find(high, low);
    if (known >= 0) return known;
    const bytes = Buffer.from(term, 'utf8');
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
    return this.add(high, low, at + bytes.length);
  }

  /** The number of the term that is the first `count` of some terms, joined. */
  numberOfJoined(parts: Int32Array, count: number): number {
    const { bytes, starts } = this;
    let low = hashSeedLow;
    let high = hashSeedHigh;
    let length = 0;
    for (let i = 0; i < count; i++) {
      const end = starts[parts[i]! + 1]!;
      for (let at = starts[parts[i]!]!; at < end; at++, length++) {
        low = hashStepLow(low, bytes[at]!);
        high = hashStepHigh(high, bytes[at]!);
      }
    }
    const known = this.numbers.find(high, low);
    if (known >= 0) return known;
    let at = this.reserve(length);
    for (let i = 0; i < count; i++) {
      const end = this.starts[parts[i]! + 1]!;
      for (let from = this.starts[parts[i]!]!; from < end; from++) this.bytes[at++] = this.bytes[from]!;
    }
    return this.add(high, low, at);
  }

  /** Makes room for a term's bytes. Returns where they begin. */
  private reserve(length: number): number {
    const at = this.starts[this.count]!;
    if (at + length > this.bytes.length) {
      const grown = new Uint8Array(2 * this.bytes.length + length);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    if (this.count + 2 > this.starts.length) {
      this.starts = doubled(this.starts);
      this.highs = doubled(this.highs);
      this.lows = doubled(this.lows);
    }
    return at;
  }

  private add(high: number, low: number, end: number): number {
    const number = this.count;
    this.highs[number] = high;
    this.lows[number] = low;
    this.starts[number + 1] = end;
    this.numbers.add(high, low, number);
    return number;
  }
}

function doubled(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * values.length);
  larger.set(values);
  return larger;
}
