import { createHash } from 'node:crypto';

import { BitSet, TimeSlices } from '../base/index.js';
import { inParallel } from '../remote/index.js';
import type { ClusterStorage } from '../remote/index.js';
import { filterOfNumbers, filterOfSnapshot } from './filters.js';
import type { DocumentCounts } from './garbage.js';
import { checkLayout, chunkIndexOf, chunkIndices, decodeFile, decodeTree } from './layout.js';
import { NumberBlocks } from './numbers.js';
import { decodeRoaring } from './roaring.js';

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
  /** Of each file that is searched its chunks' numbers; of others none. */
  const chunksOf = new Map<string, Uint32Array>();
  const oids: { key: string; oid: string; numbers: readonly number[] }[] = [];
  onProgress?.('files');
  for await (const page of cluster.scan('files', ['*'], call))
    for (const { id, source } of page) {
      if (slices.isOver) await slices.next();
      counts.files++;
      const { oid, chunks, skipped, sizeBytes } = decodeFile(cluster.url, source);
      const own = chunks.map(({ number }) => number);
      if (!own.every((n) => n < end && numbers.has(n))) report(`file ${id}`, 'a chunk of it is missing');
      else if (own.length > 0 || (skipped === null && sizeBytes === 0)) oids.push({ key: id, oid, numbers: own });
      chunksOf.set(id, Uint32Array.from(skipped === null ? own : []));
    }
  const trees = new Map<string, { readonly trees: readonly string[]; readonly files: readonly string[] }>();
  onProgress?.('directories');
  for await (const page of cluster.scan('trees', ['oid', 'counts', 'entries'], call))
    for (const { id, source } of page) {
      if (slices.isOver) await slices.next();
      counts.trees++;
      const { entries } = decodeTree(cluster.url, source);
      const keys = (...kinds: string[]): string[] =>
        entries.flatMap(({ kind, key }) => (kinds.includes(kind) ? [key] : []));
      trees.set(id, { trees: keys('tree'), files: keys('file', 'executable') });
    }
  for (const [id, own] of trees) {
    if (!own.trees.every((key) => trees.has(key))) report(`directory ${id}`, 'a directory in it is missing');
    if (!own.files.every((key) => chunksOf.has(key))) report(`directory ${id}`, 'a file in it is missing');
  }
  onProgress?.('snapshots');
  for await (const page of cluster.scan('snapshots', ['root', 'chunks', 'count', 'indices'], call))
    for (const { id, source } of page) {
      counts.snapshots++;
      const root = String(source['root']);
      if (!trees.has(root)) {
        report(`snapshot ${id}`, 'its root directory is missing');
        continue;
      }
      const own = new BitSet(end);
      const open = [root];
      const seen = new Set(open);
      for (let key = open.pop(); key !== undefined; key = open.pop()) {
        if (slices.isOver) await slices.next();
        for (const file of trees.get(key)?.files ?? [])
          for (const n of chunksOf.get(file) ?? []) if (n < end) own.add(n);
        for (const below of trees.get(key)?.trees ?? [])
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
  const step = Math.max(1, Math.floor(oids.length / samples));
  const sampled = oids.filter((_, i) => i % step === 0).slice(0, samples);
  await inParallel(sampled, async ({ key, oid, numbers: own }) => {
    const texts = await textsOf(storage, own, call);
    const bytes = Buffer.concat(own.map((n) => texts.get(n) ?? Buffer.alloc(0)));
    const hash = createHash(oid.length === 40 ? 'sha1' : 'sha256')
      .update(`blob ${bytes.length}\0`)
      .update(bytes);
    if (hash.digest('hex') !== oid) report(`file ${key}`, 'its chunks are not the blob that it is called');
  });
  for (const [message, count] of found)
    if (count > namedMax) problems.push({ where: `${count - namedMax} more`, message });
  return { problems, counts, filesHashed: sampled.length };
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
