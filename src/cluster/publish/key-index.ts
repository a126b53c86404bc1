import { HashIndex, contentHashLength } from '../../base/index.js';

const firstCapacity = 1024;

/** Keys, told in hex and held as they are: 56 bytes each, since a cluster has many. They are numbered in the order in which they were added. */
export class KeyIndex {
  private readonly index = new HashIndex();
  private keys = Buffer.alloc(firstCapacity * contentHashLength);

  get size(): number {
    return this.index.size;
  }

  /** A key's number, or -1. */
  find(key: string): number {
    return this.index.find(Buffer.from(key, 'hex'));
  }

  has(key: string): boolean {
    return this.find(key) >= 0;
  }

  /** The number of a key, which is added if it is not there. */
  numberOf(key: string): number {
    const bytes = Buffer.from(key, 'hex');
    const known = this.index.find(bytes);
    if (known >= 0) return known;
    const number = this.index.size;
    if ((number + 1) * contentHashLength > this.keys.length)
      this.keys = Buffer.concat([this.keys], this.keys.length * 2);
    bytes.copy(this.keys, number * contentHashLength);
    this.index.add(bytes, number);
    return number;
  }

  keyOf(number: number): string {
    return this.keys.toString('hex', number * contentHashLength, (number + 1) * contentHashLength);
  }
}

/** Lists of numbers by number, one behind the other in memory. They are added in order. */
export class NumberLists {
  private readonly starts: number[] = [];
  private values = new Uint32Array(firstCapacity);
  private end = 0;

  add(list: readonly number[]): void {
    this.starts.push(this.end);
    if (this.end + list.length > this.values.length) {
      const values = new Uint32Array(2 * (this.end + list.length));
      values.set(this.values);
      this.values = values;
    }
    this.values.set(list, this.end);
    this.end += list.length;
  }

  of(i: number): Uint32Array {
    return this.values.subarray(this.starts[i], this.starts[i + 1] ?? this.end);
  }
}
