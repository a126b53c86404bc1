import type { BlobContent, Repository } from '../git/index.js';
import type { Oid, TreeEntry } from '../model/index.js';

/** Where trees and blobs come from: a repository, or a repository with edits laid over it. */
export interface ObjectSource {
  /** OBJECT_MISSING when it is not there. */
  readTree(oid: Oid): Promise<readonly TreeEntry[]>;
  /** In the order asked. Content is null when missing (size -1) or above `maxBytes`. */
  readBlobs(
    oids: readonly Oid[],
    options: { maxBytes: number; signal?: AbortSignal | undefined },
  ): AsyncIterable<BlobContent>;
  /**
   * Content that is nowhere but here, so that the store has to keep it even where it is not searched; null for what a
   * repository has. Absent: there is none.
   */
  ownContent?(oid: Oid): Promise<Buffer | null>;
}

export function repositorySource(repository: Repository): ObjectSource {
  return {
    readTree: (oid) => repository.readTree(oid),
    readBlobs: (oids, { maxBytes, signal }) =>
      repository.readBlobs(oids, { maxBytes, ...(signal === undefined ? {} : { signal }) }),
  };
}

/** Objects that need not be in a repository, in front of a source that has the rest. */
export class OverlaySource implements ObjectSource {
  /** Objects by oid. Blobs are `kept` when nothing else has them: not so when they lie in a work tree. */
  readonly trees = new Map<Oid, readonly TreeEntry[]>();
  readonly blobs = new Map<Oid, { content: Buffer | null; size: number }>();

  constructor(
    private readonly behind: ObjectSource,
    private readonly blobsAre: 'kept' | 'elsewhere',
  ) {}

  async readTree(oid: Oid): Promise<readonly TreeEntry[]> {
    return this.trees.get(oid) ?? (await this.behind.readTree(oid));
  }

  async *readBlobs(
    oids: readonly Oid[],
    options: { maxBytes: number; signal?: AbortSignal | undefined },
  ): AsyncIterable<BlobContent> {
    const behind = this.behind
      .readBlobs(
        oids.filter((oid) => !this.blobs.has(oid)),
        options,
      )
      [Symbol.asyncIterator]();
    for (const oid of oids) {
      const own = this.blobs.get(oid);
      if (own !== undefined) {
        const { content, size } = own;
        yield { oid, size, content: size <= options.maxBytes ? content : null };
        continue;
      }
      const next = await behind.next();
      if (next.done !== true) yield next.value;
    }
  }

  async ownContent(oid: Oid): Promise<Buffer | null> {
    const own = this.blobsAre === 'kept' ? this.blobs.get(oid) : undefined;
    return own?.content ?? (await this.behind.ownContent?.(oid)) ?? null;
  }
}
