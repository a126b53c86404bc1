/**
 * Roaring bitmaps of 32-bit numbers in their portable format, without runs: what a cluster takes as a filter. A cookie, the number of containers;
 * for each (one for each 65,536 numbers that has some) its key and how many it has less one; their offsets; the containers: up to 4,096
 * numbers as u16, more as a bit set of 8 KiB.
 */
const cookie = 12346;
const arrayMax = 4096;
const bitSetBytes = 8192;

/** Numbers ascend, each once. */
export function encodeRoaring(numbers: Uint32Array): Buffer {
  const starts: number[] = [];
  for (let at = 0; at < numbers.length; at++)
    if (at === 0 || numbers[at]! >>> 16 !== numbers[at - 1]! >>> 16) starts.push(at);
  const endOf = (i: number): number => starts[i + 1] ?? numbers.length;
  const sizes = starts.map((start, i) => (endOf(i) - start > arrayMax ? bitSetBytes : 2 * (endOf(i) - start)));
  const headLength = 8 + 8 * starts.length;
  const bytes = Buffer.alloc(sizes.reduce((sum, size) => sum + size, headLength));
  bytes.writeUInt32LE(cookie, 0);
  bytes.writeUInt32LE(starts.length, 4);
  let offset = headLength;
  for (const [i, start] of starts.entries()) {
    const count = endOf(i) - start;
    bytes.writeUInt16LE(numbers[start]! >>> 16, 8 + 4 * i);
    bytes.writeUInt16LE(count - 1, 10 + 4 * i);
    bytes.writeUInt32LE(offset, 8 + 4 * starts.length + 4 * i);
    for (let at = start; at < endOf(i); at++) {
      const low = numbers[at]! & 0xffff;
      if (count > arrayMax) bytes[offset + (low >>> 3)]! |= 1 << (low & 7);
      else bytes.writeUInt16LE(low, offset + 2 * (at - start));
    }
    offset += sizes[i]!;
  }
  return bytes;
}

/** The numbers of a bitmap as `encodeRoaring` writes it. */
export function decodeRoaring(bytes: Buffer): Uint32Array {
  if (bytes.length < 8 || bytes.readUInt32LE(0) !== cookie) throw new RangeError('no roaring bitmap without runs');
  const containers = bytes.readUInt32LE(4);
  const numbers: number[] = [];
  for (let i = 0; i < containers; i++) {
    const high = bytes.readUInt16LE(8 + 4 * i) * 65536;
    const count = bytes.readUInt16LE(10 + 4 * i) + 1;
    const offset = bytes.readUInt32LE(8 + 4 * containers + 4 * i);
    if (count <= arrayMax) {
      for (let at = 0; at < count; at++) numbers.push(high + bytes.readUInt16LE(offset + 2 * at));
      continue;
    }
    for (let at = 0; at < bitSetBytes; at++)
      for (let byte = bytes[offset + at]!; byte !== 0; byte &= byte - 1)
        numbers.push(high + at * 8 + 31 - Math.clz32(byte & -byte));
  }
  return Uint32Array.from(numbers);
}
