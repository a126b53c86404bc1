import { throwIfAborted } from '../../base/index.js';
import type { Oid } from '../../model/index.js';
import type { ObjectReader } from './object-reader.js';

export interface BlobContent {
  readonly oid: Oid;
  /** Null when the blob is missing or larger than `maxBytes`. May be a view of a larger buffer. */
  readonly content: Buffer | null;
  /** -1 when the blob is missing. */
  readonly size: number;
}

export interface ReadBlobsOptions {
  /** Of larger blobs only the size is told. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** Questions that git may be working on at once: enough to keep it busy, few enough to bound memory. */
const inFlightMax = 64;
/** No more questions while this much content has come that nobody has taken yet. */
const untakenBytesMax = 8 << 20;

/**
 * The blobs in the order of `oids`, asked for ahead of the consumer. Memory holds at most about 8 MiB or 64 blobs of
 * content that the consumer has not taken, whichever is more.
 */
export async function* readBlobs(
  reader: ObjectReader,
  oids: Iterable<Oid> | AsyncIterable<Oid>,
  options: ReadBlobsOptions = {},
): AsyncGenerator<BlobContent, void, undefined> {
  const maxBytes = options.maxBytes ?? Infinity;
  const source = Symbol.asyncIterator in oids ? oids[Symbol.asyncIterator]() : oids[Symbol.iterator]();
  const queue: Promise<BlobContent>[] = [];
  let untakenBytes = 0;
  let exhausted = false;
  let stopped = false;

  const ask = async (oid: Oid): Promise<BlobContent> => {
    const keep = (_: string, size: number): boolean => !stopped && size <= maxBytes;
    const result = await reader.read(oid, { keep });
    if (!result.found || result.type !== 'blob') return { oid, content: null, size: -1 };
    untakenBytes += result.content?.length ?? 0;
    return { oid, content: result.content, size: result.size };
  };

  try {
    for (;;) {
      // Refilling by halves lets git answer a good number of questions for each write.
      if (!exhausted && queue.length <= inFlightMax / 2 && untakenBytes < untakenBytesMax) {
        while (queue.length < inFlightMax) {
          const coming = source.next();
          const next = coming instanceof Promise ? await coming : coming;
          if (next.done) {
            exhausted = true;
            break;
          }
          const answer = ask(next.value);
          answer.catch(() => undefined); // awaited below, in turn
          queue.push(answer);
        }
      }
      const first = queue.shift();
      if (first === undefined) {
        if (exhausted) return;
        continue;
      }
      throwIfAborted(options.signal);
      const blob = await first;
      untakenBytes -= blob.content?.length ?? 0;
      yield blob;
    }
  } finally {
    stopped = true;
    await source.return?.();
  }
}
