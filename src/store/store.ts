import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { CoppiceError, nowMs, systemErrorCode, uniqueSuffix } from '../base/index.js';
import { volatileIdMin } from '../model/index.js';
import { Catalog } from './records/catalog.js';
import type { CatalogRecord, NextIds, SegmentEntry } from './records/catalog.js';
import { DescriptionLog } from './records/description-log.js';
import { Journal } from './records/journal.js';
import { BlockFiles } from './files/block-file.js';
import { KeptFiles } from './files/kept-files.js';
import type { JournalDamage, JournalRecord } from './records/journal.js';
import { ProcessLock } from './lock.js';
import type { LockHolder } from './lock.js';
import { LookFiles, looksFolder } from './files/look-files.js';
import { PackageRecords, packagesFolder } from './records/package-records.js';
import { Spool } from './files/byte-parts.js';
import { PagedFile, PagedFileWriter, createPageCache } from './files/paged-file.js';
import type { PageCache } from './files/paged-file.js';
import { privateFileMode, privateFolderMode, tighten } from './files/permissions.js';
import { asStoreError } from './store-errors.js';

/**
 * Version of everything below the store's folder. History:
 *   1: journal, paged segment files.
 *   2: commits beside docs, files and trees.
 *      Since Coppice 0.3 forks can expire (`until`) and be renewed. Coppice 0.2 reads such a store and keeps all that is in
 *      it: for it a lease is a fork of an odd name that stays. It does not know renewals: if it rewrites the journal, these
 *      are lost, and the lease ends when it would have ended without.
 *   3: segments of format 3.
 */
export const storeFormatVersion = 3;
const formatFileName = 'format';
/** A journal is compacted once it is this long and four times what its state needs. */
const journalLengthMin = 256 * 1024;
const journalSlackBytes = 4096;
const descriptionsFolder = 'descriptions';
/**
 * Room that is held for the way out of a full disk: what gives room (collecting, dropping a fork) gives this up first, for its lock
 * and its records.
 */
const spareFileName = 'spare';
const spareBytes = 256 * 1024;
/** No draft of a small file is under way for longer. */
const draftMsMax = 60 * 60 * 1000;
/** No segment has so many ids of a kind. */
const idsLeftMin = 2 ** 26;
/** Small immutable objects of remotes, so that they are read once. */
const remoteCacheFolder = 'remotes';
const blocksFolder = 'blocks';
const remoteCacheBytesMax = 128 * 1024 * 1024;
const snapshotsFolder = 'snapshots';
/** Of a root with a million chunks it takes 16 MiB. */
const snapshotsBytesMax = 128 * 1024 * 1024;
/** Of some 24 roots, with the tables that belong to each. */
const snapshotsMax = 120;
const keptSnapshots = (path: string): KeptFiles =>
  new KeptFiles(join(path, snapshotsFolder), snapshotsBytesMax, snapshotsMax);
/** Checked pages kept in memory. */
const pageCacheBytesMax = 48 * 1024 * 1024;

/** See Store's `publish`. */
export interface SegmentsChange {
  readonly add: readonly SegmentEntry[];
  readonly remove: readonly string[];
  readonly next: NextIds;
  readonly forkChanges?: number;
}

/** `$COPPICE_HOME`, else the platform's folder for a user's data. */
export function defaultStorePath(): string {
  const { COPPICE_HOME, XDG_DATA_HOME, LOCALAPPDATA } = process.env;
  if (COPPICE_HOME) return resolve(COPPICE_HOME);
  if (process.platform === 'win32') return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'coppice');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'coppice');
  return join(XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'coppice');
}

/**
 * The store's folder: names in a journal, data in immutable files.
 *
 *     format            "coppice store 2"
 *     journal-N         names and the list of live segments
 *     segments/         one paged file each, and one beside it for its vectors in each embedding space
 *     writer.lock       who indexes now
 *     remotes/          what was read of remotes and never changes
 *     snapshots/        what roots see that are opened often
 *     blocks/           what was read of packs that are read by range
 *     packages/         what packages of registries hold: a journal of its own
 *     looks/            what lay in folders without git, and in installed packages, when they were looked at last: for speed alone
 *     spare             room for the way out of a full disk
 */
export class Store {
  readonly catalog: Catalog;
  readonly packages: PackageRecords;
  readonly looks: LookFiles;
  /** Objects of remotes that were read before and never change, by their hash. */
  readonly remoteObjects: KeptFiles;
  /** What roots see, laid out to be opened at once (see snapshot's FlatSnapshot), by the roots' numbers. */
  readonly snapshots: KeptFiles;
  /** What was read of packs that are read by range. */
  readonly blocks: BlockFiles;
  private readonly journal: Journal;
  private readonly lock: ProcessLock;
  /** Who we are in the journal while we hold the writer lock, and the first number of segments of ours. */
  private writer: { readonly nonce: string; readonly firstSegment: number } | null = null;
  private rotateAtBytes = journalLengthMin;
  private readonly pages: PageCache = createPageCache(pageCacheBytesMax);

  private constructor(
    readonly path: string,
    /** The format file is unreadable although the store is there. */
    public formatDamaged: boolean,
  ) {
    this.catalog = new Catalog();
    this.packages = new PackageRecords(path);
    this.looks = new LookFiles(path);
    this.remoteObjects = new KeptFiles(join(path, remoteCacheFolder), remoteCacheBytesMax);
    this.snapshots = keptSnapshots(path);
    this.blocks = new BlockFiles(join(path, blocksFolder));
    this.journal = Journal.open(path, this.catalog);
    this.lock = new ProcessLock(join(path, 'writer.lock'));
  }

  /** Opens the store, making it if the folder is empty or not there. NOT_A_STORE, STORE_VERSION, STORE_READ_ONLY. */
  static open(path: string): Store {
    let formatDamaged = false;
    try {
      formatDamaged = !readFormat(path);
      tighten(path, formatFileName);
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw asStoreError(error, path);
      createStore(path);
    }
    try {
      return new Store(path, formatDamaged);
    } catch (error) {
      throw asStoreError(error, path);
    }
  }

  /** Sees what other processes published since, as far as it can be read. */
  refreshRecords(): void {
    try {
      this.journal.refresh();
    } catch (error) {
      throw asStoreError(error, this.path);
    }
  }

  /** As `refreshRecords`; STORE_CORRUPT when records were lost. */
  refresh(): void {
    this.refreshRecords();
    if (this.formatDamaged) {
      throw new CoppiceError(
        'STORE_CORRUPT',
        `the store's file ${formatFileName} is damaged: it names no format version`,
        {
          hint: 'run `coppice doctor --repair`',
          data: { file: formatFileName },
        },
      );
    }
    const damage = this.journal.damage[0];
    if (damage !== undefined) {
      const what = damage.length === 0 ? 'was missing' : `is damaged at byte ${damage.offset}`;
      throw new CoppiceError('STORE_CORRUPT', `the store's file ${damage.file} ${what}`, {
        hint: 'run `coppice doctor --repair`: what is lost is indexed again from the repository',
        data: { ...damage },
      });
    }
  }

  get journalDamage(): readonly JournalDamage[] {
    return this.journal.damage;
  }

  /** Bytes of an unfinished record at the journal's end, as of the last refresh; another process may be about to finish it. */
  get journalTornBytes(): number {
    return this.journal.tornBytes;
  }

  get journalSizeBytes(): number {
    return this.journal.sizeBytes;
  }

  /** Appends a record durably and applies it. */
  record(record: CatalogRecord, options: { readonly durable?: boolean } = {}): void {
    this.journal.append(record as unknown as JournalRecord, options);
    // A damaged one is kept as it is, so that the damage is not forgotten.
    const isWhole = this.journal.damage.length === 0;
    if (isWhole && this.journal.sizeBytes > this.rotateAtBytes) this.rotateIfWorthwhile();
  }

  /** As `record`, for records that may come too late (see Catalog); false when it did. */
  tryRecord(record: CatalogRecord & { n: string }): boolean {
    // What only the writer may record counts only as long as it is.
    const fenced = this.writer !== null && record.t === 'move' ? { ...record, w: this.writer.nonce } : record;
    try {
      this.record(fenced);
    } catch (error) {
      if (record.t !== 'drop' || !this.giveUpSpare(error)) throw error;
      this.record(fenced);
    }
    return !this.catalog.wasRefused(record.n);
  }

  /**
   * Changes the list of live segments. For the holder of the writer lock: STORE_LOCKED when somebody else has taken it over. False,
   * and nothing is changed, when `forkChanges` is given and the catalog's is another by now.
   */
  publish(change: SegmentsChange): boolean {
    const nonce = this.writer?.nonce;
    const w = nonce === undefined ? {} : { w: nonce };
    const isTaken = this.tryRecord({ t: 'segments', n: uniqueSuffix(), ...change, ...w });
    if (!isTaken && this.hasLostLock) throw this.lockLost();
    return isTaken;
  }

  /** The ids of a new segment. STORE_EXHAUSTED when hardly any are left. */
  get newIds(): NextIds {
    const { nextIds } = this.catalog;
    const { doc, file, tree, commit } = nextIds;
    if (Math.max(doc, file, tree, commit) > volatileIdMin - idsLeftMin) {
      throw new CoppiceError('STORE_EXHAUSTED', `the store at ${this.path} has given away nearly all of its numbers`, {
        hint: 'searches of what is indexed go on; to index more, give another folder with --store, or remove this one: everything but edited forks is indexed again from your repositories',
      });
    }
    return nextIds;
  }

  /** Rewrites the journal from what is valid in it. */
  compactJournal(): void {
    this.journal.rotate();
  }

  /** As `compactJournal`, if that makes it notably smaller. */
  shortenJournal(): void {
    if (this.journal.damage.length > 0) return;
    this.journal.rotate(journalSlackBytes + 1.1 * this.journalBytesNeeded);
  }

  /** Writes the format file anew. */
  repairFormat(): void {
    writeFormat(this.path);
    this.formatDamaged = false;
  }

  lockHolder(): LockHolder | null {
    return this.lock.holder();
  }

  /** Runs `action` as the store's only writer. STORE_CORRUPT when names were lost: what is left must not be tidied away. */
  async asWriter<T>(timeoutMs: number, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    return this.withLock(timeoutMs, signal, () => {
      this.refresh();
      this.removeOrphans();
      return action();
    });
  }

  /** As `asWriter`, for what gives room, and so has to work on a full disk. */
  async asCollector<T>(timeoutMs: number, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    try {
      return await this.asWriter(timeoutMs, signal, action);
    } catch (error) {
      if (!this.giveUpSpare(error)) throw error;
    }
    return this.asWriter(timeoutMs, signal, action);
  }

  /** As `asWriter`, on a store that may be damaged, whose segment files are all left as they are. */
  async asRepairer<T>(timeoutMs: number, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    return this.withLock(timeoutMs, signal, () => {
      this.refreshRecords();
      return action();
    });
  }

  createSegmentFile(id: string): PagedFileWriter {
    return new PagedFileWriter(this.segmentPath(id));
  }

  openSegmentFile(id: string): PagedFile {
    return PagedFile.open(this.segmentPath(id), this.pages);
  }

  /** For the vectors of a segment's chunks in one embedding space. */
  createVectorFile(segmentId: string, spaceId: string): PagedFileWriter {
    return new PagedFileWriter(this.vectorPath(segmentId, spaceId));
  }

  /** Null when there is none. */
  openVectorFile(segmentId: string, spaceId: string): PagedFile | null {
    const path = this.vectorPath(segmentId, spaceId);
    return existsSync(path) ? PagedFile.open(path, this.pages) : null;
  }

  hasVectorFile(segmentId: string, spaceId: string): boolean {
    return existsSync(this.vectorPath(segmentId, spaceId));
  }

  /** The embedding spaces that segments have vectors in, by segment. */
  vectorSpaces(): Map<string, string[]> {
    const spaces = new Map<string, string[]>();
    for (const name of readdirSync(join(this.path, 'segments'))) {
      const [, segment, space] = /^(s\d+)\.([0-9a-f]+)\.vec$/.exec(name) ?? [];
      if (segment !== undefined) spaces.set(segment, [...(spaces.get(segment) ?? []), space!]);
    }
    return spaces;
  }

  removeVectorFile(segmentId: string, spaceId: string): void {
    rmSync(this.vectorPath(segmentId, spaceId), { force: true });
  }

  /** Bytes of a segment's file and those of its vectors, of all spaces or of some. */
  segmentBytes(id: string, hasSpace: (spaceId: string) => boolean = () => true): number {
    const spaces = (this.vectorSpaces().get(id) ?? []).filter(hasSpace);
    const paths = [this.segmentPath(id), ...spaces.map((space) => this.vectorPath(id, space))];
    return paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  /** Removes the files of segments that are no longer live, and their vectors. Readers that have them open keep them. */
  removeSegmentFiles(ids: readonly string[]): void {
    const spaces = ids.length === 0 ? new Map<string, string[]>() : this.vectorSpaces();
    for (const id of ids) {
      try {
        unlinkSync(this.segmentPath(id));
      } catch (error) {
        if (systemErrorCode(error) !== 'ENOENT') throw asStoreError(error, this.segmentPath(id));
      }
      for (const space of spaces.get(id) ?? []) this.removeVectorFile(id, space);
    }
  }

  /** What one model says of chunks (see describing's `describerId`). */
  descriptions(describer: string): DescriptionLog {
    return new DescriptionLog(join(this.path, descriptionsFolder, `${describer}.log`));
  }

  /** Models that say something of chunks. */
  describers(): string[] {
    const folder = join(this.path, descriptionsFolder);
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((name) => /^([0-9a-f]{12})\.log$/.exec(name)?.[1] ?? []);
  }

  /** Files of segments that the catalog does not list: left by a writer that was killed, or of one at work. */
  orphans(): string[] {
    const live = new Set(this.catalog.segments().map(({ id }) => id));
    return readdirSync(join(this.path, 'segments')).filter((name) => {
      const id = /^(s\d+)\.(?:seg|[0-9a-f]+\.vec)$/.exec(name)?.[1];
      return id === undefined || !live.has(id);
    });
  }

  /** Size of everything in the store's folder, in bytes. */
  sizeBytes(): number {
    let size = 0;
    for (const name of [
      '',
      'segments',
      descriptionsFolder,
      packagesFolder,
      looksFolder,
      snapshotsFolder,
      remoteCacheFolder,
    ]) {
      const folder = join(this.path, name);
      if (!existsSync(folder)) continue;
      for (const name of readdirSync(folder)) {
        try {
          const stats = statSync(join(folder, name));
          if (stats.isFile()) size += stats.size;
        } catch {
          // Removed meanwhile.
        }
      }
    }
    return size + this.blocks.sizeBytes();
  }

  /** A place for what is too large to be held in memory while it is read. Close it. */
  spool(): Spool {
    const folder = join(this.path, remoteCacheFolder);
    makeFolders(folder, privateFolderMode);
    return Spool.create(folder);
  }

  /** Lets go pages that were read. */
  trim(): void {
    this.pages.clear();
    this.blocks.trim();
  }

  close(): void {
    this.packages.close();
    this.blocks.close();
    this.journal.close();
    this.pages.clear();
  }

  /** What writers before left behind. Only for the holder of the writer lock: nothing of who may hold it by now is touched. */
  removeOrphans(): void {
    const own = this.writer?.firstSegment ?? 0;
    for (const name of this.orphans()) {
      const sequence = /^s(\d+)\./.exec(name)?.[1];
      if (sequence === undefined || Number(sequence) < own) rmSync(join(this.path, 'segments', name), { force: true });
    }
    // Drafts of processes that were killed.
    for (const name of readdirSync(this.path)) {
      if (!/^(?:journal-\d+\.tmp-|format\.tmp-|spare\.tmp-|writer\.lock\.(?!over-[0-9a-f]+$))/.test(name)) continue;
      const stats = statSync(join(this.path, name), { throwIfNoEntry: false });
      if (stats !== undefined && nowMs() - stats.mtimeMs > draftMsMax) rmSync(join(this.path, name), { force: true });
    }
  }

  private async withLock<T>(timeoutMs: number, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    await this.lock.acquire(timeoutMs, signal);
    try {
      this.beginWriting();
      return await action();
    } catch (error) {
      // Whatever it failed at: who has the lock now tidies away what we have begun.
      if (this.learnsOfLoss()) throw this.lockLost(error);
      throw error;
    } finally {
      this.writer = null;
      this.lock.release();
      makeSpare(this.path);
    }
  }

  /** True when an error is that of a full disk, and there is some room now. */
  private giveUpSpare(error: unknown): boolean {
    if (!(error instanceof CoppiceError) || error.code !== 'STORE_FULL') return false;
    const path = join(this.path, spareFileName);
    if (!existsSync(path)) return false;
    rmSync(path, { force: true });
    return true;
  }

  /** From now on nothing counts of what a holder before us may still record: it does not know yet that it has lost the lock. */
  private beginWriting(): void {
    const nonce = uniqueSuffix();
    // Durable with what we record next: if that is lost, nobody has to know of us.
    this.record({ t: 'writer', n: nonce }, { durable: false });
    this.writer = { nonce, firstSegment: this.catalog.nextIds.segment };
    if (this.hasLostLock) throw this.lockLost();
  }

  private learnsOfLoss(): boolean {
    try {
      this.journal.refresh();
    } catch {
      // What it failed at is told.
    }
    return this.hasLostLock;
  }

  private get hasLostLock(): boolean {
    return this.writer !== null && this.catalog.writer !== this.writer.nonce;
  }

  private lockLost(cause?: unknown): CoppiceError {
    return new CoppiceError(
      'STORE_LOCKED',
      'another process has taken over writing to the store, as this one had not been heard of; what it was writing is dropped',
      { hint: 'run the command again', cause },
    );
  }

  private get journalBytesNeeded(): number {
    return this.catalog.compact().reduce((sum, record) => sum + JSON.stringify(record).length + 12, 0);
  }

  private segmentPath(id: SegmentEntry['id']): string {
    return join(this.path, 'segments', `${id}.seg`);
  }

  private vectorPath(segmentId: string, spaceId: string): string {
    return join(this.path, 'segments', `${segmentId}.${spaceId}.vec`);
  }

  /** What the state needs is only counted when the journal has doubled since, so that a record costs O(1) on average. */
  private rotateIfWorthwhile(): void {
    const needed = this.journalBytesNeeded;
    this.journal.rotate(Math.max(journalLengthMin, 4 * needed));
    this.rotateAtBytes = Math.max(journalLengthMin, 4 * needed);
  }
}

/** False when the format file names no version. STORE_VERSION when it is not ours. */
function readFormat(path: string): boolean {
  const text = readFileSync(join(path, formatFileName), 'utf8');
  const version = /^coppice store (\d+)\n$/.exec(text)?.[1];
  if (version === undefined) return false;
  if (Number(version) !== storeFormatVersion) {
    const newer = Number(version) > storeFormatVersion;
    throw new CoppiceError(
      'STORE_VERSION',
      `the store at ${path} has format ${version}, and this Coppice reads format ${storeFormatVersion}`,
      {
        hint: newer
          ? 'update Coppice, or give another folder with --store'
          : `remove the folder (everything but edited forks is indexed again from your repositories), or give another with --store`,
        data: { version: Number(version) },
      },
    );
  }
  return true;
}

/** As `mkdir -p`, one level at a time: Node's own never ends where the system answers ENOENT for ever, as below /proc. */
function makeFolders(path: string, mode?: number): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolders(dirname(path));
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error; // another process was first
  }
}

function createStore(path: string): void {
  try {
    makeFolders(path, privateFolderMode);
    const strangers = readdirSync(path).filter(
      (name) =>
        !/^(format|journal-|segments$|writer\.lock|spare|descriptions$|snapshots$|golden$|config\.json$)/.test(name),
    );
    if (strangers.length > 0) {
      throw new CoppiceError('NOT_A_STORE', `${path} is not a Coppice store, and it is not empty`, {
        hint: 'give --store a folder that is empty or does not exist yet',
      });
    }
    tighten(path, formatFileName); // it may have been there, empty
    makeFolders(join(path, 'segments'), privateFolderMode);
    keptSnapshots(path).clear(); // of a store that was here before
    Journal.create(path);
    makeSpare(path);
    writeFormat(path); // last: a store that has it has had a journal
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      throw new CoppiceError('NOT_A_STORE', `no store can be made at ${path}`, {
        hint: 'give --store a folder that can be made',
        cause: error,
      });
    }
    throw asStoreError(error, path);
  }
}

/** Makes the spare file if it is not there and there is room. Its bytes are random, so that no file system saves on them. */
function makeSpare(path: string): void {
  const spare = join(path, spareFileName);
  if (existsSync(spare) || !existsSync(path)) return;
  const draft = `${spare}.tmp-${uniqueSuffix()}`;
  try {
    writeFileSync(draft, randomBytes(spareBytes), { flag: 'wx', mode: privateFileMode });
    renameSync(draft, spare);
  } catch {
    // The disk is full, or cannot be written: the next writer tries again.
    try {
      rmSync(draft, { force: true });
    } catch {
      // Nor can anything be removed there.
    }
  }
}

/** Writes the format file of this version, whole or not at all. */
function writeFormat(path: string): void {
  const draft = join(path, `${formatFileName}.tmp-${uniqueSuffix()}`);
  writeFileSync(draft, `coppice store ${storeFormatVersion}\n`, { mode: privateFileMode });
  renameSync(draft, join(path, formatFileName));
}
