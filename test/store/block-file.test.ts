import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BlockFiles, type BlockedWhole } from '../../src/store/files/block-file.js';
import { makeFolder } from '../support/git.js';

const blockBytes = 1024;
const bytesOf = (name: string, block: number): Buffer => Buffer.alloc(blockBytes, `${name} ${block} `);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const wholeOf = (name: string): BlockedWhole => ({
  name,
  length: 8 * blockBytes,
  blockBytes,
  isBlock: (block, bytes) => sha256(bytes) === sha256(bytesOf(name, block)),
});

test.runIf(existsSync('/proc/self/fd'))('thousands of wholes hold no descriptors', () => {
  const files = new BlockFiles(join(makeFolder(), 'blocks'));
  const before = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 100; i++) {
    const file = files.of(wholeOf(`pack${i}`));
    file.put(3, bytesOf(`pack${i}`, 3));
    expect(file.block(3)).toEqual(bytesOf(`pack${i}`, 3));
    expect(file.block(0)).toBeNull();
  }
  expect(readdirSync('/proc/self/fd').length).toBe(before);
  files.close();
});

test('what another process let go of is brought again, and seen by who counts', () => {
  const folder = join(makeFolder(), 'blocks');
  const [one, other] = [new BlockFiles(folder), new BlockFiles(folder)];
  const file = one.of(wholeOf('pack'));
  file.put(0, bytesOf('pack', 0));
  expect(file.block(0)).not.toBeNull();
  other.shrink(0);
  one.trim();
  expect(file.block(0)).toBeNull();
  file.put(0, bytesOf('pack', 0));
  file.put(7, bytesOf('pack', 7));
  expect(file.block(0)).toEqual(bytesOf('pack', 0));
  expect(other.of(wholeOf('pack')).block(7)).toEqual(bytesOf('pack', 7));
  expect(other.sizeBytes()).toBeGreaterThan(0);
});
