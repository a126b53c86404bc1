import { CoppiceError, nowMs, uniqueSuffix } from '../../base/index.js';
import { SearchCluster } from '../search-cluster.js';
import type { ClusterAddress } from '../search-cluster.js';
import type { CallOptions, ListedObject, ReadOptions, RemoteStorage, StoredObject, WriteCondition } from './storage.js';

const index = 'objects';
const listedAtOnce = 1000;

/**
 * The small objects of a remote (heads, tables, commits of repositories) as documents of a cluster, each written by compare and swap. The
 * code itself is other documents there (see the module `cluster`).
 */
export class ClusterStorage implements RemoteStorage {
  readonly isReadOnly = false;
  readonly cluster: SearchCluster;
  private isMade = false;

  constructor(address: ClusterAddress, env?: NodeJS.ProcessEnv) {
    this.cluster = new SearchCluster(address, env);
  }

  get url(): string {
    return this.cluster.url;
  }

  async read(name: string, { unless, range, ...call }: ReadOptions = {}): Promise<StoredObject | 'unchanged' | null> {
    const found = await this.cluster.get(index, name, call);
    if (found === null) return null;
    this.isMade = true;
    if (found.version === unless) return 'unchanged';
    const bytes = Buffer.from(String(found.source['bytes']), 'base64');
    const part = range === undefined ? bytes : bytes.subarray(range.offset, range.offset + range.length);
    return { bytes: part, version: found.version };
  }

  async write(
    name: string,
    bytes: Uint8Array,
    condition: WriteCondition,
    call: CallOptions = {},
  ): Promise<string | null> {
    if (bytes.length > objectBytesMax) {
      throw new CoppiceError('TOO_LARGE', `${this.url}: ${name.slice(0, 40)} is too large for a document`, {
        hint: 'publish fewer commits at once',
      });
    }
    if (!this.isMade) {
      const { shards, replicas } = { shards: 1, replicas: this.cluster.address.replicas };
      await this.cluster.makeIndex(
        index,
        {
          settings: { number_of_shards: shards, number_of_replicas: replicas },
          mappings: {
            dynamic: false,
            properties: { name: { type: 'keyword' }, at: { type: 'long' }, size: { type: 'long' } },
          },
        },
        call,
      );
      this.isMade = true;
    }
    // Another writer may write the same in the same millisecond.
    const by = uniqueSuffix();
    const source = { name, at: nowMs(), size: bytes.length, by, bytes: Buffer.from(bytes).toString('base64') };
    const version = await this.cluster.put(index, name, source, condition, call);
    if (version !== null) return version;
    // An attempt before this one, whose answer was lost, may have been the one that wrote.
    const now = await this.cluster.get(index, name, call);
    return now?.source['by'] === by ? now.version : null;
  }

  async *list(prefix: string, call: CallOptions = {}): AsyncIterable<ListedObject> {
    await this.cluster.refresh([index], call);
    let after: string | undefined;
    for (;;) {
      const body = {
        size: listedAtOnce,
        query: { prefix: { name: prefix } },
        sort: [{ name: 'asc' }],
        _source: ['name', 'at', 'size'],
        ...(after === undefined ? {} : { search_after: [after] }),
      };
      type Found = { hits?: { hits?: { _source: { name: string; at: number; size: number } }[] } };
      const { hits } = await this.cluster.search<Found>([index], body, 'hits.hits._source', call);
      for (const { _source: found } of hits?.hits ?? [])
        yield { name: found.name, sizeBytes: found.size, modifiedMs: found.at };
      if ((hits?.hits?.length ?? 0) < listedAtOnce) return;
      after = hits!.hits!.at(-1)!._source.name;
    }
  }

  /** Those of some objects that there are, with their names. */
  async readMany(
    names: readonly string[],
    call: CallOptions = {},
  ): Promise<(readonly [name: string, bytes: Buffer])[]> {
    const found = await this.cluster.getMany(index, names, ['bytes'], call);
    return names.flatMap((name) => {
      const source = found.get(name);
      return source === undefined ? [] : [[name, Buffer.from(String(source['bytes']), 'base64')] as const];
    });
  }

  /** Removes what is of that version; whether it is gone by then. */
  removeVersion(name: string, version: string, call: CallOptions = {}): Promise<boolean> {
    return this.cluster.removeVersion(index, name, version, call);
  }

  remove(name: string, call: CallOptions = {}): Promise<void> {
    return this.cluster.remove(index, [name], call);
  }
}

/** In base64 below what a cluster takes in one request. */
const objectBytesMax = 64 * 1024 * 1024;
