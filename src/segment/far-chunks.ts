import { DecodedBlock, RecordBlocks } from './tables/record-blocks.js';
import type { VectorFile } from './vectors/vector-file.js';

/**
 * What is asked for lies elsewhere and is not here yet. Whoever can wait has it brought, and asks again: the question is as before, and so is
 * what was answered of it until then.
 */
export class NotHere extends Error {
  constructor(
    readonly what: string,
    readonly bring: (signal: AbortSignal | undefined) => Promise<void>,
  ) {
    super(`${what}: not here yet`);
  }
}

/** Where the chunks of a segment are read that does not hold them itself: numbers count from the segment's first. */
export interface FarChunks {
  /** Throws NotHere. */
  content(number: number): DecodedBlock;
  /** Encoded (see encodeChunkSymbols). Throws NotHere. */
  symbols(number: number): Buffer;
  /** Vectors in a space, or null when there are none. Throws NotHere. */
  vectors(spaceId: string): VectorFile | null;
  /** The symbols of all its chunks, by number. */
  allSymbols(): Promise<readonly Buffer[]>;
}

/** Records that are read one by one from elsewhere. */
export class FarRecords extends RecordBlocks {
  constructor(
    private readonly bytesOf: (number: number) => Buffer,
    private readonly decoded: ((number: number) => DecodedBlock) | null,
    near: ConstructorParameters<typeof RecordBlocks>,
  ) {
    super(...near);
  }

  override get(number: number): Buffer {
    return this.bytesOf(number);
  }

  override blockOf(number: number): DecodedBlock {
    return (
      this.decoded?.(number) ??
      new DecodedBlock(number, this.bytesOf(number), Uint32Array.of(0, this.bytesOf(number).length))
    );
  }
}
