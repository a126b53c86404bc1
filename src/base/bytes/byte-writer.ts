/** A growing byte buffer with the few encodings our formats use. All integers are little-endian. */
export class ByteWriter {
  private buffer: Buffer;
  length = 0;

  constructor(capacity = 1024) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  /** Makes room for `count` more bytes. */
  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }

  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    this.length = this.buffer.writeUInt32LE(value, this.length);
  }

  /** LEB128, for integers below 2^53. */
  varint(value: number): void {
    this.reserve(8);
    while (value > 0x7fffffff) {
      this.buffer[this.length++] = (value % 128) | 0x80;
      value = Math.floor(value / 128);
    }
    while (value > 0x7f) {
      this.buffer[this.length++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.buffer[this.length++] = value;
  }

  /** The gaps of ascending integers `values[from, to)` as varints: each less the one before (the first from -1) less one. */
  gaps(values: ArrayLike<number>, from: number, to: number): void {
    this.reserve((to - from) * 5);
    const { buffer } = this;
    let at = this.length;
    let previous = -1;
    for (let i = from; i < to; i++) {
      let gap = values[i]! - previous - 1;
      previous = values[i]!;
      while (gap > 0x7f) {
        buffer[at++] = (gap & 0x7f) | 0x80;
        gap >>>= 7;
      }
      buffer[at++] = gap;
    }
    this.length = at;
  }

  /** A signed integer as a varint: 0, -1, 1, -2, … become 0, 1, 2, 3, … */
  zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Length as a varint, then the bytes. */
  prefixed(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.bytes(bytes);
  }

  /** A view of what was written; valid until the next write. */
  view(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** A copy of what was written. */
  toBuffer(): Buffer {
    return Buffer.from(this.view());
  }

  reset(): void {
    this.length = 0;
  }
}
