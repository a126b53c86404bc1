import { TimeSlices, elapsedMs } from '../../base/index.js';
import { clusterIdMin } from '../../model/index.js';
import type { DocId, FileId, TreeId } from '../../model/index.js';
import { remoteInvalid } from '../../remote/index.js';
import type { SearchCluster } from '../../remote/index.js';
import { ForeignSegments, SegmentList, SegmentWriter } from '../../segment/index.js';
import type { SegmentCaches } from '../../segment/index.js';
import type { FarSegments, SearchBackend } from '../../snapshot/index.js';
import { MemoryFiles } from '../../store/index.js';
import type { NextIds } from '../../store/index.js';
import type { GramPlan } from '../../pattern/index.js';
import { ClusterBackend, candidatesAmong } from './backend.js';
import type { FarRoot } from './backend.js';
import { FarContents } from './contents.js';
import { checkLayout } from '../layout.js';
import type { ChunkShape, FarFile, FarTree } from '../layout.js';
import { TreeReader, filesIn } from './tree-reader.js';

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
}

const firstIds: NextIds = {
  doc: clusterIdMin,
  file: clusterIdMin,
  tree: clusterIdMin,
  commit: clusterIdMin,
  segment: 0,
};
const limitsDefault = { segmentsMax: 1024, bytesMax: 512 * 1024 * 1024, quietMs: 10_000 };

/**
 * What a process has met of a cluster: files and directories as segments in memory, each with what was new when a snapshot was opened, under numbers of
 * the process's own. Chunks are known by what they are like; their contents are read when they are needed. Nothing here is the only copy of anything.
 */
export class FarStore implements FarSegments {
  private contents: FarContents;
  private next: NextIds;
  private readonly met: ForeignSegments;
  private readonly roots = new Map<string, TreeId>();
  private readonly rootOf = new Map<TreeId, FarRoot>();
  private readonly docs = new Map<number, DocId>();
  private readonly files = new Map<string, FileId>();
  private readonly trees = new Map<string, TreeId>();
  private queue: Promise<unknown> = Promise.resolve();
  private openedMs = 0;
  private isChecked = false;

  constructor(
    readonly cluster: SearchCluster,
    private readonly caches: SegmentCaches,
    limits = limitsDefault,
    first = firstIds,
  ) {
    this.next = first;
    this.met = new ForeignSegments(limits);
    this.contents = new FarContents(cluster, caches);
  }

  /** What is in memory of it. */
  get bytes(): number {
    return this.met.bytes;
  }

  has(tree: TreeId): boolean {
    return this.rootOf.has(tree);
  }

  segments(): SegmentList {
    return this.met.all();
  }

  backendOf(roots: readonly TreeId[]): SearchBackend {
    return new ClusterBackend(
      this.cluster,
      this.contents,
      roots.map((root) => this.rootOf.get(root)!),
    );
  }

  /** Number of a chunk in the cluster; undefined for one of elsewhere. */
  numberOf(doc: number): number | undefined {
    return this.contents.isFar(doc) ? this.contents.numberOf(doc) : undefined;
  }

  /** The root tree of a key, in hex, with all below it; null when no snapshot of it is published. */
  open(key: string, call: Call): Promise<TreeId | null> {
    const isFull = this.met.isFull(elapsedMs() - this.openedMs);
    this.openedMs = elapsedMs();
    const known = this.roots.get(key);
    if (known !== undefined && !isFull) return Promise.resolve(known);
    return this.inTurn(async () => {
      if (isFull && this.met.isFull(Infinity)) this.clear();
      return (await this.openAll([key], call))[0]!;
    });
  }

  /** The same of several, in as few requests as of one. Nothing is let go for them. */
  openMany(keys: readonly string[], call: Call): Promise<(TreeId | null)[]> {
    return this.inTurn(() => this.openAll(keys, call));
  }

  /** One after the other: each takes the numbers that follow those of the one before, and none loses what it has begun to build on. */
  private inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.queue.then(action);
    this.queue = done.catch(() => undefined);
    return done;
  }

  /** Numbers of the next segment. */
  get nextIds(): NextIds {
    return this.next;
  }

  /** Takes a segment with the next numbers, made of what is here. `next` are those that follow it. */
  take(list: SegmentList, next: NextIds): void {
    this.next = next;
    this.met.add(
      list,
      list.segments.reduce((bytes, { entry }) => bytes + entry.bytes, 0),
    );
  }

  /** Docs of all chunks that were met and whose grams satisfy a plan, ascending. */
  candidates(plan: GramPlan, call: Call): Promise<number[]> {
    return candidatesAmong(this.cluster, this.contents, plan, call);
  }

  /** Brings contents of chunks here. */
  bring(docs: readonly number[], call: Call): Promise<void> {
    return this.contents.bring(docs, 'chunks', call);
  }

  /** Begins anew: some of what was met is no longer there. */
  forget(): Promise<void> {
    return this.inTurn(() => {
      this.clear();
      return Promise.resolve();
    });
  }

  /** Lets go what can be read again; open snapshots stay as they are. */
  trim(): void {
    this.contents.trim();
  }

  close(): void {
    this.clear();
  }

  private async openAll(keys: readonly string[], call: Call): Promise<(TreeId | null)[]> {
    const missing = [...new Set(keys)].filter((key) => !this.roots.has(key));
    if (missing.length > 0) {
      const [found] = await Promise.all([
        this.cluster.getMany('snapshots', missing, ['root', 'indices', 'count', 'isListed'], call),
        this.check(call),
      ]);
      const { filter, name } = this.cluster.address.dialect;
      for (const snapshot of found.values())
        if (filter === 'numbers' && snapshot['isListed'] !== true)
          throw remoteInvalid(this.cluster.url, `published as a bitmap, by which ${name} does not filter`);
      const rootKeys = new Set(Array.from(found.values(), ({ root }) => String(root)));
      const reader = new TreeReader(this.cluster, call);
      const trees = await reader.treesBelow([...rootKeys], (key) => this.trees.has(key));
      const files = await reader.files(filesIn(trees, (key) => this.files.has(key)));
      await this.add([...rootKeys], trees, files);
      for (const [key, { root: rootKey, indices, count }] of found) {
        const root = this.trees.get(String(rootKey))!;
        this.roots.set(key, root);
        this.rootOf.set(root, { id: key, indices: indices as string[], count: Number(count) });
      }
    }
    return keys.map((key) => this.roots.get(key) ?? null);
  }

  private async check(call: Call): Promise<void> {
    this.isChecked ||= (await checkLayout(this.cluster, call)) !== null;
  }

  /** Makes a segment of what is new. */
  private async add(
    roots: readonly string[],
    trees: ReadonlyMap<string, FarTree>,
    files: ReadonlyMap<string, FarFile>,
  ): Promise<void> {
    if (trees.size > 0) {
      const slices = new TimeSlices(); // not to be ended half-way: numbers are given
      const memory = new MemoryFiles();
      const writer = new SegmentWriter(memory, this.next, Infinity, null);
      const numbers: number[] = [];
      const addChunk = (shape: ChunkShape): DocId => {
        let doc = this.docs.get(shape.number);
        if (doc !== undefined) return doc;
        doc = writer.addChunk({
          key: keyOfNumber(shape.number),
          content: nothing,
          language: shape.language,
          lineCount: shape.lineCount,
          symbols: nothing,
          analysis: { ...noPostings, ...shape },
          vector: null,
        });
        numbers.push(shape.number);
        this.docs.set(shape.number, doc);
        return doc;
      };
      for (const [key, { chunks, ...file }] of files) {
        if (slices.isOver) await slices.next();
        this.files.set(key, writer.addFile(Buffer.from(key, 'hex'), { ...file, docs: chunks.map(addChunk) }));
      }
      const addTree = (key: string): TreeId => {
        const own = this.trees.get(key);
        if (own !== undefined) return own;
        const { entries, ...tree } = trees.get(key)!;
        const node = entries.map(({ name, kind, key: to }) => {
          if (kind === 'tree') return { name, kind, tree: addTree(to) };
          if (kind === 'file' || kind === 'executable') return { name, kind, file: this.files.get(to)! };
          return { name, kind, oid: to as FarTree['oid'] };
        });
        const id = writer.addTree(Buffer.from(key, 'hex'), { ...tree, entries: node });
        this.trees.set(key, id);
        return id;
      };
      for (const root of roots) {
        if (slices.isOver) await slices.next();
        addTree(root);
      }
      const next = writer.next;
      const entry = await writer.finish();
      const far = this.contents.of(entry.docs[0], numbers);
      this.take(SegmentList.openFar(memory, entry, this.caches, far), next);
      this.met.bytes += 60 * numbers.length + 120 * (files.size + trees.size);
    }
  }

  private clear(): void {
    this.met.clear();
    for (const map of [this.roots, this.rootOf, this.docs, this.files, this.trees]) map.clear();
    // Numbers are never used twice: open snapshots still have theirs, and what was read of them.
    this.contents = new FarContents(this.cluster, this.caches);
  }
}

const nothing = new Uint8Array(0);
const noPostings = {
  grams: new Uint32Array(0),
  termHigh: new Uint32Array(0),
  termLow: new Uint32Array(0),
  frequencies: new Uint8Array(0),
};

/** Chunks are told apart by their numbers. */
function keyOfNumber(number: number): Buffer {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(Math.imul(number, 0x9e3779b1) >>> 0, 0);
  key.writeUInt32BE(number, 4);
  return key;
}
