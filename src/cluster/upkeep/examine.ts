import { createHash } from 'node:crypto';

import { BitSet, TimeSlices } from '../../base/index.js';
import { inParallel } from '../../remote/index.js';
import type { ClusterStorage } from '../../remote/index.js';
import { filterOfNumbers, filterOfSnapshot } from '../read/filters.js';
import type { DocumentCounts } from './garbage.js';
import { KeyIndex, NumberLists } from '../publish/key-index.js';
import { checkLayout, chunkIndexOf, chunkIndices, decodeFile, decodeTree } from '../layout.js';
import { NumberBlocks } from '../publish/numbers.js';
import { decodeRoaring } from '../roaring.js';

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
}

export interface ClusterExamination {
  readonly problems: readonly { readonly where: string; readonly message: string }[];
  readonly counts: DocumentCounts;
  /** Files whose chunks, joined, were hashed. */
  readonly filesHashed: number;
}

const namedMax = 20;
const chunksAtOnce = 1000;

/**
 * Looks through what a cluster holds. Every number is given once; what a directory or file names is there; a snapshot's bitmap is what its files have, and the
 * cluster finds as many chunks by it; and of so many files, spread evenly, the text is hashed to git's name of the blob.
 */
export async function examineDocuments(
  storage: ClusterStorage,
  { samples, onProgress, ...call }: Call & { readonly samples: number; readonly onProgress?: (what: string) => void },
): Promise<ClusterExamination> {
  const { cluster } = storage;
  const slices = new TimeSlices(call.signal);
  const problems: { where: string; message: string }[] = [];
  const found = new Map<string, number>();
  const report = (where: string, message: string): void => {
    const count = (found.get(message) ?? 0) + 1;
    found.set(message, count);
    if (count <= namedMax) problems.push({ where, message });
  };
  await checkLayout(cluster, call);
  const end = await new NumberBlocks(storage).end(call);
  const numbers = new BitSet(end);
  const counts = { snapshots: 0, trees: 0, files: 0, chunks: 0 };
  for (const index of chunkIndices(end)) {
    onProgress?.(index);
    for await (const page of cluster.scan(index, ['n'], call))
      for (const { id, source } of page) {
        counts.chunks++;
        const n = Number(source['n']);
        if (!(n >= 0 && n < end)) report(`chunk ${id}`, 'its number was never given');
        else if (numbers.has(n)) report(`chunk ${id}`, 'another has its number');
        else numbers.add(n);
      }
  }
  const files = new KeyIndex();
  /** Of each file that is searched its chunks' numbers; of others none. */
  const chunksOf = new NumberLists();
  const sampled = new Samples<{ readonly key: string; readonly oid: string; readonly numbers: readonly number[] }>(
    samples,
  );
  onProgress?.('files');
  for await (const page of cluster.scan('files', ['*'], call))
    for (const { id, source } of page) {
      if (slices.isOver) await slices.next();
      counts.files++;
      const { oid, chunks, skipped, sizeBytes } = decodeFile(cluster.url, source);
      const own = chunks.map(({ number }) => number);
      if (!own.every((n) => n < end && numbers.has(n))) report(`file ${id}`, 'a chunk of it is missing');
      else if (own.length > 0 || (skipped === null && sizeBytes === 0)) sampled.add({ key: id, oid, numbers: own });
      files.numberOf(id);
      chunksOf.add(skipped === null ? own : []);
    }
  /** Directories that are there, or that others name. */
  const trees = new KeyIndex();
  /** Of those that are there what they have, in the order in which they came; `places`: by number, which of them it is. */
  const treesOf = new NumberLists();
  const filesOf = new NumberLists();
  const places: number[] = [];
  onProgress?.('directories');
  for await (const page of cluster.scan('trees', ['oid', 'counts', 'entries'], call))
    for (const { id, source } of page) {
      if (slices.isOver) await slices.next();
      places[trees.numberOf(id)] = counts.trees++;
      const { entries } = decodeTree(cluster.url, source);
      const own = entries.flatMap(({ kind, key }) =>
        kind === 'file' || kind === 'executable' ? [files.find(key)] : [],
      );
      if (own.includes(-1)) report(`directory ${id}`, 'a file in it is missing');
      filesOf.add(own.filter((file) => file >= 0));
      treesOf.add(entries.flatMap(({ kind, key }) => (kind === 'tree' ? [trees.numberOf(key)] : [])));
    }
  for (let tree = 0; tree < trees.size; tree++) {
    const place = places[tree];
    if (place !== undefined && !treesOf.of(place).every((below) => places[below] !== undefined))
      report(`directory ${trees.keyOf(tree)}`, 'a directory in it is missing');
  }
  onProgress?.('snapshots');
  for await (const page of cluster.scan('snapshots', ['root', 'chunks', 'count', 'indices'], call))
    for (const { id, source } of page) {
      counts.snapshots++;
      const root = trees.find(String(source['root']));
      if (places[root] === undefined) {
        report(`snapshot ${id}`, 'its root directory is missing');
        continue;
      }
      const own = new BitSet(end);
      const open = [root];
      const seen = new Set(open);
      for (let tree = open.pop(); tree !== undefined; tree = open.pop()) {
        if (slices.isOver) await slices.next();
        const place = places[tree];
        if (place === undefined) continue;
        for (const file of filesOf.of(place)) for (const n of chunksOf.of(file)) if (n < end) own.add(n);
        for (const below of treesOf.of(place))
          if (!seen.has(below)) {
            seen.add(below);
            open.push(below);
          }
      }
      const visible = decodeRoaring(Buffer.from(String(source['chunks']), 'base64'));
      const expected = own.toArray();
      if (visible.length !== expected.length || !expected.every((n, i) => visible[i] === n))
        report(`snapshot ${id}`, 'it sees other chunks than its files have');
      const query = { bool: { filter: [filterOfSnapshot(cluster, id)] } };
      const told = visible.length === 0 ? 0 : await cluster.count(source['indices'] as string[], query, call);
      if (told !== visible.length || told !== source['count'])
        report(`snapshot ${id}`, 'the cluster does not find its chunks');
    }
  onProgress?.('contents');
  await inParallel(sampled.items, async ({ key, oid, numbers: own }) => {
    const texts = await textsOf(storage, own, call);
    const bytes = Buffer.concat(own.map((n) => texts.get(n) ?? Buffer.alloc(0)));
    const hash = createHash(oid.length === 40 ? 'sha1' : 'sha256')
      .update(`blob ${bytes.length}\0`)
      .update(bytes);
    if (hash.digest('hex') !== oid) report(`file ${key}`, 'its chunks are not the blob that it is called');
  });
  for (const [message, count] of found)
    if (count > namedMax) problems.push({ where: `${count - namedMax} more`, message });
  return { problems, counts, filesHashed: sampled.items.length };
}

/** Some of many, spread evenly: between `max` and half as many, or all. */
class Samples<T> {
  items: T[] = [];
  private step = 1;
  private seen = 0;

  constructor(private readonly max: number) {}

  add(item: T): void {
    if (this.seen++ % this.step !== 0) return;
    this.items.push(item);
    if (this.items.length <= this.max) return;
    this.items = this.items.filter((_, i) => i % 2 === 0);
    this.step *= 2;
  }
}

async function textsOf(
  { cluster }: ClusterStorage,
  numbers: readonly number[],
  call: Call,
): Promise<Map<number, Buffer>> {
  const texts = new Map<number, Buffer>();
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  for (let from = 0; from < sorted.length; from += chunksAtOnce) {
    const part = sorted.slice(from, from + chunksAtOnce);
    const filter = filterOfNumbers(cluster, Uint32Array.from(part));
    const body = { size: part.length, _source: ['n', 'text', 'bytes'], query: { constant_score: { filter } } };
    type Found = { hits?: { hits?: { _source: { n: number; text?: string; bytes?: string } }[] } };
    const indices = [...new Set(part.map(chunkIndexOf))];
    const { hits } = await cluster.search<Found>(indices, body, 'hits.hits._source', call);
    for (const {
      _source: { n, text, bytes },
    } of hits?.hits ?? [])
      texts.set(n, text === undefined ? Buffer.from(bytes ?? '', 'base64') : Buffer.from(text, 'utf8'));
  }
  return texts;
}
