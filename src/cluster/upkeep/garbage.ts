import { BitSet, TimeSlices } from '../../base/index.js';
import type { ClusterStorage, SearchCluster } from '../../remote/index.js';
import { chunkIndices, decodeShapes, decodeTree } from '../layout.js';
import { KeyIndex } from '../publish/key-index.js';
import { NumberBlocks } from '../publish/numbers.js';

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
}

/** Documents of each kind. */
export interface DocumentCounts {
  readonly snapshots: number;
  readonly trees: number;
  readonly files: number;
  readonly chunks: number;
}

/** Between two looks at whether the turn is still held. */
const removedAtOnce = 5000;
/** So many directories are held at a time while what is reached is marked. */
const treesAtOnce = 10_000;

const kinds = ['snapshots', 'trees', 'files', 'chunks'] as const;

/** What some snapshots reach. */
interface Reached {
  readonly snapshots: ReadonlySet<string>;
  readonly trees: KeyIndex;
  readonly files: KeyIndex;
  readonly chunks: BitSet;
}

/** The keys of all snapshots there are, in hex. */
export async function snapshotKeys(cluster: SearchCluster, call: Call): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of cluster.scan('snapshots', [], call)) for (const { id } of page) keys.push(id);
  return keys;
}

/**
 * Removes what no kept snapshot reaches. For who holds the turn to collect. A directory goes before what is below it, then files, then chunks: whenever it
 * ends, what is there has all that it refers to.
 */
export async function collectDocuments(
  storage: ClusterStorage,
  kept: ReadonlySet<string>,
  { dryRun, check, ...call }: Call & { readonly dryRun: boolean; readonly check: () => void },
): Promise<{ readonly removed: DocumentCounts; readonly left: DocumentCounts }> {
  const { cluster } = storage;
  const slices = new TimeSlices(call.signal);
  const chunks = chunkIndices(await new NumberBlocks(storage).end(call));
  const reached = await reach(storage, kept, call);
  const removed = { snapshots: 0, trees: 0, files: 0, chunks: 0 };
  const left = { ...removed };
  const remove = async (kind: (typeof kinds)[number], index: string, ids: readonly string[]): Promise<void> => {
    removed[kind] += ids.length;
    if (dryRun || ids.length === 0) return;
    for (let from = 0; from < ids.length; from += removedAtOnce) {
      check();
      await cluster.remove(index, ids.slice(from, from + removedAtOnce), call);
    }
  };
  for (const kind of kinds)
    for (const index of kind === 'chunks' ? chunks : [kind]) {
      /** Directories that go, all of them, as they go from the top. */
      const below = new Map<string, readonly string[]>();
      for await (const page of cluster.scan(index, fieldsOf[kind], call)) {
        const dead: string[] = [];
        for (const { id, source } of page) {
          if (slices.isOver) await slices.next();
          if (kind === 'chunks' ? reached.chunks.has(Number(source['n'])) : reached[kind].has(id)) {
            left[kind]++;
            if (kind === 'files')
              for (const { number } of decodeShapes(String(source['chunks']))) reached.chunks.add(number);
          } else if (kind === 'trees') below.set(id, treesOf(cluster.url, source));
          else dead.push(id);
        }
        await remove(kind, index, dead);
      }
      for (const layer of layersOf(below)) await remove(kind, index, layer);
    }
  return { removed, left };
}

const fieldsOf = { snapshots: [], trees: ['oid', 'counts', 'entries'], files: ['chunks'], chunks: ['n'] } as const;

const treesOf = (url: string, source: Readonly<Record<string, unknown>>): string[] =>
  decodeTree(url, source).entries.flatMap(({ kind, key }) => (kind === 'tree' ? [key] : []));

async function reach(storage: ClusterStorage, kept: ReadonlySet<string>, call: Call): Promise<Reached> {
  const { cluster } = storage;
  const chunks = new BitSet(await new NumberBlocks(storage).end(call)); // those of the files, which are looked through first
  const trees = new KeyIndex();
  const files = new KeyIndex();
  let level: string[] = [];
  for await (const page of cluster.scan('snapshots', ['root'], call))
    for (const { id, source } of page) if (kept.has(id)) level.push(String(source['root']));
  while (level.length > 0) {
    const asked = level.filter((key) => {
      const known = trees.size;
      return trees.numberOf(key) === known;
    });
    level = [];
    for (let from = 0; from < asked.length; from += treesAtOnce) {
      const part = asked.slice(from, from + treesAtOnce);
      for (const source of (await cluster.getMany('trees', part, fieldsOf.trees, call)).values())
        for (const { kind, key } of decodeTree(cluster.url, source).entries) {
          if (kind === 'tree' && !trees.has(key)) level.push(key);
          else if (kind === 'file' || kind === 'executable') files.numberOf(key);
        }
    }
  }
  return { snapshots: kept, trees, files, chunks };
}

/** Directories, those first that no other of them has below it. */
function layersOf(below: ReadonlyMap<string, readonly string[]>): string[][] {
  const ids = [...below.keys()];
  const above = new Map(ids.map((id) => [id, 0]));
  for (const own of below.values()) for (const id of own) if (above.has(id)) above.set(id, above.get(id)! + 1);
  const layers: string[][] = [];
  for (let layer = ids.filter((id) => above.get(id) === 0); layer.length > 0;) {
    layers.push(layer);
    const next: string[] = [];
    for (const id of layer)
      for (const own of below.get(id)!) {
        const count = above.get(own);
        if (count === undefined) continue;
        above.set(own, count - 1);
        if (count === 1) next.push(own);
      }
    layer = next;
  }
  return layers;
}
