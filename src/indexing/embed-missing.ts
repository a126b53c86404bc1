import { BitSet, TimeSlices, elapsedMs, throwIfAborted } from '../base/index.js';
import type { ChunkText, Embedder } from '../embedding/index.js';
import { languageId } from '../model/index.js';
import { VectorFileWriter, vectorSpaceId } from '../segment/index.js';
import type { Segment, SegmentList } from '../segment/index.js';
import type { Snapshot, SnapshotStore } from '../snapshot/index.js';
import { chunkNames } from '../text/index.js';

export interface EmbedOptions {
  /** Runs an action as the holder of the writer lock, which is asked for only when vectors are written. */
  readonly asWriter: <T>(action: () => Promise<T>) => Promise<T>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Files whose chunks are not to be embedded, unless another file has them too. */
  readonly isWithheld?: ((path: string) => boolean) | undefined;
  /** What is embedded in place of a chunk's own text; null: nothing. */
  readonly textOf?: ((doc: number) => ChunkText | null) | undefined;
}

const chunksPerCall = 256;
/** Vectors are written when there are so many, or more where that takes long: a segment's file is written anew each time. */
const chunksPerWrite = 2048;
/** Embedding takes so many times as long as writing. */
const embeddingPerWriting = 8;

/**
 * Embeds the visible chunks of a snapshot that have no vector in the embedder's space, and stores the vectors: each chunk once in a
 * store's life. What is done is kept when it is cut short. Returns how many were embedded.
 */
export async function embedMissing(
  snapshots: SnapshotStore,
  snapshot: Snapshot,
  embedder: Embedder,
  { asWriter, signal, onProgress, isWithheld, textOf }: EmbedOptions,
): Promise<number> {
  const spaceId = vectorSpaceId(embedder.space);
  const { segments } = snapshot;
  const slices = new TimeSlices(signal);
  const missing = await missingDocs(snapshots, snapshot, spaceId, isWithheld, slices);
  const docs = textOf === undefined ? missing : missing.filter((doc) => textOf(doc) !== null);
  let made: { docs: number[]; vectors: Int8Array[] } = { docs: [], vectors: [] };
  let beganMs = elapsedMs();
  let writingMs = 0;
  const write = async (): Promise<void> => {
    const embeddedMs = elapsedMs();
    const { docs, vectors } = made;
    await asWriter(() => addVectors(snapshots, embedder, docs, vectors));
    made = { docs: [], vectors: [] };
    beganMs = elapsedMs();
    writingMs = beganMs - embeddedMs;
  };
  for (let at = 0; at < docs.length; at += chunksPerCall) {
    throwIfAborted(signal);
    if (slices.isOver) await slices.next();
    const part = docs.slice(at, at + chunksPerCall);
    const vectors = await embedder.embedChunks(
      part.map((doc) => textOf?.(doc) ?? chunkText(segments, doc)),
      signal,
    );
    made.docs.push(...part);
    made.vectors.push(...vectors);
    onProgress?.(at + part.length, docs.length);
    if (made.docs.length >= chunksPerWrite && elapsedMs() - beganMs >= embeddingPerWriting * writingMs) await write();
  }
  if (made.docs.length > 0) await write();
  return docs.length;
}

/** What is visible and has no vector, ascending. */
async function missingDocs(
  snapshots: SnapshotStore,
  snapshot: Snapshot,
  spaceId: string,
  isWithheld: EmbedOptions['isWithheld'],
  slices: TimeSlices,
): Promise<number[]> {
  const wanted = isWithheld === undefined ? snapshot.ranked : snapshot.visibleIn((path) => !isWithheld(path));
  const { segments } = snapshot;
  const have = new BitSet(wanted.size, wanted.gap);
  // Another process may have made some, in this snapshot's segments or in what they were merged to.
  for (const segment of new Set([...segments.segments, ...snapshots.segments().segments])) {
    segment.openVectors(spaceId);
    const { docBase } = segment;
    for (const doc of segment.vectors(spaceId)?.docs() ?? []) if (docBase + doc < have.size) have.add(docBase + doc);
  }
  const missing: number[] = [];
  for (const segment of segments.segments) {
    for (let doc = segment.docBase; doc < segment.docEnd; doc++) {
      if ((doc & 0xffff) === 0 && slices.isOver) await slices.next();
      if (wanted.has(doc) && !have.has(doc)) missing.push(doc);
    }
  }
  return missing;
}

function chunkText(list: SegmentList, doc: number): ChunkText {
  const segment = list.segmentOfDoc(doc);
  return {
    text: list.chunkText(doc),
    language: languageId(segment.column('language')[doc - segment.docBase]!),
    ...chunkNames(list.chunkSymbols(doc)),
  };
}

/** Adds vectors to the segments that have the chunks now; those of chunks that were collected meanwhile are dropped. */
async function addVectors(
  snapshots: SnapshotStore,
  { space }: Embedder,
  docs: readonly number[],
  vectors: readonly Int8Array[],
): Promise<void> {
  const live = snapshots.segments().retain();
  try {
    for (const segment of live.segments) {
      const rows = docs.flatMap((doc, i) =>
        doc >= segment.docBase && doc < segment.docEnd ? [{ doc: doc - segment.docBase, vector: vectors[i]! }] : [],
      );
      if (rows.length > 0) await addRows(snapshots, segment, space, rows);
    }
  } finally {
    live.release();
  }
}

/** Writes the file of a segment's vectors anew, with some more. */
async function addRows(
  { store }: SnapshotStore,
  segment: Segment,
  space: Embedder['space'],
  added: readonly { readonly doc: number; readonly vector: Int8Array }[],
): Promise<void> {
  const spaceId = vectorSpaceId(space);
  segment.openVectors(spaceId);
  const old = segment.vectors(spaceId)?.retain() ?? null;
  const docs = old?.docs() ?? new Uint32Array(0);
  const slices = new TimeSlices();
  const writer = new VectorFileWriter(store, segment.entry.id, space);
  try {
    let at = 0;
    for (let row = 0; row <= docs.length; row++) {
      if ((row & 255) === 0 && slices.isOver) await slices.next();
      const next = docs[row] ?? Infinity;
      for (; at < added.length && added[at]!.doc < next; at++) writer.add(added[at]!.doc, added[at]!.vector);
      if (added[at]?.doc === next) at++;
      if (old !== null && next !== Infinity) writer.add(next, old.row(row));
    }
    writer.finish();
  } catch (error) {
    writer.abandon();
    throw error;
  } finally {
    old?.release();
  }
  segment.openVectors(spaceId);
}

/** Removes the vectors in a space that cannot be read, of live segments, so that they are made again. For the holder of the writer lock. */
export function dropDamagedVectors(snapshots: SnapshotStore, spaceId: string): void {
  for (const segment of snapshots.segments().segments) {
    const vectors = segment.vectors(spaceId);
    if (vectors === null) continue;
    let isDamaged = false;
    vectors.verify(() => (isDamaged = true));
    if (isDamaged) segment.removeVectors(spaceId);
  }
}
