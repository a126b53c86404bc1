import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { CoppiceError, decodeBytes, encodeBytes } from '../base/index.js';
import { asOid, entryKinds } from '../model/index.js';
import type { EntryKind, Oid } from '../model/index.js';
import type { FileRecord } from '../segment/index.js';
import { chunksInListMax } from '../remote/index.js';
import type { RemoteCallOptions as CallOptions, SearchCluster } from '../remote/index.js';

/**
 * What a cluster holds, in indices that begin with the prefix of its address:
 *
 *     PREFIX-objects         the heads, tables, commits and forks of repositories, and `numbers`: the next number of a chunk
 *     PREFIX-chunks-000000   chunks by content key, those with numbers below `chunksPerIndex`; -000001 the next; …
 *     PREFIX-files           files by their key: which chunks, and how long each is
 *     PREFIX-trees           directories by their key: what has a tree has all that is below it
 *     PREFIX-snapshots       root trees by their key: the visible set as a bitmap (`chunks`) and, for dialects that know none, as a list (`numbers`);
 *                            statistics
 *
 * Keys are the store's own (content hashes), so whatever is published twice, by whomever, is one document. History of the version:
 *   1: the first.
 *   2: whoever publishes takes a turn (`turns` in objects), so that nobody collects meanwhile: what the first lets pass is refused. The documents are the same.
 */
export const layoutVersion = 2;
const readableVersions: readonly unknown[] = [1, layoutVersion];

/** An index is followed by the next: about 4 million chunks are 10 to 20 GB. */
export const chunksPerIndex = 2 ** 22;

/** The index of a chunk's number. */
export const chunkIndexOf = (number: number): string => chunkIndex(Math.floor(number / chunksPerIndex));
const chunkIndex = (i: number): string => `chunks-${String(i).padStart(6, '0')}`;
/** All indices that have chunks with numbers below `end`. */
export const chunkIndices = (end: number): string[] =>
  Array.from({ length: Math.max(1, Math.ceil(end / chunksPerIndex)) }, (_, i) => chunkIndex(i));

/** Terms and grams are lists of words without frequencies or places: candidates come of them, scores are ours. */
const words = { type: 'text', analyzer: 'whitespace', index_options: 'docs', norms: false };
const nothingElse = { dynamic: false } as const;

const mappings = {
  chunks: {
    ...nothingElse,
    properties: {
      n: { type: 'integer' },
      language: { type: 'keyword' },
      symbols: { type: 'keyword', doc_values: false },
      terms: words,
      grams: words,
    },
  },
  files: { ...nothingElse, properties: { oid: { type: 'keyword', doc_values: false } } },
  trees: { ...nothingElse, properties: { oid: { type: 'keyword', doc_values: false } } },
  snapshots: {
    ...nothingElse,
    properties: {
      tree: { type: 'keyword' },
      chunks: { type: 'binary', store: true },
      numbers: { type: 'integer', index: false, doc_values: false },
      count: { type: 'integer' },
    },
  },
} as const;

export type IndexKind = keyof typeof mappings;

/** Makes an index where there is none. */
export async function makeIndex(cluster: SearchCluster, name: string, call: CallOptions): Promise<void> {
  const kind = name.replace(/-\d+$/, '') as IndexKind;
  const { shards, replicas } = cluster.address;
  await cluster.makeIndex(
    name,
    {
      settings: {
        // What refers to what came before it in one request has to be in the same shard.
        number_of_shards: kind === 'chunks' || kind === 'files' ? shards : 1,
        number_of_replicas: replicas,
        // Whoever publishes refreshes before it is made known.
        refresh_interval: kind === 'chunks' ? '30s' : '1s',
        ...(kind === 'chunks' ? { 'index.max_terms_count': chunksInListMax } : {}),
      },
      mappings: { ...mappings[kind], _meta: { coppice: layoutVersion } },
    },
    call,
  );
}

/** Refuses what another version published: REMOTE_VERSION. The version there; null when nothing is. */
export async function checkLayout(cluster: SearchCluster, call: CallOptions): Promise<number | null> {
  const path = `${cluster.index('snapshots')}/_mapping?filter_path=*.mappings._meta`;
  const { status, value } = await cluster.ask('GET', path, null, call);
  if (status === 404) return null;
  const [index] = Object.values(value as Record<string, { mappings?: { _meta?: { coppice?: unknown } } }>);
  const version = index?.mappings?._meta?.coppice;
  if (readableVersions.includes(version)) return version as number;
  throw new CoppiceError(
    'REMOTE_VERSION',
    `${cluster.url} has layout ${JSON.stringify(version) ?? 'none'}, and this Coppice reads layout ${layoutVersion}`,
    { hint: 'use the same version of Coppice everywhere, or publish under another prefix' },
  );
}

/** For who is about to publish: as `checkLayout`, and from now on older versions publish nothing there. Whether anything is. */
export async function claimLayout(cluster: SearchCluster, call: CallOptions): Promise<boolean> {
  const version = await checkLayout(cluster, call);
  if (version === null) return false;
  if (version < layoutVersion) {
    const body = JSON.stringify({ _meta: { coppice: layoutVersion } });
    await cluster.ask('PUT', `${cluster.index('snapshots')}/_mapping`, body, call);
  }
  return true;
}

/** A word of `grams`: three bytes in base64, which is four characters. */
export const gramWord = (gram: number): string =>
  Buffer.from([gram >>> 16, (gram >>> 8) & 255, gram & 255]).toString('base64');

export const gramWordLength = 4;

/** A term's key as eleven characters. */
export function termWord({ high, low }: { readonly high: number; readonly low: number }): string {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeUInt32BE(high, 0);
  bytes.writeUInt32BE(low, 4);
  return bytes.toString('base64').slice(0, termWordLength);
}
export const termWordLength = 11;

/**
 * The words of `terms` for a term and how often a chunk has it: one for each field that has it, of its key, the field and the frequency there. So a
 * query whose clauses are worth what each word says answers with the packed frequencies as its score, whatever the engine's own formula.
 */
export const frequencyWords: readonly { readonly suffix: string; readonly packed: number }[] = [
  ...Array.from({ length: 15 }, (_, i) => ({ suffix: `b${(i + 1).toString(16)}`, packed: i + 1 })),
  ...[1, 2, 3].map((count) => ({ suffix: `c${count}`, packed: count << 4 })),
  ...[1, 2, 3].map((count) => ({ suffix: `s${count}`, packed: count << 6 })),
];

/** The same for one packed frequency. */
export const suffixesOf: readonly (readonly string[])[] = Array.from({ length: 256 }, (_, packed) => {
  const [body, comment, symbol] = [packed & 15, (packed >>> 4) & 3, packed >>> 6];
  return [
    ...(body > 0 ? [`b${body.toString(16)}`] : []),
    ...(comment > 0 ? [`c${comment}`] : []),
    ...(symbol > 0 ? [`s${symbol}`] : []),
  ];
});

/** What a node has to know of a chunk to open a snapshot, without reading it. */
export interface ChunkShape {
  /** In the cluster. */
  readonly number: number;
  readonly language: number;
  readonly lineCount: number;
  readonly bodyLength: number;
  readonly commentLength: number;
  readonly symbolLength: number;
}

const shapeBytes = 16;

export function encodeShapes(shapes: readonly ChunkShape[]): string {
  const bytes = Buffer.alloc(shapes.length * shapeBytes);
  for (const [i, shape] of shapes.entries()) {
    const at = i * shapeBytes;
    bytes.writeUInt32LE(shape.number, at);
    bytes.writeUInt32LE(shape.lineCount, at + 4);
    bytes.writeUInt16LE(shape.bodyLength, at + 8);
    bytes.writeUInt16LE(shape.commentLength, at + 10);
    bytes[at + 12] = shape.symbolLength;
    bytes[at + 13] = shape.language;
  }
  return bytes.toString('base64');
}

export function decodeShapes(text: string): ChunkShape[] {
  const bytes = Buffer.from(text, 'base64');
  const shapes: ChunkShape[] = [];
  for (let at = 0; at + shapeBytes <= bytes.length; at += shapeBytes)
    shapes.push({
      number: bytes.readUInt32LE(at),
      lineCount: bytes.readUInt32LE(at + 4),
      bodyLength: bytes.readUInt16LE(at + 8),
      commentLength: bytes.readUInt16LE(at + 10),
      symbolLength: bytes[at + 12]!,
      language: bytes[at + 13]!,
    });
  return shapes;
}

/** A file as it is published: its record, and what its chunks are like. */
export type FarFile = Omit<FileRecord, 'docs'> & { readonly chunks: readonly ChunkShape[] };

export const encodeFile = ({ chunks, ...file }: FarFile): string =>
  JSON.stringify({
    oid: file.oid,
    language: file.language,
    size: file.sizeBytes,
    ...(file.skipped === null ? {} : { skipped: file.skipped }),
    ...(file.generated ? { generated: true } : {}),
    ...(file.exactOnly ? { exactOnly: true } : {}),
    ...(file.diagnostics.length === 0 ? {} : { diagnostics: file.diagnostics }),
    chunks: encodeShapes(chunks),
  });

export function decodeFile(url: string, source: Readonly<Record<string, unknown>>): FarFile {
  const { oid, language, size, skipped = null, generated, exactOnly, diagnostics = [], chunks } = source;
  if (typeof oid !== 'string' || typeof language !== 'number' || typeof size !== 'number' || typeof chunks !== 'string')
    throw notOurs(url, 'a file');
  return {
    oid: asOid(oid),
    language,
    sizeBytes: size,
    skipped: skipped as FarFile['skipped'],
    generated: generated === true,
    exactOnly: exactOnly === true,
    diagnostics: diagnostics as FarFile['diagnostics'],
    chunks: decodeShapes(chunks),
  };
}

/** An entry of a directory: a file or tree by its key, in hex; a link or submodule by its oid. */
export interface FarEntry {
  readonly name: string;
  readonly kind: EntryKind;
  readonly key: string;
}

export interface FarTree {
  readonly oid: Oid;
  readonly fileCount: number;
  readonly chunkCount: number;
  readonly submoduleCount: number;
  readonly entries: readonly FarEntry[];
}

/** Names may be any bytes; together they compress well. */
export function encodeTree({ oid, fileCount, chunkCount, submoduleCount, entries }: FarTree): string {
  const rows = entries.map(({ name, kind, key }) => [
    Buffer.from(encodeBytes(name)).toString('latin1'),
    entryKinds.indexOf(kind),
    key,
  ]);
  const packed = deflateRawSync(Buffer.from(JSON.stringify(rows), 'utf8')).toString('base64');
  return JSON.stringify({ oid, counts: [fileCount, chunkCount, submoduleCount], entries: packed });
}

export function decodeTree(url: string, source: Readonly<Record<string, unknown>>): FarTree {
  const { oid, counts, entries } = source;
  if (typeof oid !== 'string' || !Array.isArray(counts) || typeof entries !== 'string')
    throw notOurs(url, 'a directory');
  const [fileCount, chunkCount, submoduleCount] = counts as [number, number, number];
  let rows: [string, number, string][];
  try {
    rows = JSON.parse(inflateRawSync(Buffer.from(entries, 'base64')).toString('utf8')) as typeof rows;
  } catch {
    throw notOurs(url, 'a directory');
  }
  return {
    oid: asOid(oid),
    fileCount,
    chunkCount,
    submoduleCount,
    entries: rows.map(([name, kind, key]) => ({
      name: decodeBytes(Buffer.from(name, 'latin1')),
      kind: entryKinds[kind]!,
      key,
    })),
  };
}

export const notOurs = (url: string, what: string): CoppiceError =>
  new CoppiceError('REMOTE_INVALID', `${url}: ${what} there is not as Coppice writes it`, {
    hint: 'another version may have published it: publish anew under another prefix',
  });
