import { CoppiceError, LruCache, TimeSlices, messageOf } from '../base/index.js';
import { MemoryFiles } from '../store/index.js';
import type { PartRange, SegmentEntry, ReadableFile, SegmentFiles } from '../store/index.js';
import { readColumn } from './tables/columns.js';
import { FarRecords } from './far-chunks.js';
import type { FarChunks } from './far-chunks.js';
import { KeyTable } from './tables/key-table.js';
import { writeSymbolNames } from './names/segment-names.js';
import type { NameCache } from './names/sorted-names.js';
import { SymbolNames } from './names/symbol-names.js';
import type { SymbolNamesLocation } from './names/symbol-names.js';
import { PostingTable } from './tables/posting-table.js';
import { RecordBlocks } from './tables/record-blocks.js';
import type { BlockCache, DecodedBlock, RecordBlocksLocation } from './tables/record-blocks.js';
import { VectorCache } from './vectors/vector-cache.js';
import { VectorFile } from './vectors/vector-file.js';
import { columnTypes, commitColumnTypes, readableSegmentFormats } from './segment-format.js';
import type { CommitColumns, DocColumns, TableOfContents } from './segment-format.js';

/** Whole pages that are checked at a time. */
const verifiedBytes = 1024 * 1024;

/** What open segments share: memory for what was read, bounded in bytes. */
export interface SegmentCaches {
  /** Unpacked blocks. */
  readonly blocks: BlockCache;
  readonly vectors: VectorCache;
  /** Names of definitions. */
  readonly names: NameCache;
}

/** At a million chunks names have some 3 million places in tables, whose shapes take 8 bytes each. */
const nameBytesMax = 48 * 1024 * 1024;

export const createSegmentCaches = (blockBytesMax: number, vectorBytesMax: number): SegmentCaches => ({
  blocks: new LruCache<number, DecodedBlock>(blockBytesMax),
  vectors: new VectorCache(vectorBytesMax),
  names: new LruCache(nameBytesMax),
});

/** An open segment. Ids are the store's; columns and posting lists count docs from the segment's first. */
export class Segment {
  readonly content: RecordBlocks;
  readonly symbols: RecordBlocks;
  readonly fileRecords: RecordBlocks;
  readonly treeRecords: RecordBlocks;
  readonly commitRecords: RecordBlocks;
  readonly grams: PostingTable;
  readonly terms: PostingTable;
  readonly changes: PostingTable;
  readonly docKeys: KeyTable;
  readonly fileKeys: KeyTable;
  readonly treeKeys: KeyTable;
  readonly commitKeys: KeyTable;
  private readonly columns: Partial<DocColumns> = {};
  private readonly commitColumns: Partial<CommitColumns> = {};
  private names: Promise<readonly SymbolNames[]> | null = null;
  private readonly vectorFiles = new Map<string, VectorFile>();
  /** Segment lists that hold it open. */
  holders = 0;

  private constructor(
    readonly entry: SegmentEntry,
    private readonly file: ReadableFile,
    private readonly toc: TableOfContents,
    private readonly place: SegmentFiles,
    private readonly caches: SegmentCaches,
    /** Where its chunks are, when it does not hold them: then it has files, trees and columns, and no postings. */
    readonly far: FarChunks | null,
  ) {
    const cache = caches.blocks;
    const recordsAt = (location: RecordBlocksLocation, of: 'content' | 'symbols'): RecordBlocks => {
      if (far === null) return new RecordBlocks(file, location, cache);
      const near = [file, location, cache] as const;
      return of === 'content'
        ? new FarRecords(
            (number) => far.content(number).bytesOf(number),
            (number) => far.content(number),
            [...near],
          )
        : new FarRecords((number) => far.symbols(number), null, [...near]);
    };
    this.content = recordsAt(toc.content, 'content');
    this.symbols = recordsAt(toc.symbols, 'symbols');
    this.fileRecords = new RecordBlocks(file, toc.fileRecords, cache);
    this.treeRecords = new RecordBlocks(file, toc.treeRecords, cache);
    this.commitRecords = new RecordBlocks(file, toc.commitRecords, cache);
    this.grams = new PostingTable(file, toc.grams, false);
    this.terms = new PostingTable(file, toc.terms, true);
    this.changes = new PostingTable(file, toc.changes, false);
    this.docKeys = new KeyTable(file, toc.docKeys);
    this.fileKeys = new KeyTable(file, toc.fileKeys);
    this.treeKeys = new KeyTable(file, toc.treeKeys);
    this.commitKeys = new KeyTable(file, toc.commitKeys);
  }

  /** Opens what the catalog lists, or by its id alone what it does not. */
  static open(
    place: SegmentFiles,
    listed: SegmentEntry | string,
    caches: SegmentCaches,
    far: FarChunks | null = null,
  ): Segment {
    const id = typeof listed === 'string' ? listed : listed.id;
    const file = place.openSegmentFile(id);
    try {
      const toc = JSON.parse(file.readRoot().toString('utf8')) as TableOfContents;
      if (!readableSegmentFormats.includes(toc.formatVersion)) {
        throw new CoppiceError(
          'STORE_VERSION',
          `segment ${id} has format ${toc.formatVersion}, and this Coppice reads ${readableSegmentFormats.join(' and ')}`,
          {
            hint: 'update Coppice, or give another folder with --store',
          },
        );
      }
      const { docs, files, trees, commits, textBytes } = toc;
      const own: SegmentEntry = { id, docs, files, trees, commits, bytes: file.sizeBytes, textBytes };
      const entry = typeof listed === 'string' ? own : listed;
      if ([docs, files, trees, commits].join() !== [entry.docs, entry.files, entry.trees, entry.commits].join()) {
        throw new CoppiceError(
          'STORE_CORRUPT',
          `the store's file ${file.name} is not the one that was written under that name`,
          {
            hint: 'run `coppice doctor --repair`: what is lost is indexed again from the repository',
            data: { file: file.name },
          },
        );
      }
      return new Segment(entry, file, toc, place, caches, far);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** All that is read of it is here: where it is not, reading throws NotHere, and `bring` brings what is about to be read. */
  get isHere(): boolean {
    return this.file.bring === undefined;
  }

  /** Brings ranges of the segment, as its sections tell them. */
  async bring(ranges: readonly PartRange[], signal: AbortSignal | undefined): Promise<void> {
    await this.file.bring?.(ranges, signal);
  }

  /** What a snapshot is opened with: all but texts, definitions, postings, names and vectors, of which it is only where they are. */
  get tableRanges(): readonly PartRange[] {
    const { content, symbols, fileRecords, treeRecords, grams, terms, docKeys, fileKeys, treeKeys, toc } = this;
    return [
      content.ranges.table,
      symbols.ranges.table,
      fileRecords.ranges.all,
      treeRecords.ranges.all,
      grams.indexRange,
      terms.indexRange,
      docKeys.range,
      fileKeys.range,
      treeKeys.range,
      ...Object.values(toc.columns),
    ];
  }

  /** Its table of contents, for whoever lays another over it. */
  get contents(): TableOfContents {
    return this.toc;
  }

  get docBase(): number {
    return this.entry.docs[0];
  }

  get docEnd(): number {
    return this.entry.docs[1];
  }

  get docCount(): number {
    return this.entry.docs[1] - this.entry.docs[0];
  }

  column<Name extends keyof DocColumns>(name: Name): DocColumns[Name] {
    const columns: Partial<DocColumns> = this.columns;
    columns[name] ??= readColumn(this.file, this.toc.columns[name], columnTypes[name]) as DocColumns[Name];
    return columns[name]!;
  }

  commitColumn<Name extends keyof CommitColumns>(name: Name): CommitColumns[Name] {
    return (this.commitColumns[name] ??= readColumn(this.file, this.toc.commitColumns[name], commitColumnTypes[name]));
  }

  /** Its definitions by name. Made in memory, once, where the segment is of a format that has no such tables. */
  symbolNames(slices = new TimeSlices()): Promise<readonly SymbolNames[]> {
    this.names ??= this.openNames(slices).catch((error: unknown) => {
      this.names = null;
      throw error;
    });
    return this.names;
  }

  private async openNames(slices: TimeSlices): Promise<readonly SymbolNames[]> {
    const { file, toc, docBase } = this;
    const open = (from: ReadableFile, locations: readonly SymbolNamesLocation[]): readonly SymbolNames[] =>
      locations.map((location) => new SymbolNames(from, location, this.caches.names, docBase));
    if (toc.symbolNames !== undefined && this.far === null) return open(file, toc.symbolNames);
    const memory = new MemoryFiles();
    const made = memory.createSegmentFile(this.entry.id);
    const read = await this.far?.allSymbols();
    const symbolsOf = (doc: number): Buffer => read?.[doc] ?? this.symbols.get(doc);
    const locations = await writeSymbolNames(made, this.docCount, symbolsOf, slices);
    made.finish(Buffer.alloc(0));
    return open(memory.openSegmentFile(this.entry.id), locations);
  }

  /**
   * The vectors in a space (see vectorSpaceId), or null. They are opened with the segment (see `openVectors`), so that they stay
   * readable when the segment is merged away.
   */
  vectors(spaceId: string): VectorFile | null {
    return this.far === null ? (this.vectorFiles.get(spaceId) ?? null) : this.far.vectors(spaceId);
  }

  /** Spaces that there are vectors in. */
  get vectorSpaces(): Iterable<string> {
    return this.vectorFiles.keys();
  }

  /** Opens the vectors in a space; again, when they were written anew. */
  openVectors(spaceId: string): void {
    const old = this.vectorFiles.get(spaceId);
    if (old?.isLatest === true) return;
    const file = VectorFile.open(this.place, this.entry.id, spaceId, this.caches.vectors);
    if (file === null) return; // the segment was merged away: the old ones are as good
    old?.release();
    this.vectorFiles.set(spaceId, file);
  }

  /** For the holder of the writer lock. */
  removeVectors(spaceId: string): void {
    this.vectorFiles.get(spaceId)?.release();
    this.vectorFiles.delete(spaceId);
    this.place.removeVectorFile(this.entry.id, spaceId);
  }

  /** Bytes of a chunk; a view. */
  chunkBytes(doc: number): Buffer {
    return this.content.get(doc - this.docBase);
  }

  /** Text of a chunk (see base `decodeBytes`). */
  chunkText(doc: number): string {
    const number = doc - this.docBase;
    return this.content.blockOf(number).textOf(number);
  }

  /** Reads, and so checks, every page; calls `onDamage` for pieces that fail. Returns the size of the file in bytes. */
  async verify(onDamage: (message: string) => void, slices: TimeSlices): Promise<number> {
    const { dataLength, sizeBytes } = this.file;
    for (let offset = 0; offset < dataLength; offset += verifiedBytes) {
      if (slices.isOver) await slices.next();
      try {
        this.file.read(offset, Math.min(verifiedBytes, dataLength - offset));
      } catch (error) {
        onDamage(messageOf(error));
      }
    }
    return sizeBytes;
  }

  close(): void {
    this.file.close();
    for (const vectors of this.vectorFiles.values()) vectors.release();
  }
}
