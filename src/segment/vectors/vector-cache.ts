import { RowMemory } from '../../vector/index.js';
import type { RowBlock } from '../../vector/index.js';

/** Rows in a block, of which the last of a file may have fewer: few, as of a large snapshot a query reads some here and there. */
export const rowsPerBlock = 128;

/** Rows that are to be read. */
export interface Rows {
  readonly count: number;
  readonly dimension: number;
  /** Writes them, one after the other. */
  readonly read: (into: Uint8Array) => void;
}

interface Entry {
  readonly block: RowBlock;
  readonly weight: number;
  lastUse: number;
}

/**
 * Blocks of rows of all vector files, bounded in bytes. What a query goes over as a whole is kept as a whole where there is room for it;
 * where there is not, a part of it stays, and the rest is read each time: it does not drive out what the next query needs as well.
 */
export class VectorCache {
  private readonly entries = new Map<number, Entry>();
  private readonly memories = new Map<number, RowMemory>();
  private uses = 0;
  weight = 0;

  constructor(readonly weightMax: number) {}

  /**
   * Calls `use`, which does not wait for anything, with a block; `rows` are those of it. `ofBlocks`: so many are gone over one after the
   * other, again and again.
   */
  with<T>(key: number, rows: Rows, ofBlocks: number, use: (block: RowBlock) => T): T {
    this.uses++;
    const known = this.entries.get(key);
    if (known !== undefined) {
      this.entries.delete(key);
      this.entries.set(key, known);
      known.lastUse = this.uses;
      return use(known.block);
    }
    const weight = rows.count * rows.dimension;
    const isKept = this.makeRoom(weight, ofBlocks);
    const block = this.take(rows);
    try {
      return use(block);
    } finally {
      if (isKept) {
        this.entries.set(key, { block, weight, lastUse: this.uses });
        this.weight += weight;
      } else block.release();
    }
  }

  clear(): void {
    for (const { block } of this.entries.values()) block.release();
    this.entries.clear();
    this.weight = 0;
  }

  /** Whether there is room now for so many bytes. */
  private makeRoom(bytes: number, ofBlocks: number): boolean {
    if (bytes > this.weightMax) return false;
    const isFitting = ofBlocks * bytes <= this.weightMax;
    for (const [key, { lastUse }] of this.entries) {
      if (this.weight + bytes <= this.weightMax) break;
      // What was used in the last two rounds will be in the next.
      if (!isFitting && lastUse > this.uses - 2 * ofBlocks) return false;
      this.drop(key);
    }
    return true;
  }

  private drop(key: number): void {
    const { block, weight } = this.entries.get(key)!;
    this.entries.delete(key);
    this.weight -= weight;
    block.release();
  }

  private take({ count, dimension, read }: Rows): RowBlock {
    let memory = this.memories.get(dimension);
    if (memory === undefined) this.memories.set(dimension, (memory = new RowMemory(dimension, rowsPerBlock)));
    for (;;) {
      const block = memory.take(count, read);
      if (block !== null) return block;
      // There is less memory than was allowed: what others have of it is given up.
      const [oldest] = this.entries.keys();
      if (oldest === undefined) throw new RangeError('no memory for vectors');
      this.drop(oldest);
    }
  }
}
