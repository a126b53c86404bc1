import { inParallel, remoteInvalid } from '../../remote/index.js';
import type { SearchCluster } from '../../remote/index.js';
import type { NewChunk } from '../../segment/index.js';
import { filterOfNumbers } from './filters.js';
import { chunkIndexOf, decodeFile, decodeTree, suffixesOf, termWordLength } from '../layout.js';
import type { ChunkShape, FarFile, FarTree } from '../layout.js';

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
}

const chunksAtOnce = 256;
const keysAtOnce = 4096;

/** A chunk's document as a store takes it. */
export type TakenChunk = NewChunk & { readonly number: number };

interface ChunkHit {
  readonly _id: string;
  readonly _source: {
    readonly n: number;
    readonly text?: string;
    readonly bytes?: string;
    readonly record?: string;
    readonly terms?: string;
    readonly grams?: string;
    readonly vectors?: Readonly<Record<string, string>>;
  };
}

/** Reads whole documents of a cluster, for who takes them into a store or a segment in memory. What is missing of what others refer to is REMOTE_INVALID. */
export class TreeReader {
  /** Characters of chunks that were read. */
  chars = 0;

  constructor(
    private readonly cluster: SearchCluster,
    private readonly call: Call,
  ) {}

  /** Root directories of snapshots, by the snapshots' keys; those alone that are published. */
  async roots(keys: readonly string[]): Promise<Map<string, string>> {
    const found = await this.cluster.getMany('snapshots', keys, ['root'], this.call);
    return new Map(Array.from(found, ([key, { root }]) => [key, String(root)]));
  }

  /** Directories from some down, as far as they are not known, by their keys. */
  async treesBelow(roots: readonly string[], isKnown: (key: string) => boolean): Promise<Map<string, FarTree>> {
    const trees = new Map<string, FarTree>();
    for (let level = roots.filter((root) => !isKnown(root)); level.length > 0;) {
      const found = await this.all('trees', level, 'a directory', (source) => decodeTree(this.cluster.url, source));
      const below = new Set<string>();
      for (const [key, tree] of found) {
        trees.set(key, tree);
        for (const { kind, key: own } of tree.entries)
          if (kind === 'tree' && !trees.has(own) && !isKnown(own)) below.add(own);
      }
      level = [...below].filter((key) => !trees.has(key));
    }
    return trees;
  }

  files(keys: readonly string[]): Promise<Map<string, FarFile>> {
    return this.all('files', keys, 'a file', (source) => decodeFile(this.cluster.url, source));
  }

  private async all<T>(
    index: string,
    keys: readonly string[],
    what: string,
    decode: (source: Readonly<Record<string, unknown>>) => T,
  ): Promise<Map<string, T>> {
    const found = await this.cluster.getMany(index, keys, ['*'], this.call);
    return new Map(
      keys.map((key) => {
        const source = found.get(key);
        if (source === undefined) throw remoteInvalid(this.cluster.url, `${what} is missing of what is published`);
        return [key, decode(source)];
      }),
    );
  }

  /** Keys of chunks, in hex, by their numbers. */
  async keysOf(numbers: readonly number[]): Promise<Map<number, string>> {
    const keys = new Map<number, string>();
    await this.read(numbers, ['n'], keysAtOnce, ({ _id: id, _source: { n } }) => keys.set(n, id));
    return keys;
  }

  /** Chunks by their numbers, a few hundred at a time. */
  async chunks(
    shapes: ReadonlyMap<number, ChunkShape>,
    spaceId: string | null,
    onChunk: (chunk: TakenChunk) => void,
  ): Promise<void> {
    const fields = [
      'n',
      'text',
      'bytes',
      'record',
      'terms',
      'grams',
      ...(spaceId === null ? [] : [`vectors.${spaceId}`]),
    ];
    await this.read([...shapes.keys()], fields, chunksAtOnce, ({ _id: id, _source: source }) => {
      const { n, text, bytes, record = '', terms = '', grams = '', vectors } = source;
      const { language, lineCount, bodyLength, commentLength, symbolLength } = shapes.get(n)!;
      this.chars += (text ?? bytes ?? '').length + record.length + terms.length + grams.length;
      const row = spaceId === null ? undefined : vectors?.[spaceId];
      onChunk({
        number: n,
        key: Buffer.from(id, 'hex'),
        content: text !== undefined ? Buffer.from(text, 'utf8') : Buffer.from(bytes ?? '', 'base64'),
        language,
        lineCount,
        symbols: Buffer.from(record, 'base64'),
        analysis: { grams: gramsOf(grams), ...termsOf(terms), bodyLength, commentLength, symbolLength },
        vector: row === undefined ? null : new Int8Array(Buffer.from(row, 'base64')),
      });
    });
  }

  private async read(
    numbers: readonly number[],
    fields: readonly string[],
    atOnce: number,
    onHit: (hit: ChunkHit) => void,
  ): Promise<void> {
    const sorted = [...new Set(numbers)].sort((a, b) => a - b);
    const batches: number[][] = [];
    for (let from = 0; from < sorted.length; from += atOnce) batches.push(sorted.slice(from, from + atOnce));
    await inParallel(batches, async (batch) => {
      const body = {
        size: batch.length,
        track_total_hits: false,
        _source: fields,
        query: { constant_score: { filter: filterOfNumbers(this.cluster, Uint32Array.from(batch)) } },
      };
      const indices = [...new Set(batch.map(chunkIndexOf))];
      type Found = { hits?: { hits?: ChunkHit[] } };
      const found = await this.cluster.search<Found>(indices, body, 'hits.hits._id,hits.hits._source', this.call);
      const hits = found.hits?.hits ?? [];
      if (hits.length !== batch.length) {
        const lacking = batch.length - hits.length;
        throw remoteInvalid(this.cluster.url, `${lacking} of ${batch.length} chunks are missing of what is published`);
      }
      for (const hit of hits) onHit(hit);
    });
  }
}

/** Keys of the files in some directories that are not known. */
export function filesIn(trees: ReadonlyMap<string, FarTree>, isKnown: (key: string) => boolean): string[] {
  const files = new Set<string>();
  for (const { entries } of trees.values())
    for (const { kind, key } of entries)
      if ((kind === 'file' || kind === 'executable') && !files.has(key) && !isKnown(key)) files.add(key);
  return [...files];
}

function gramsOf(words: string): Uint32Array {
  // Words of four characters and a space; each is three bytes.
  const bytes = Buffer.from(words.replaceAll(' ', ''), 'base64');
  const grams = new Uint32Array(Math.floor(bytes.length / 3));
  for (let i = 0; i < grams.length; i++)
    grams[i] = (bytes[3 * i]! << 16) | (bytes[3 * i + 1]! << 8) | bytes[3 * i + 2]!;
  return grams;
}

/** By suffix, what it says of a packed frequency. */
const packedOf = new Map<string, number>();
for (const [packed, suffixes] of suffixesOf.entries()) if (suffixes.length === 1) packedOf.set(suffixes[0]!, packed);

function termsOf(words: string): Pick<NewChunk['analysis'], 'termHigh' | 'termLow' | 'frequencies'> {
  const packed = new Map<string, number>();
  for (const word of words === '' ? [] : words.split(' ')) {
    const key = word.slice(0, termWordLength);
    packed.set(key, (packed.get(key) ?? 0) | (packedOf.get(word.slice(termWordLength)) ?? 0));
  }
  const termHigh = new Uint32Array(packed.size);
  const termLow = new Uint32Array(packed.size);
  const frequencies = new Uint8Array(packed.size);
  let at = 0;
  for (const [key, value] of packed) {
    const bytes = Buffer.from(key, 'base64');
    termHigh[at] = bytes.readUInt32BE(0);
    termLow[at] = bytes.readUInt32BE(4);
    frequencies[at++] = value;
  }
  return { termHigh, termLow, frequencies };
}
