import { TimeSlices, throwIfAborted } from '../base/index.js';
import type { ChunkText, Embedder } from '../embedding/index.js';
import { languageId } from '../model/index.js';
import { VectorFileWriter, vectorSpaceId } from '../segment/index.js';
import type { Segment, SegmentList } from '../segment/index.js';
import type { Snapshot, SnapshotStore } from '../snapshot/index.js';

export interface EmbedOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Chunks that are not to be embedded, by position in the snapshot: they would be sent to an endpoint. */
  readonly isWithheld?: ((position: number) => boolean) | undefined;
}

/** Chunks embedded between two writes: what is lost when it is cut short. */
const chunksPerWrite = 2048;
const chunksPerCall = 256;

/**
 * Embeds the visible chunks of a snapshot that have no vector in the embedder's space, and stores the vectors: each chunk once in a
 * store's life. What is done is kept when it is cut short. For the holder of the writer lock. Returns how many were embedded.
 */
export async function embedMissing(
  snapshots: SnapshotStore,
  snapshot: Snapshot,
  embedder: Embedder,
  { signal, onProgress, isWithheld }: EmbedOptions,
): Promise<number> {
  const spaceId = vectorSpaceId(embedder.space);
  const live = snapshots.segments().retain();
  try {
    const missing = missingDocs(snapshot, live, spaceId, isWithheld);
    const total = missing.reduce((sum, { docs }) => sum + docs.length, 0);
    let done = 0;
    for (const { segment, docs } of missing) {
      for (let from = 0; from < docs.length; from += chunksPerWrite) {
        const part = docs.slice(from, from + chunksPerWrite);
        const vectors: Int8Array[] = [];
        for (let at = 0; at < part.length; at += chunksPerCall) {
          throwIfAborted(signal);
          const texts = part
            .slice(at, at + chunksPerCall)
            .map((doc) => chunkText(live, segment, segment.docBase + doc));
          vectors.push(...(await embedder.embedChunks(texts, signal)));
          onProgress?.(done + vectors.length, total);
        }
        await addVectors(snapshots, segment, embedder, part, vectors);
        done += part.length;
      }
    }
    for (const segment of snapshot.segments.segments) segment.openVectors(spaceId);
    return total;
  } finally {
    live.release();
  }
}

interface Missing {
  readonly segment: Segment;
  /** Less the segment's first, ascending. */
  readonly docs: readonly number[];
}

/** What is visible and has no vector, by the live segment that has it. What gc took meanwhile is left out. */
function missingDocs(
  snapshot: Snapshot,
  live: SegmentList,
  spaceId: string,
  isWithheld: EmbedOptions['isWithheld'],
): Missing[] {
  const wanted = new Set<number>();
  for (let position = 0; position < snapshot.occurrenceDocs.length; position++) {
    if (isWithheld?.(position) !== true) wanted.add(snapshot.occurrenceDocs[position]!);
  }
  return live.segments.flatMap((segment) => {
    segment.openVectors(spaceId); // another process may have added some
    const have = new Set(segment.vectors(spaceId)?.docs);
    const docs: number[] = [];
    for (let doc = segment.docBase; doc < segment.docEnd; doc++) {
      if (wanted.has(doc) && !have.has(doc - segment.docBase)) docs.push(doc - segment.docBase);
    }
    return docs.length === 0 ? [] : [{ segment, docs }];
  });
}

function chunkText(list: SegmentList, segment: Segment, doc: number): ChunkText {
  const { symbols, continues } = list.chunkSymbols(doc);
  const scopes = [...new Set(symbols.map(({ scope }) => scope))];
  if (continues !== '') scopes.push(continues);
  return {
    text: list.chunkText(doc),
    language: languageId(segment.column('language')[doc - segment.docBase]!),
    symbols: symbols.map(({ name }) => name),
    scopes,
  };
}

/** Writes the file of a segment's vectors anew, with some more. */
async function addVectors(
  { store }: SnapshotStore,
  segment: Segment,
  { space }: Embedder,
  docs: readonly number[],
  vectors: readonly Int8Array[],
): Promise<void> {
  const spaceId = vectorSpaceId(space);
  const old = segment.vectors(spaceId);
  const slices = new TimeSlices();
  const writer = new VectorFileWriter(store, segment.entry.id, space);
  try {
    let at = 0;
    for (let row = 0; row <= (old?.docs.length ?? 0); row++) {
      if ((row & 255) === 0 && slices.isOver) await slices.next();
      const next = old?.docs[row] ?? Infinity;
      for (; at < docs.length && docs[at]! < next; at++) writer.add(docs[at]!, vectors[at]!);
      if (next !== Infinity) writer.add(next, old!.row(row));
    }
    writer.finish();
  } catch (error) {
    writer.abandon();
    throw error;
  }
  segment.openVectors(spaceId);
}
