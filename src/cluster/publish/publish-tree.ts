import { CoppiceError, TimeSlices } from '../../base/index.js';
import { clusterIdMin } from '../../model/index.js';
import type { FileId, TreeId } from '../../model/index.js';
import { chunksInListMax } from '../../remote/index.js';
import type { ClusterStorage } from '../../remote/index.js';
import type { SegmentList, TreeNode } from '../../segment/index.js';
import { readFileRecord, readTreeNode } from '../../snapshot/index.js';
import type { RecordCaches } from '../../snapshot/index.js';
import { ChunkDocuments } from './chunk-documents.js';
import { claimLayout, chunkIndexOf, chunkIndices, decodeShapes, encodeFile, encodeTree, makeIndex } from '../layout.js';
import type { FarEntry } from '../layout.js';
import { NumberBlocks } from './numbers.js';
import type { Numbers } from './numbers.js';
import { decodeRoaring, encodeRoaring } from '../roaring.js';
import { StoreKeys } from './store-keys.js';

/** Bodies of bulk requests are about so long; two are under way at once, so that the cluster works while the next is made. */
const bulkCharsMax = 6 * 1024 * 1024;

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
  /** Throws when what was found there may be gone by now: nothing is written any more that refers to it. */
  readonly check?: (() => void) | undefined;
}

export interface PublishProgress {
  readonly chunks: number;
  readonly bytes: number;
}

/** So many files are asked for beside the directories that they are in, some of which may be there. */
const filesAskedMax = 500;

/** Made in this order. */
const treeIndices = ['files', 'trees', 'snapshots'];

interface Seen {
  readonly trees: ReadonlySet<TreeId>;
  readonly files: ReadonlySet<FileId>;
  readonly docs: ReadonlySet<number>;
}

/** A tree that the cluster lacks. */
interface MissingTree {
  readonly id: TreeId;
  readonly node: TreeNode;
}

/** What was met of a cluster, and has been cleaned up there since: it has to be looked at anew. */
export class NoLongerThere extends Error {}

/**
 * Publishes trees of a store: chunks first, then files, then directories from the leaves on, then the snapshot. So what a directory's document
 * says is there is there, whenever a publisher ends; the next one looks at what is missing and continues.
 */
export class TreePublisher {
  private readonly keys: StoreKeys;
  private readonly documents: ChunkDocuments;
  private readonly numbers: NumberBlocks;
  private readonly slices: TimeSlices;
  /** Numbers in the cluster, by the store's. */
  private readonly numberOf = new Map<number, number>();
  private readonly publishedTrees = new Set<number>();
  private readonly publishedFiles = new Set<number>();
  private readonly made = new Set<string>();
  /** What the root that was published last sees. */
  private base: (Seen & { readonly numbers: ReadonlySet<number> }) | null = null;
  readonly sent = { documents: 0, chunks: 0, bytes: 0 };

  constructor(
    private readonly storage: ClusterStorage,
    private readonly list: SegmentList,
    private readonly caches: RecordCaches,
    private readonly call: Call,
    private readonly onProgress: (sent: PublishProgress) => void = () => undefined,
    /** The list is of what the cluster has as well: numbers of its chunks there. */
    private readonly far: { numberOf(doc: number): number | undefined } | null = null,
  ) {
    this.keys = new StoreKeys(list);
    this.documents = new ChunkDocuments(list);
    this.numbers = new NumberBlocks(storage);
    this.slices = new TimeSlices(call.signal);
  }

  /** A root tree, by its key in hex. Searches find it when this returns. */
  async publish(root: TreeId, rootKey: string, about: Readonly<Record<string, unknown>>): Promise<void> {
    const { cluster } = this.storage;
    await this.prepare();
    const walked = await this.treesBelow(root);
    const wanted = this.filesIn(walked);
    // Where little is new, it costs less to ask for what may be there already than to wait for one answer after the other.
    const isSmall = wanted.length <= filesAskedMax;
    const snapshots = cluster.getMany('snapshots', [rootKey], [], this.call);
    if (!isSmall && (await snapshots).has(rootKey)) return;
    const [found, missing, files, numbers] = await Promise.all([
      snapshots,
      this.missingOf(walked),
      isSmall ? this.missingFiles(wanted) : null,
      this.numbers.read(this.call),
    ]);
    if (found.has(rootKey)) return;
    const fresh = files ?? (await this.missingFiles(this.filesIn(missing)));
    const refreshed = await this.publishChunks(fresh, numbers);
    await this.publishFiles(fresh);
    const [source] = await Promise.all([this.snapshotOf(root, about), this.publishTrees(missing)]);
    this.call.check?.();
    const document = { index: 'snapshots', id: rootKey, json: JSON.stringify(source) };
    await Promise.all([refreshed(), cluster.create([document], this.call)]);
    this.sent.documents++;
  }

  /** The indices of all but chunks, made once; the last of them is made when the others are. */
  async prepare(): Promise<void> {
    if (this.made.size === 0 && (await claimLayout(this.storage.cluster, this.call)))
      for (const name of treeIndices) this.made.add(name);
    for (const name of treeIndices) await this.makeOnce(name);
  }

  /** Directories that may have to be published, the root first: what is below a published one is published too. */
  private async treesBelow(root: TreeId): Promise<MissingTree[]> {
    const walked: MissingTree[] = [];
    const seen = new Set<TreeId>([root]);
    for (let open = [root], id = open.pop(); id !== undefined; id = open.pop()) {
      if (this.publishedTrees.has(id)) continue;
      if (this.slices.isOver) await this.slices.next();
      const node = readTreeNode(this.list, id, this.caches);
      walked.push({ id, node });
      if (this.isFar(id)) continue; // it is there, or all is to be begun anew
      for (const { tree } of node.entries)
        if (tree !== undefined && !seen.has(tree)) {
          seen.add(tree);
          open.push(tree);
        }
    }
    return walked;
  }

  /** Those that the cluster lacks. */
  private async missingOf(trees: readonly MissingTree[]): Promise<MissingTree[]> {
    const keys = trees.map(({ id }) => this.keys.keyOf('trees', id));
    const there = await this.storage.cluster.getMany('trees', keys, [], this.call);
    return trees.filter(({ id }, i) => {
      if (there.has(keys[i]!)) this.publishedTrees.add(id);
      else this.checkOwn(id);
      return !there.has(keys[i]!);
    });
  }

  private filesIn(trees: readonly MissingTree[]): FileId[] {
    const all = new Set<FileId>();
    for (const { id, node } of trees)
      if (!this.isFar(id))
        for (const { file } of node.entries)
          if (file !== undefined && !this.publishedFiles.has(file) && this.base?.files.has(file) !== true)
            all.add(file);
    return [...all];
  }

  private async missingFiles(ids: readonly FileId[]): Promise<FileId[]> {
    const keys = ids.map((id) => this.keys.keyOf('files', id));
    const there = await this.storage.cluster.getMany('files', keys, ['chunks'], this.call);
    return ids.filter((id, i) => {
      const found = there.get(keys[i]!);
      if (found !== undefined) this.learnFile(id, found);
      else this.checkOwn(id);
      return found === undefined;
    });
  }

  private learnFile(id: FileId, { chunks }: Readonly<Record<string, unknown>>): void {
    this.publishedFiles.add(id);
    const { docs } = readFileRecord(this.list, id, this.caches);
    for (const [i, { number }] of decodeShapes(String(chunks)).entries()) this.numberOf.set(docs[i]!, number);
  }

  /** Returned is how to wait until searches find them. */
  private async publishChunks(files: readonly FileId[], numbers: Numbers): Promise<() => Promise<void>> {
    const { cluster } = this.storage;
    const refresh = (end: number): (() => Promise<void>) => {
      const refreshing = cluster.refresh(chunkIndices(end), this.call);
      refreshing.catch(() => undefined); // told when it is waited for
      return () => refreshing;
    };
    const wanted = new Set<number>();
    for (const file of files)
      for (const doc of readFileRecord(this.list, file, this.caches).docs)
        if (this.numberIn(doc) === undefined) wanted.add(doc);
    if (wanted.size === 0) return () => Promise.resolve();
    const docs = [...wanted].sort((a, b) => a - b);
    const known = chunkIndices(numbers.next);
    // Whoever took numbers may have ended before it made their index.
    await Promise.all([this.learnNumbers(docs, known), this.makeOnce(known.at(-1)!)]);
    const fresh = docs.filter((doc) => !this.numberOf.has(doc));
    // A push that was killed has written what nobody finds yet.
    if (fresh.length === 0) return refresh(numbers.next);
    const first = await this.numbers.take(fresh.length, this.call, numbers);
    const given = new Map(fresh.map((doc, i) => [doc, first + i]));
    for (const name of chunkIndices(first + fresh.length)) if (!known.includes(name)) await this.makeOnce(name);
    const others: number[] = [];
    const underWay: Promise<void>[] = [];
    const send = async (batch: { doc: number; json: string }[]): Promise<void> => {
      const outcomes = await cluster.create(
        batch.map(({ doc, json }) => ({
          index: chunkIndexOf(given.get(doc)!),
          id: this.keys.keyOf('docs', doc),
          json,
        })),
        this.call,
      );
      for (const [i, { doc, json }] of batch.entries()) {
        if (outcomes[i] === 'exists') {
          others.push(doc);
          continue;
        }
        this.numberOf.set(doc, given.get(doc)!);
        this.sent.chunks++;
        this.sent.documents++;
        this.sent.bytes += json.length;
      }
      this.onProgress(this.sent);
    };
    let batch: { doc: number; json: string }[] = [];
    let chars = 0;
    const flush = async (): Promise<void> => {
      if (batch.length === 0) return;
      if (underWay.length >= 2) await underWay.shift();
      const sending = send(batch);
      sending.catch(() => undefined); // told when it is waited for
      underWay.push(sending);
      batch = [];
      chars = 0;
    };
    for await (const part of this.documents.of(fresh, (doc) => given.get(doc)!, this.call.signal))
      for (const document of part) {
        batch.push(document);
        chars += document.json.length;
        if (chars > bulkCharsMax) await flush();
      }
    await flush();
    await Promise.all(underWay);
    // Somebody else has published these meanwhile: under their numbers.
    const end = others.length > 0 ? await this.numbers.end(this.call) : first + fresh.length;
    if (others.length > 0) await this.learnNumbers(others, chunkIndices(end));
    return refresh(end);
  }

  private async learnNumbers(docs: readonly number[], indices: readonly string[]): Promise<void> {
    const keys = docs.map((doc) => this.keys.keyOf('docs', doc));
    for (const index of indices) {
      const there = await this.storage.cluster.getMany(index, keys, ['n'], this.call);
      for (const [i, doc] of docs.entries()) {
        const n = there.get(keys[i]!)?.['n'];
        if (typeof n === 'number') this.numberOf.set(doc, n);
      }
    }
  }

  private async publishFiles(files: readonly FileId[]): Promise<void> {
    const documents = files.map((id) => {
      const { oid, language, sizeBytes, skipped, generated, exactOnly, diagnostics, docs } = readFileRecord(
        this.list,
        id,
        this.caches,
      );
      const chunks = docs.map((doc) => this.documents.shapeOf(doc, this.numberIn(doc)!));
      const json = encodeFile({ oid, language, sizeBytes, skipped, generated, exactOnly, diagnostics, chunks });
      return { index: 'files', id: this.keys.keyOf('files', id), json };
    });
    const outcomes = await this.createAll(documents);
    // Another publisher's may name other chunks, where two gave one chunk two numbers at the turn of an index.
    const others = files.filter((_, i) => outcomes[i] === 'exists');
    const keys = others.map((id) => this.keys.keyOf('files', id));
    const there = await this.storage.cluster.getMany('files', keys, ['chunks'], this.call);
    for (const [i, id] of others.entries()) this.learnFile(id, there.get(keys[i]!)!);
    for (const id of files) this.publishedFiles.add(id);
  }

  private async publishTrees(trees: readonly MissingTree[]): Promise<void> {
    // Of one request some documents may be written and others not: what is below a tree is there before it is sent.
    for (const level of levelsOf(trees)) await this.publishLevel(level);
    for (const { id } of trees) this.publishedTrees.add(id);
  }

  private async publishLevel(trees: readonly MissingTree[]): Promise<void> {
    await this.createAll(
      trees.map(({ id, node }) => {
        const { oid, fileCount, chunkCount, submoduleCount } = node;
        const entries = node.entries.map(({ name, kind, file, tree, oid: own }): FarEntry => {
          if (file !== undefined) return { name, kind, key: this.keys.keyOf('files', file) };
          return { name, kind, key: tree !== undefined ? this.keys.keyOf('trees', tree) : own! };
        });
        const json = encodeTree({ oid, fileCount, chunkCount, submoduleCount, entries });
        return { index: 'trees', id: this.keys.keyOf('trees', id), json };
      }),
    );
  }

  /** In order, each request after the one before. */
  private async createAll(
    documents: readonly { readonly index: string; readonly id: string; readonly json: string }[],
  ): Promise<('written' | 'exists')[]> {
    const outcomes: ('written' | 'exists')[] = [];
    for (let from = 0; from < documents.length;) {
      let to = from;
      for (let chars = 0; to < documents.length && chars < bulkCharsMax; to++) chars += documents[to]!.json.length;
      const batch = documents.slice(from, to);
      this.call.check?.();
      const done = await this.storage.cluster.create(batch, this.call);
      this.sent.documents += done.filter((outcome) => outcome === 'written').length;
      for (const outcome of done) outcomes.push(outcome);
      from = to;
    }
    return outcomes;
  }

  private async snapshotOf(root: TreeId, about: Readonly<Record<string, unknown>>): Promise<unknown> {
    const seen = await this.seenBy(root);
    const { files, docs } = seen;
    const all = await this.numbersOf(seen);
    this.base = { ...seen, numbers: all };
    const numbers = Uint32Array.from(all).sort();
    const { url, address } = this.storage.cluster;
    const { filter, name } = address.dialect;
    if (filter === 'numbers' && numbers.length > chunksInListMax) {
      throw new CoppiceError('TOO_LARGE', `${url}: ${name} filters by ${chunksInListMax} chunks at most`, {
        hint: 'publish so large a tree to OpenSearch, which takes bitmaps',
      });
    }
    const totals = { body: 0, comment: 0, symbol: 0 };
    for (const doc of docs) {
      const { bodyLength, commentLength, symbolLength } = this.documents.shapeOf(doc, 0);
      totals.body += bodyLength;
      totals.comment += commentLength;
      totals.symbol += symbolLength;
    }
    return {
      ...about,
      root: this.keys.keyOf('trees', root),
      chunks: encodeRoaring(numbers).toString('base64'),
      ...(filter === 'numbers' ? { numbers: [...numbers], isListed: true } : {}),
      count: numbers.length,
      files: files.size,
      indices: [...new Set(Array.from(numbers, chunkIndexOf))],
      lengths: totals,
    };
  }

  /** What is published next is likely to be near this root, which is published under a key: numbers are asked for only of what differs. */
  async beginFrom(root: TreeId, key: string): Promise<void> {
    const found = await this.storage.cluster.getMany('snapshots', [key], ['chunks'], this.call);
    const chunks = found.get(key)?.['chunks'];
    if (typeof chunks !== 'string') return;
    const seen = await this.seenBy(root);
    const numbers = new Set(decodeRoaring(Buffer.from(chunks, 'base64')));
    if (numbers.size === seen.docs.size) this.base = { ...seen, numbers };
    for (const tree of seen.trees) this.publishedTrees.add(tree);
  }

  /** Files, and the chunks of those that are searched. */
  private async seenBy(root: TreeId): Promise<Seen> {
    const { files, trees } = await this.below(root);
    const docs = new Set<number>();
    for (const file of files) {
      const record = readFileRecord(this.list, file, this.caches);
      if (record.skipped === null) for (const doc of record.docs) docs.add(doc);
    }
    return { trees, files, docs };
  }

  /** Numbers in the cluster of all chunks that are seen: those of the root before, but for what differs. */
  private async numbersOf({ files, docs }: Seen): Promise<Set<number>> {
    const { base } = this;
    const gone = base === null ? [] : [...base.docs].filter((doc) => !docs.has(doc));
    const come = base === null ? docs : [...docs].filter((doc) => !base.docs.has(doc));
    const own = [...files].filter((id) => base?.files.has(id) !== true);
    const others = base === null ? [] : [...base.files].filter((id) => !files.has(id));
    const unknown = [...own, ...others].filter((id) => !this.publishedFiles.has(id) && !this.isFar(id));
    const keys = unknown.map((id) => this.keys.keyOf('files', id));
    const there = await this.storage.cluster.getMany('files', keys, ['chunks'], this.call);
    for (const [i, id] of unknown.entries()) this.learnFile(id, there.get(keys[i]!)!);
    const numbers = new Set(base?.numbers);
    for (const doc of gone) numbers.delete(this.numberIn(doc)!);
    for (const doc of come) numbers.add(this.numberIn(doc)!);
    return numbers;
  }

  private async below(root: TreeId): Promise<Pick<Seen, 'trees' | 'files'>> {
    const files = new Set<FileId>();
    const seen = new Set<TreeId>([root]);
    for (let open = [root], id = open.pop(); id !== undefined; id = open.pop()) {
      if (this.slices.isOver) await this.slices.next();
      for (const { file, tree } of readTreeNode(this.list, id, this.caches).entries) {
        if (file !== undefined) files.add(file);
        else if (tree !== undefined && !seen.has(tree)) {
          seen.add(tree);
          open.push(tree);
        }
      }
    }
    return { trees: seen, files };
  }

  private isFar(id: number): boolean {
    return this.far !== null && id >= clusterIdMin;
  }

  /** Of what the cluster lacks: what was met of it, and is gone, cannot be made again of what is known here. */
  private checkOwn(id: number): void {
    if (this.isFar(id)) throw new NoLongerThere();
  }

  private numberIn(doc: number): number | undefined {
    return this.numberOf.get(doc) ?? this.far?.numberOf(doc);
  }

  private async makeOnce(name: string): Promise<void> {
    if (this.made.has(name)) return;
    await makeIndex(this.storage.cluster, name, this.call);
    this.made.add(name);
  }
}

/** Trees by what lies between them and the leaves: first those without others of them below, then those that have such below, and so on. */
function levelsOf(trees: readonly MissingTree[]): MissingTree[][] {
  const nodes = new Map(trees.map((tree) => [tree.id, tree]));
  const heightOf = new Map<TreeId, number>();
  const levels: MissingTree[][] = [];
  for (const root of trees) {
    const open: { tree: MissingTree; isEntered: boolean }[] = [{ tree: root, isEntered: false }];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const { id, node } = top.tree;
      const below = node.entries.flatMap(({ tree }) => (tree !== undefined && nodes.has(tree) ? [tree] : []));
      if (!top.isEntered && !heightOf.has(id)) {
        top.isEntered = true;
        for (const tree of below) if (!heightOf.has(tree)) open.push({ tree: nodes.get(tree)!, isEntered: false });
        continue;
      }
      open.pop();
      if (heightOf.has(id)) continue;
      const height = below.reduce((most, tree) => Math.max(most, 1 + heightOf.get(tree)!), 0);
      heightOf.set(id, height);
      (levels[height] ??= []).push(top.tree);
    }
  }
  return levels;
}
