import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BitSet,
  ByteReader,
  ByteWriter,
  Gap,
  GenerationCache,
  LruCache,
  compareBytewise,
  decodeBytes,
  encodeBytes,
} from '../../src/base/index.js';

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  // Sequences that nearly are UTF-8.
  fc
    .array(fc.constantFrom('a', 'é', '日', '😀', '\xc0', '\xe0', '\xf0', '\x9f', '\xed\xa0\x80', '\xf4\x90', '\n'), {
      maxLength: 12,
    })
    .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part, part < '\u0100' ? 'latin1' : 'utf8')))),
);

test('any bytes survive as text', () => {
  fc.assert(
    fc.property(bytes, (value) => {
      expect(Buffer.compare(encodeBytes(decodeBytes(value)), value)).toBe(0);
    }),
    { numRuns: 2000 },
  );
});

test('texts compare as their bytes do', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(Math.sign(compareBytewise(decodeBytes(a), decodeBytes(b)))).toBe(Buffer.compare(a, b));
    }),
    { numRuns: 2000 },
  );
});

const integer = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(300),
  fc.constantFrom(0, 127, 128, 2 ** 28 - 1, 2 ** 28, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 35, 2 ** 53 - 1),
);

test('integers survive as varints, signed ones as zigzags', () => {
  fc.assert(
    fc.property(fc.array(integer), fc.array(fc.integer()), fc.uint8Array(), (numbers, signed, raw) => {
      const writer = new ByteWriter(1);
      for (const number of numbers) writer.varint(number);
      for (const number of signed) writer.zigzag(number);
      writer.prefixed(raw);
      writer.u32(0xfedcba98);
      const reader = new ByteReader(writer.toBuffer());
      expect(numbers.map(() => reader.varint())).toEqual(numbers);
      expect(signed.map(() => reader.zigzag() + 0)).toEqual(signed.map((number) => number + 0));
      expect(Buffer.compare(reader.prefixed(), raw)).toBe(0);
      expect(reader.u32()).toBe(0xfedcba98);
      expect(reader.done).toBe(true);
    }),
  );
});

test('reading past the end is an error', () => {
  expect(() => new ByteReader(Buffer.from([0x80])).varint()).toThrow(RangeError);
  expect(() => new ByteReader(Buffer.from([5, 1])).prefixed()).toThrow(RangeError);
  expect(() => new ByteReader(Buffer.from([1, 2, 3])).u32()).toThrow(RangeError);
});

test('a bit set is a set', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(199)), fc.nat(200), fc.nat(200), (values, a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const bits = new BitSet(200);
      for (const value of values) bits.add(value);
      const set = new Set(values);
      expect(Array.from({ length: 200 }, (_, i) => bits.has(i))).toEqual(
        Array.from({ length: 200 }, (_, i) => set.has(i)),
      );
      expect(bits.count).toBe(set.size);
      expect(bits.countRange(from, to)).toBe([...set].filter((value) => value >= from && value < to).length);
    }),
  );
});

test('a cache forgets what was used least recently, and says so', () => {
  const evicted: string[] = [];
  const cache = new LruCache<string, string>(10, (value) => evicted.push(value));
  cache.set('a', 'A', 4);
  cache.set('b', 'B', 4);
  expect(cache.get('a')).toBe('A');
  cache.set('c', 'C', 4);
  expect(evicted).toEqual(['B']);
  cache.set('big', 'BIG', 100); // alone it may exceed the budget
  expect(cache.get('big')).toBe('BIG');
  expect(evicted).toEqual(['B', 'A', 'C']);
  cache.set('big', 'BIG2', 1);
  expect(cache.weight).toBe(1);
  cache.clear();
  expect(evicted).toEqual(['B', 'A', 'C', 'BIG', 'BIG2']);
  expect(cache.size).toBe(0);
});

test('a generation cache keeps what is used, within its bound', () => {
  const cache = new GenerationCache<number, string>(100);
  for (let i = 0; i < 1000; i++) {
    cache.set(i, `v${i}`);
    cache.get(0);
  }
  expect(cache.get(0)).toBe('v0');
  expect(cache.get(999)).toBe('v999');
  expect(cache.get(500)).toBeUndefined();
});

test('a set with a gap is a set', () => {
  const outside = (from: number, to: number): fc.Arbitrary<number[]> =>
    fc.array(fc.oneof(fc.nat({ max: from - 1 }), fc.integer({ min: to, max: to + 200 })), { maxLength: 40 });
  const sample = fc
    .tuple(fc.integer({ min: 1, max: 150 }), fc.oneof(fc.nat({ max: 200 }), fc.constant(2 ** 30)), fc.nat({ max: 70 }))
    .chain(([from, width, more]) => {
      const to = from + width + more;
      return fc.record({ from: fc.constant(from), to: fc.constant(to), values: outside(from, to) });
    });
  fc.assert(
    fc.property(sample, ({ from, to, values }) => {
      const set = new BitSet(to + 201, new Gap(from, to));
      expect(set.slotCount).toBeLessThan(from + 300);
      for (const value of values) set.add(value);
      const expected = [...new Set(values)].sort((a, b) => a - b);
      expect(set.toArray()).toEqual(expected);
      expect(set.count).toBe(expected.length);
      for (const value of [...values, 0, from - 1, from, to - 1, to, to + 200, to + 1000])
        expect(set.has(value)).toBe(expected.includes(value));
      const below = expected.filter((value) => value < from);
      expect(set.countRange(0, from)).toBe(below.length);
      expect(set.countRange(to, to + 201)).toBe(expected.length - below.length);
      expect(set.endOf(to, to + 201)).toBe(Math.max(to, ...expected.map((value) => value + 1)));
    }),
    { numRuns: 2000 },
  );
  expect(new BitSet(2 ** 30, new Gap(64, 2 ** 30)).slotCount).toBe(64);
});
