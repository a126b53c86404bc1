import { existsSync, readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PagedFile, PagedFileWriter, createPageCache } from '../../src/store/files/paged-file.js';
import { makeFolder } from '../support/git.js';

const cache = createPageCache(1 << 20);

function write(parts: readonly Uint8Array[], root = 'root'): string {
  const path = join(makeFolder(), 'f.seg');
  const writer = new PagedFileWriter(path);
  for (const part of parts) writer.write(part);
  expect(writer.finish(Buffer.from(root))).toBe(statSync(path).size);
  return path;
}

test('reads give back what was written, across pages', () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc.tuple(fc.nat(80_000), fc.nat(255)).map(([length, byte]) => Buffer.alloc(length, byte)),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (parts, numbers) => {
      const all = Buffer.concat(parts);
      const file = PagedFile.open(write(parts, 'the root'), cache);
      expect(file.readRoot().toString()).toBe('the root');
      for (let i = 0; i < 20 && all.length > 0; i++) {
        const offset = (numbers.next().value as number) % all.length;
        const length = (numbers.next().value as number) % (all.length - offset + 1);
        expect(file.read(offset, length).equals(all.subarray(offset, offset + length))).toBe(true);
      }
      const problems: string[] = [];
      file.verify((problem) => problems.push(problem));
      expect(problems).toEqual([]);
      file.close();
    }),
    { numRuns: 40 },
  );
});

test('any flipped byte is found, by opening, reading or verifying', () => {
  const path = write([Buffer.alloc(20_000, 1), Buffer.from('some text'), Buffer.alloc(17_000, 2)]);
  const whole = readFileSync(path);
  const places = new Set([
    ...Array.from({ length: 80 }, (_, i) => i * 463),
    ...Array.from({ length: 60 }, (_, i) => whole.length - 1 - i),
  ]);
  for (const at of places) {
    if (at >= whole.length) continue;
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 0x10;
    writeFileSync(path, bytes);
    const problems: string[] = [];
    try {
      const file = PagedFile.open(path, createPageCache(0));
      file.verify((problem) => problems.push(problem));
      file.close();
    } catch (error) {
      problems.push(String(error));
    }
    expect(problems, `byte ${at}`).toHaveLength(1);
    expect(problems[0]).toContain('f.seg');
  }
});

test('any cut is found by opening', () => {
  const path = write([Buffer.alloc(40_000, 1)]);
  for (let length = statSync(path).size - 1; length >= 0; length -= 997) {
    truncateSync(path, length);
    expect(() => PagedFile.open(path, cache)).toThrow(/f\.seg is damaged/);
  }
});

test('nothing has its name until it is whole, and nothing is left of what was abandoned', () => {
  const folder = makeFolder();
  const path = join(folder, 'f.seg');
  const writer = new PagedFileWriter(path);
  writer.write(Buffer.alloc(3_000_000, 1));
  expect(existsSync(path)).toBe(false);
  writer.abandon();
  expect(readdirSync(folder)).toEqual([]);
});
