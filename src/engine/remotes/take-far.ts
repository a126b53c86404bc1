import { createHash } from 'node:crypto';

import { LruCache, TimeSlices } from '../../base/index.js';
import { TreeReader, filesIn } from '../../cluster/index.js';
import { bundledSpace } from '../../embedding/index.js';
import { hashTree } from '../../git/index.js';
import { SegmentSink } from '../../indexing/index.js';
import { asOid } from '../../model/index.js';
import type { DocId, FileId, Oid, TreeEntry, TreeId } from '../../model/index.js';
import { isChunkOf } from '../../pack/index.js';
import { remoteInvalid } from '../../remote/index.js';
import type { ClusterStorage, Publications } from '../../remote/index.js';
import { vectorSpaceId } from '../../segment/index.js';
import type { TreeNodeEntry } from '../../segment/index.js';
import { rootKey } from '../../snapshot/index.js';
import { continueHistory } from '../indexing/history.js';
import type { Session } from '../session/session.js';
import { publishing } from '../trees/index-trees.js';
import type { CallOptions } from '../types.js';
import type { PublishedRepository } from './published-repository.js';

/** Files whose chunks are read together. */
const filesAtOnce = 200;
/** Texts of this pull that are at hand to be hashed with the next file; others are read once more. */
const textBytesMax = 128 * 1024 * 1024;

export interface TakenDocuments {
  /** None: they are documents. */
  readonly packs: 0;
  readonly chunks: number;
  readonly bytes: number;
}

type FarFiles = Awaited<ReturnType<TreeReader['files']>>;
type FarTrees = Awaited<ReturnType<TreeReader['treesBelow']>>;

/**
 * Takes what the store lacks of published commits out of a cluster: chunks with their words and vectors, files, directories. Texts are checked against their
 * keys, files and directories against git's names, as what comes in packs is.
 */
export async function takeFar(
  session: Session,
  remote: Publications,
  published: PublishedRepository,
  commits: readonly Oid[],
  call: CallOptions & { readonly patienceMs?: number },
): Promise<TakenDocuments> {
  await session.repositoryId(); // the store has to know whose this is, or it would be garbage
  const told = await session.shared.asWriter(call, async () => {
    const sink = new SegmentSink(session.snapshots);
    const taker = new TreeTaker(session, remote, sink, call);
    return publishing(sink, async () => {
      for (const commit of commits) {
        const row = published.commits.get(commit);
        if (row !== undefined) await taker.take(asOid(row.tree));
      }
      return { packs: 0 as const, chunks: sink.newChunks, bytes: taker.bytes };
    });
  });
  for (const commit of commits) {
    const row = published.commits.get(commit);
    const root = row === undefined ? null : session.snapshots.findRoot(rootKey(asOid(row.tree), session.fingerprint));
    if (root !== null) await continueHistory(session, commit, root, call);
  }
  return told;
}

class TreeTaker {
  private readonly reader: TreeReader;
  private readonly slices: TimeSlices;
  /** Docs of the store by numbers of the cluster. */
  private readonly docOf = new Map<number, DocId>();
  private readonly texts = new LruCache<number, Uint8Array>(textBytesMax);

  constructor(
    private readonly session: Session,
    private readonly remote: Publications,
    private readonly sink: SegmentSink,
    private readonly call: CallOptions & { readonly patienceMs?: number },
  ) {
    const { signal, patienceMs } = call;
    this.reader = new TreeReader((remote.storage as ClusterStorage).cluster, { signal, patienceMs });
    this.slices = new TimeSlices(signal);
  }

  /** Read of the cluster. */
  get bytes(): number {
    return this.reader.chars;
  }

  /** A commit's tree. */
  async take(oid: Oid): Promise<void> {
    const key = rootKey(oid, this.session.fingerprint).toString('hex');
    if (this.hasTree(key)) return;
    const root = (await this.reader.roots([key])).get(key);
    if (root === undefined) throw this.invalid('what a published commit sees is not there');
    const trees = await this.reader.treesBelow([root], (below) => this.hasTree(below));
    if (root !== key || trees.get(root)?.oid !== oid) throw this.invalid(`what it calls tree ${oid} is not that tree`);
    await this.takeFiles(trees);
    await this.takeTrees(root, trees);
  }

  private hasTree(key: string): boolean {
    return this.sink.findTree(Buffer.from(key, 'hex')) !== null;
  }

  private async takeFiles(trees: FarTrees): Promise<void> {
    const keys = filesIn(trees, (key) => this.sink.findFile(Buffer.from(key, 'hex')) !== null);
    await this.sink.expectFiles(keys.length);
    for (let from = 0; from < keys.length; from += filesAtOnce) {
      const files = await this.reader.files(keys.slice(from, from + filesAtOnce));
      await this.takeChunks(files);
      for (const [key, { chunks, ...file }] of files) {
        if (this.slices.isOver) await this.slices.next();
        await this.checkFile(file.oid, file.sizeBytes, file.skipped !== null, chunks);
        const docs = chunks.map(({ number }) => this.docOf.get(number)!);
        this.sink.addFile(Buffer.from(key, 'hex'), { ...file, docs });
      }
      if (this.sink.isFull) await this.sink.publish();
      const done = Math.min(keys.length, from + filesAtOnce);
      const what = `${this.remote.url}: files`;
      this.call.onProgress?.({ phase: 'pull', done, total: keys.length, unit: 'files', bytes: this.bytes, what });
    }
  }

  private async takeChunks(files: FarFiles): Promise<void> {
    const shapes = new Map(
      Array.from(files.values(), ({ chunks }) => chunks)
        .flat()
        .filter(({ number }) => !this.docOf.has(number))
        .map((shape) => [shape.number, shape]),
    );
    for (const [number, key] of await this.reader.keysOf([...shapes.keys()])) {
      const doc = this.sink.findChunk(Buffer.from(key, 'hex'));
      if (doc === null) continue;
      this.docOf.set(number, doc);
      shapes.delete(number);
    }
    const space = bundledSpace();
    await this.reader.chunks(shapes, space === null ? null : vectorSpaceId(space), (chunk) => {
      const { number, key, language, symbols, content, vector } = chunk;
      if (!isChunkOf(Buffer.from(key), language, Buffer.from(symbols), Buffer.from(content)))
        throw this.invalid(`chunk ${number} is not what its key says`);
      const fits = vector === null || vector.length === this.sink.dimension;
      this.docOf.set(number, this.sink.addChunk(fits ? chunk : { ...chunk, vector: null }));
      this.texts.set(number, content, content.length);
    });
  }

  private async checkFile(
    oid: Oid,
    sizeBytes: number,
    isSkipped: boolean,
    chunks: readonly { readonly number: number }[],
  ): Promise<void> {
    if (isSkipped && chunks.length === 0) return; // it has no lines
    const hash = createHash(oid.length === 40 ? 'sha1' : 'sha256').update(`blob ${sizeBytes}\0`);
    let size = 0;
    for (const { number } of chunks) {
      const text = this.texts.get(number) ?? (await this.textOf(number));
      size += text.length;
      hash.update(text);
    }
    if (size !== sizeBytes || hash.digest('hex') !== oid) throw this.invalid(`what it calls blob ${oid} is not that`);
  }

  /** Of a chunk that was here before, or was taken a while ago. */
  private async textOf(number: number): Promise<Uint8Array> {
    const doc = this.docOf.get(number)!;
    const list = this.session.snapshots.segments();
    if (doc >= list.docEnd) await this.sink.publish();
    return this.session.snapshots.segments().chunkBytes(doc);
  }

  private async takeTrees(root: string, trees: FarTrees): Promise<void> {
    const oidOf = new Map<TreeId, Oid>();
    const add = async (key: string): Promise<TreeId> => {
      const known = this.sink.findTree(Buffer.from(key, 'hex'));
      if (known !== null) return known;
      if (this.slices.isOver) await this.slices.next();
      const { oid, entries } = trees.get(key)!;
      const own: TreeNodeEntry[] = [];
      const named: TreeEntry[] = [];
      for (const { name, kind, key: to } of entries) {
        if (kind === 'tree') {
          const tree = await add(to);
          own.push({ name, kind, tree });
          named.push({ name, kind, oid: oidOf.get(tree) ?? this.sink.treeNode(tree).oid });
        } else if (kind === 'file' || kind === 'executable') {
          const file: FileId = this.sink.findFile(Buffer.from(to, 'hex'))!;
          own.push({ name, kind, file });
          named.push({ name, kind, oid: this.sink.fileRecord(file).oid });
        } else {
          own.push({ name, kind, oid: asOid(to) });
          named.push({ name, kind, oid: asOid(to) });
        }
      }
      await this.checkTree(oid, named);
      const id = this.sink.addTree(Buffer.from(key, 'hex'), oid, own);
      oidOf.set(id, oid);
      return id;
    };
    await add(root);
  }

  private async checkTree(oid: Oid, named: readonly TreeEntry[]): Promise<void> {
    if (hashTree([...named], oid.length === 40 ? 'sha1' : 'sha256') === oid) return;
    // Old repositories have modes that are not told apart here: git has the tree, or nobody can tell.
    const there = await this.session.repository.readTree(oid).catch(() => null);
    const isSame =
      there?.length === named.length &&
      there.every(({ name, kind, oid: own }, i) => {
        const other = named[i]!;
        return name === other.name && kind === other.kind && own === other.oid;
      });
    if (!isSame) throw this.invalid(`what it calls tree ${oid} is not that tree`);
  }

  private invalid(what: string): Error {
    return remoteInvalid(this.remote.url, what);
  }
}
