import { CoppiceError, contentHash, throwIfAborted } from '../base/index.js';
import { dependsOnNeighbours, neighbourhoodOf } from '../chunking/index.js';
import type { Neighbourhood } from '../chunking/index.js';
import { isTooDeep, treeDepthMax } from '../model/index.js';
import type { Oid, TreeEntry, TreeId } from '../model/index.js';
import { compileIgnoreRules } from '../pattern/index.js';
import { fileKey, ignoredFileKey, rootKey, treeKey } from '../snapshot/index.js';
import type { KeyContext } from '../snapshot/index.js';
import type { AnalysisPool } from './analysis/analysis-pool.js';
import { nameClass } from './analysis/file-analysis.js';
import type { FileIndexer } from './file-indexer.js';
import type { MissingNotes } from './missing-notes.js';
import type { ObjectSource } from './object-source.js';
import type { PendingFile, PlannedEntry, PlannedTree } from './planned.js';
import type { SegmentSink } from './segment-sink.js';

/** The file at a root that lists, in gitignore syntax, what is not indexed. */
export const ignoreFileName = '.coppiceignore';

export interface TreePlannerOptions {
  readonly sink: SegmentSink;
  readonly files: FileIndexer;
  readonly fingerprint: string;
  readonly signal?: AbortSignal | undefined;
  readonly missing: MissingNotes;
  /** Told how many files it will get. */
  readonly pool: Pick<AnalysisPool, 'expect'>;
}

/** A stored tree, by its oid, that the planned one is likely to have most of its entries in common with. */
interface BaseTree {
  readonly oid: Oid;
  readonly id: TreeId;
}

/** A tree's surroundings: what its key depends on besides its oid. */
interface Surroundings {
  readonly context: KeyContext;
  readonly matcher: ((path: string) => boolean) | null;
  readonly source: ObjectSource;
}

/**
 * Finds what of a tree is not stored. A directory or blob that the store has, from whichever commit, is not looked
 * into; an entry that the same directory had when it was last planned is not even looked up: a commit's tree is nearly
 * that of its parent.
 */
export class TreePlanner {
  private pending = new Map<string, PendingFile>();
  private planned = new Map<string, PlannedTree>();
  /** Entries of each directory, by path, as it was last planned. */
  private readonly lastVersions = new Map<string, readonly PlannedEntry[]>();
  private newFiles: PendingFile[] = [];
  private newTrees: PlannedTree[] = [];
  /** Entries of the trees planned since `take`. */
  entryCount = 0;

  constructor(private readonly options: TreePlannerOptions) {}

  get fileCount(): number {
    return this.newFiles.length;
  }

  /** Files and trees that have to be stored, since it was last asked. */
  take(): { files: PendingFile[]; trees: PlannedTree[] } {
    const taken = { files: this.newFiles, trees: this.newTrees };
    this.newFiles = [];
    this.newTrees = [];
    this.entryCount = 0;
    return taken;
  }

  /** Forgets what is stored by now under its own key, where it is found again. */
  forgetStored(): void {
    this.pending = new Map([...this.pending].filter(([, { id, provisional }]) => id === null || provisional));
    this.planned = new Map([...this.planned].filter(([, { id }]) => id === null));
  }

  /** `baseOids`: root trees of which the first that is stored serves as base. */
  async planRoot(oid: Oid, source: ObjectSource, baseOids: readonly Oid[] = []): Promise<TreeId | PlannedTree> {
    const { fingerprint, signal } = this.options;
    const key = rootKey(oid, fingerprint);
    const known = this.knownTree(key);
    if (known !== null) return known;
    throwIfAborted(signal);
    const entries = await source.readTree(oid);
    const ignoreEntry = entries.find(isIgnoreFile);
    const matcher = ignoreEntry === undefined ? null : await readIgnore(ignoreEntry.oid, source);
    const context: KeyContext = { rules: fingerprint, ignore: matcher === null ? null : ignoreEntry!.oid };
    return this.plan(
      key,
      oid,
      entries,
      '',
      { context, matcher, source },
      await this.baseRoot(baseOids, context, source),
    );
  }

  /** Null as well where a base has another `.coppiceignore`: its directories then have other keys. */
  private async baseRoot(oids: readonly Oid[], { ignore }: KeyContext, source: ObjectSource): Promise<BaseTree | null> {
    const { sink, fingerprint } = this.options;
    for (const oid of oids) {
      const id = sink.findTree(rootKey(oid, fingerprint));
      if (id === null) continue;
      const entries = await entriesOf(oid, source);
      const own = entries?.find(isIgnoreFile)?.oid ?? null;
      return entries === null || own !== ignore ? null : { oid, id };
    }
    return null;
  }

  private knownTree(key: Buffer): TreeId | PlannedTree | null {
    return this.options.sink.findTree(key) ?? this.planned.get(key.toString('latin1')) ?? null;
  }

  private async planSubtree(
    oid: Oid,
    path: string,
    around: Surroundings,
    base: BaseTree | null,
  ): Promise<TreeId | PlannedTree> {
    const { signal, missing } = this.options;
    const key = treeKey(oid, path, around.context);
    const known = this.knownTree(key);
    if (known !== null) return known;
    throwIfAborted(signal);
    if (isTooDeep(path)) {
      throw new CoppiceError(
        'TREE_TOO_DEEP',
        `folders are nested more than ${treeDepthMax} deep: ${path.slice(0, 40)}…`,
      );
    }
    let entries: readonly TreeEntry[];
    try {
      entries = await around.source.readTree(oid);
    } catch (error) {
      if (!(error instanceof CoppiceError) || error.code !== 'OBJECT_MISSING') throw error;
      missing.add(`the tree of ${path} (${oid})`, 'its files are left out');
      const tree = await this.plan(contentHash(`missing tree\0${oid}`), oid, [], path, around, null);
      tree.incomplete = true;
      return tree;
    }
    return this.plan(key, oid, entries, path, around, base);
  }

  private async plan(
    key: Buffer,
    oid: Oid,
    entries: readonly TreeEntry[],
    path: string,
    around: Surroundings,
    base: BaseTree | null,
  ): Promise<PlannedTree> {
    const versionKey = `${around.context.ignore ?? ''}\0${path}`;
    const last = this.lastVersions.get(versionKey) ?? (await this.baseEntries(base, around.source));
    const before = new EntryFinder(last);
    const neighbourhood = neighbourhoodOf(entries);
    // What a header is may change with the files beside it.
    const sameNeighbourhood = neighbourhood === neighbourhoodOf(last);
    const plannedEntries = new Array<PlannedEntry>(entries.length);
    const waiting: Promise<void>[] = [];
    entries.forEach((entry, i) => {
      const same = before.find(entry.name);
      const plan =
        same !== undefined &&
        same.oid === entry.oid &&
        same.kind === entry.kind &&
        (sameNeighbourhood || !dependsOnNeighbours(entry.name))
          ? same
          : this.planEntry(entry, path === '' ? entry.name : `${path}/${entry.name}`, around, neighbourhood, same);
      if (plan instanceof Promise) waiting.push(plan.then((planned) => void (plannedEntries[i] = planned)));
      else plannedEntries[i] = plan;
    });
    await Promise.all(waiting);
    this.lastVersions.set(versionKey, plannedEntries);
    // Another directory with the same content may have been planned while we waited.
    const twin = this.planned.get(key.toString('latin1'));
    if (twin !== undefined) return twin;
    const tree: PlannedTree = {
      key,
      oid,
      path,
      entries: plannedEntries,
      id: null,
      incomplete: false,
      provisional: false,
    };
    this.planned.set(key.toString('latin1'), tree);
    this.newTrees.push(tree);
    this.entryCount += plannedEntries.length;
    return tree;
  }

  /** The entries of a base as if they had been planned: comparing them costs less than looking each up. */
  private async baseEntries(base: BaseTree | null, source: ObjectSource): Promise<PlannedEntry[]> {
    if (base === null) return [];
    const entries = await entriesOf(base.oid, source);
    const stored = this.options.sink.treeNode(base.id).entries;
    if (entries?.length !== stored.length) return [];
    const planned = entries.flatMap(({ name, kind, oid }, i): PlannedEntry[] => {
      const { name: storedName, file, tree } = stored[i]!;
      if (storedName !== name) return [];
      if (kind === 'tree') return tree === undefined ? [] : [{ kind, name, oid, tree }];
      if (kind === 'file' || kind === 'executable') return file === undefined ? [] : [{ kind, name, oid, file }];
      return [{ kind, name, oid }];
    });
    // All or nothing: what an entry was planned as may depend on the names beside it.
    return planned.length === entries.length ? planned : [];
  }

  private planEntry(
    entry: TreeEntry,
    path: string,
    around: Surroundings,
    neighbourhood: Neighbourhood,
    before: PlannedEntry | undefined,
  ): PlannedEntry | Promise<PlannedEntry> {
    const { name, oid, kind } = entry;
    switch (kind) {
      case 'tree': {
        const base =
          before?.kind === 'tree' && typeof before.tree === 'number' ? { oid: before.oid, id: before.tree } : null;
        return this.planSubtree(oid, path, around, base).then((tree) => ({ kind, name, oid, tree }));
      }
      case 'file':
      case 'executable':
        if (around.matcher === null || !around.matcher(path))
          return { kind, name, oid, file: this.planFile(oid, path, neighbourhood) };
        return this.options.files
          .storeIgnored(ignoredFileKey(oid), oid, around.source)
          .then((file) => ({ kind, name, oid, file }));
      default:
        return { kind, name, oid };
    }
  }

  private planFile(oid: Oid, path: string, neighbourhood: Neighbourhood): PendingFile | NonNullable<PendingFile['id']> {
    const { language, byName } = nameClass(path, neighbourhood);
    const key = fileKey(oid, language, byName, this.options.fingerprint);
    const mapKey = key.toString('latin1');
    const known = this.options.sink.findFile(key) ?? this.pending.get(mapKey);
    if (known !== undefined && known !== null) return known;
    const file: PendingFile = { key, oid, path, language, byName, id: null, missing: false, provisional: false };
    this.pending.set(mapKey, file);
    this.newFiles.push(file);
    this.options.pool.expect(this.newFiles.length);
    return file;
  }
}

async function entriesOf(oid: Oid, source: ObjectSource): Promise<readonly TreeEntry[] | null> {
  try {
    return await source.readTree(oid);
  } catch (error) {
    if (error instanceof CoppiceError && error.code === 'OBJECT_MISSING') return null;
    throw error;
  }
}

/** Finds entries by name that are asked for in nearly the order in which they are. */
class EntryFinder {
  private next = 0;
  private byName: Map<string, PlannedEntry> | null = null;

  constructor(private readonly entries: readonly PlannedEntry[]) {}

  find(name: string): PlannedEntry | undefined {
    const { entries, next } = this;
    const expected = entries[next];
    if (expected === undefined || expected.name === name) {
      this.next++;
      return expected;
    }
    this.byName ??= new Map(entries.map((entry) => [entry.name, entry]));
    const found = this.byName.get(name);
    if (found !== undefined && entries[next + 1] === found) this.next = next + 2; // one was deleted
    return found;
  }
}

/** A file, as git wants its own: what a link leads to is no text of this tree. */
const isIgnoreFile = ({ name, kind }: TreeEntry): boolean =>
  name === ignoreFileName && (kind === 'file' || kind === 'executable');

async function readIgnore(oid: Oid, source: ObjectSource): Promise<((path: string) => boolean) | null> {
  for await (const { content } of source.readBlobs([oid], { maxBytes: 1024 * 1024 })) {
    if (content !== null) return compileIgnoreRules(content.toString('utf8'));
  }
  return null;
}
