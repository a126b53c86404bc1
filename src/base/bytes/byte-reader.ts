import { decodeBytes } from './bytes-text.js';

/** Reads what ByteWriter wrote. Reading past the end throws RangeError: callers check integrity before they decode. */
export class ByteReader {
  constructor(
    readonly bytes: Buffer,
    public at = 0,
  ) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  u8(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new RangeError('read past the end of a record');
    return value;
  }

  u32(): number {
    const value = this.bytes.readUInt32LE(this.at);
    this.at += 4;
    return value;
  }

  varint(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.u8();
      if (shift < 28) value |= (byte & 0x7f) << shift;
      else value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
      shift += 7;
    }
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  take(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw new RangeError('read past the end of a record');
    const view = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return view;
  }

  prefixed(): Buffer {
    return this.take(this.varint());
  }

  /** Length as a varint, then text as `decodeBytes` reads it. */
  text(): string {
    const length = this.varint();
    const start = this.at;
    const end = start + length;
    if (end > this.bytes.length) throw new RangeError('read past the end of a record');
    this.at = end;
    for (let at = start; at < end; at++)
      if (this.bytes[at]! > 0x7f) return decodeBytes(this.bytes.subarray(start, end));
    return this.bytes.toString('latin1', start, end);
  }
}
