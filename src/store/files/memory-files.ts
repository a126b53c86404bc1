import { assert } from '../../base/index.js';
import { inMemory } from './byte-parts.js';
import type { ByteParts, PartRange } from './byte-parts.js';
import type { PagedFile, PagedFileWriter } from './paged-file.js';
import type { Store } from '../store.js';

/** What readers of a paged file need of it, wherever it is. */
export type ReadableFile = Pick<
  PagedFile,
  'name' | 'sizeBytes' | 'dataLength' | 'isLatest' | 'read' | 'readInto' | 'readRoot' | 'verify' | 'close'
> &
  Pick<ByteParts, 'bring'>;
export type WritableFile = Pick<PagedFileWriter, 'length' | 'write' | 'finish' | 'abandon'>;

/** Where segments are written and read. */
export interface SegmentFiles {
  createSegmentFile(id: string): WritableFile;
  openSegmentFile(id: string): ReadableFile;
  createVectorFile(segmentId: string, spaceId: string): WritableFile;
  /** Null when there is none. */
  openVectorFile(segmentId: string, spaceId: string): ReadableFile | null;
  removeVectorFile(segmentId: string, spaceId: string): void;
  vectorSpaces(): ReturnType<Store['vectorSpaces']>;
}

/** Segments outside of a store: in memory, or in parts of something else. Gone with the process. */
export class MemoryFiles implements SegmentFiles {
  private readonly segments = new Map<string, MemoryFile>();
  /** By segment and space. */
  private readonly vectors = new Map<string, Map<string, MemoryFile>>();

  createSegmentFile(id: string): WritableFile {
    return new MemoryFileWriter((file) => this.segments.set(id, file), id);
  }

  openSegmentFile(id: string): ReadableFile {
    const file = this.segments.get(id);
    assert(file !== undefined, `segment ${id} was written`);
    return file;
  }

  /** A segment that has all bytes of another, then its own; and the other's vectors, if it `hasVectors`. */
  createOverlay(over: string, id: string, hasVectors: boolean): WritableFile {
    const base = this.openSegmentFile(over);
    const vectors = this.vectors.get(over);
    if (hasVectors && vectors !== undefined) this.vectors.set(id, vectors);
    return new MemoryFileWriter((file) => this.segments.set(id, file), id, base);
  }

  createVectorFile(segmentId: string, spaceId: string): WritableFile {
    const take = (file: MemoryFile): void => {
      const files = this.vectors.get(segmentId) ?? new Map<string, MemoryFile>();
      this.vectors.set(segmentId, files.set(spaceId, file));
    };
    return new MemoryFileWriter(take, `${segmentId}.${spaceId}`);
  }

  openVectorFile(segmentId: string, spaceId: string): ReadableFile | null {
    return this.vectors.get(segmentId)?.get(spaceId) ?? null;
  }

  /** A segment's bytes, and where its root section begins. */
  rawSegment(id: string): { readonly bytes: Buffer; readonly rootOffset: number } {
    return this.segments.get(id)!.raw();
  }

  rawVectors(segmentId: string, spaceId: string): { readonly bytes: Buffer; readonly rootOffset: number } {
    return this.vectors.get(segmentId)!.get(spaceId)!.raw();
  }

  /** Takes a segment as `rawSegment` gave it. */
  putSegment(id: string, bytes: ByteParts, rootOffset: number): void {
    this.segments.set(id, new MemoryFile(id, bytes, rootOffset));
  }

  putVectors(segmentId: string, spaceId: string, bytes: ByteParts, rootOffset: number): void {
    const files = this.vectors.get(segmentId) ?? new Map<string, MemoryFile>();
    this.vectors.set(segmentId, files.set(spaceId, new MemoryFile(`${segmentId}.${spaceId}`, bytes, rootOffset)));
  }

  removeVectorFile(segmentId: string, spaceId: string): void {
    this.vectors.get(segmentId)?.delete(spaceId);
  }

  vectorSpaces(): Map<string, string[]> {
    return new Map(Array.from(this.vectors, ([segment, files]) => [segment, [...files.keys()]]));
  }
}

class MemoryFileWriter implements WritableFile {
  private readonly parts: Buffer[] = [];
  length: number;

  constructor(
    private readonly take: (file: MemoryFile) => void,
    private readonly name: string,
    /** What lies before it. */
    private readonly base: ReadableFile | null = null,
  ) {
    this.length = base?.dataLength ?? 0;
  }

  write(bytes: Uint8Array): void {
    this.parts.push(Buffer.from(bytes)); // who wrote it may use its memory again
    this.length += bytes.length;
  }

  finish(root: Uint8Array): number {
    const rootOffset = this.length;
    this.write(root);
    const own = inMemory(Buffer.concat(this.parts));
    const bytes = this.base === null ? own : behind(this.base, own);
    const file = new MemoryFile(this.name, bytes, rootOffset);
    this.take(file);
    return file.sizeBytes;
  }

  abandon(): void {
    this.parts.length = 0;
  }
}

/** Of a file's bytes and those behind them, none of which is read across. */
function behind(base: ReadableFile, own: ByteParts): ByteParts {
  const start = base.dataLength;
  const { bring } = base;
  return {
    length: start + own.length,
    read: (offset, length) => (offset < start ? base.read(offset, length) : own.read(offset - start, length)),
    bring:
      bring &&
      ((ranges, signal) =>
        bring(
          ranges.filter(({ offset }) => offset < start),
          signal,
        )),
    rest: () => undefined,
    close: () => undefined,
  };
}

class MemoryFile implements ReadableFile {
  constructor(
    readonly name: string,
    private readonly bytes: ByteParts,
    private readonly rootOffset: number,
  ) {}

  get sizeBytes(): number {
    return this.bytes.length;
  }

  get dataLength(): number {
    return this.bytes.length;
  }

  get isLatest(): boolean {
    return true;
  }

  get bring(): ((ranges: readonly PartRange[], signal: AbortSignal | undefined) => Promise<void>) | undefined {
    return this.bytes.bring;
  }

  readRoot(): Buffer {
    return this.bytes.read(this.rootOffset, this.bytes.length - this.rootOffset);
  }

  read(offset: number, length: number): Buffer {
    assert(offset >= 0 && offset + length <= this.bytes.length, `read outside ${this.name}`);
    return this.bytes.read(offset, length);
  }

  raw(): { readonly bytes: Buffer; readonly rootOffset: number } {
    return { bytes: this.bytes.read(0, this.bytes.length), rootOffset: this.rootOffset };
  }

  readInto(offset: number, into: Uint8Array): void {
    into.set(this.read(offset, into.length));
  }

  verify(): number {
    return this.bytes.length;
  }

  close(): void {
    // What it is a part of is closed by whoever opened that; memory goes with the last who refers to it.
  }
}
