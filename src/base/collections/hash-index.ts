import { contentHashLength } from '../bytes/hash.js';

const wordsPerKey = contentHashLength / 4;
const firstSlotCount = 1 << 10;

/**
 * Content hashes to numbers, in open addressing: 40 bytes an entry where a Map of strings takes ten times that. The keys lie in
 * shared memory, so that other threads can ask for them (see `SharedKeys`); one thread adds.
 */
export class HashIndex {
  private words = new Uint32Array(new SharedArrayBuffer(firstSlotCount * contentHashLength));
  private values = new Uint32Array(firstSlotCount);
  private entryCount = 0;

  get size(): number {
    return this.entryCount;
  }

  /** The keys, for other threads. What is added later may not be in it. */
  get sharedKeys(): SharedKeys {
    return this.words.buffer;
  }

  /** The key's number, or -1. */
  find(key: Uint8Array): number {
    const slot = slotOf(this.words, key, 0);
    return this.words[slot * wordsPerKey] === 0 ? -1 : this.values[slot]!;
  }

  /** Adds a key that is not there. */
  add(key: Uint8Array, value: number): void {
    if (this.entryCount * 2 >= this.values.length) this.grow();
    this.put(this.words, this.values, key, value);
    this.entryCount++;
  }

  private put(words: Uint32Array, values: Uint32Array, key: Uint8Array, value: number): void {
    const slot = slotOf(words, key, 0);
    for (let word = 1; word < wordsPerKey; word++) words[slot * wordsPerKey + word] = wordAt(key, word * 4);
    values[slot] = value;
    // Last: who reads the first word of a key in another thread finds the others written.
    Atomics.store(words, slot * wordsPerKey, firstWord(key, 0));
  }

  private grow(): void {
    const slotCount = this.values.length * 4;
    const words = new Uint32Array(new SharedArrayBuffer(slotCount * contentHashLength));
    const values = new Uint32Array(slotCount);
    const key = new Uint8Array(contentHashLength);
    const view = new DataView(key.buffer);
    for (let slot = 0; slot < this.values.length; slot++) {
      if (this.words[slot * wordsPerKey] === 0) continue;
      for (let word = 0; word < wordsPerKey; word++)
        view.setUint32(word * 4, this.words[slot * wordsPerKey + word]!, true);
      this.put(words, values, key, this.values[slot]!);
    }
    this.words = words;
    this.values = values;
  }
}

/** Keys of a HashIndex as another thread gets them. */
export type SharedKeys = SharedArrayBuffer;

/** Whether the keys have this one, at `at` of `key`; false also of a key that is being added just now. */
export function hasSharedKey(keys: Uint32Array, key: Uint8Array, at: number): boolean {
  return Atomics.load(keys, slotOf(keys, key, at) * wordsPerKey) !== 0;
}

/** The slot that holds a key, or the free one where it belongs. */
function slotOf(words: Uint32Array, key: Uint8Array, at: number): number {
  const first = firstWord(key, at);
  const second = wordAt(key, at + 4);
  const third = wordAt(key, at + 8);
  const fourth = wordAt(key, at + 12);
  const mask = words.length / wordsPerKey - 1;
  // Hashes are uniform, so any part of one is a hash.
  for (let slot = second & mask; ; slot = (slot + 1) & mask) {
    const word = slot * wordsPerKey;
    const found = words[word]!;
    if (found === 0) return slot;
    if (found === first && words[word + 1] === second && words[word + 2] === third && words[word + 3] === fourth)
      return slot;
  }
}

/** Never 0, which marks a free slot. */
const firstWord = (key: Uint8Array, at: number): number => wordAt(key, at) || 1;

const wordAt = (key: Uint8Array, at: number): number =>
  (key[at]! | (key[at + 1]! << 8) | (key[at + 2]! << 16) | (key[at + 3]! << 24)) >>> 0;
