import { lstatSync, type Stats } from 'node:fs';
import { TimeSlices, compareBytewise, decodeBytes, throwIfAborted } from '../../base/index.js';
import type { EntryKind, Oid, TreeEntry } from '../../model/index.js';
import { Conversions } from './conversions.js';
import { differencesFromTree, type ReadTree } from './index-differences.js';
import { GitIndex } from './index-file.js';
import type { Location } from '../locate.js';
import { runGit, type RunOptions } from '../process.js';
import { kindOfMode } from '../objects/tree-object.js';
import { kindOfStats, worktreeBytes, type WorktreeFile } from './worktree-file.js';

export interface WorktreeChange {
  readonly path: string;
  /** What is on disk now; null when nothing is. */
  readonly kind: Exclude<EntryKind, 'tree' | 'submodule'> | null;
}

export interface WorktreeChanges {
  /** The commit that the changes are against; null before the first. */
  readonly head: Oid | null;
  /** Sorted by path. */
  readonly changed: readonly WorktreeChange[];
  /** Repositories inside the work tree that are not looked into. Those that HEAD's tree records come from there. */
  readonly submodulesSkipped: readonly string[];
  /** What may not be read, and is left out: of a folder that is no repository. Absent: nothing. */
  readonly unreadable?: readonly string[];
}

/** Reads a file of the work tree as it lies on disk; null when there is none. */
export type LookAtFile = (path: string) => Promise<Pick<WorktreeFile, 'oid' | 'kind'> | null>;

export interface WorktreeSources {
  readonly location: Location;
  /** How git is run on the work tree. */
  readonly runOptions: RunOptions;
  readonly head: Oid | null;
  /** Of the head. */
  readonly headTree: Oid | null;
  readonly readTree: ReadTree;
  readonly look: LookAtFile;
  /** Known from the last time; null at first. */
  readonly conversions: Conversions | null;
  /** As it was the last time; null at first. */
  readonly before: WorktreeChanges | null;
}

/** What is known of a work tree from the last time that it was compared with HEAD. */
export interface WorktreeBasis {
  readonly changes: WorktreeChanges;
  readonly index: GitIndex;
  /** Of what changed: not in the index, and not ignored. */
  readonly untracked: ReadonlySet<string>;
  readonly conversions: Conversions;
}

/** Files read from disk at once. */
const readsAtOnce = 16;

/**
 * Every path whose bytes on disk differ from HEAD's tree: modified, staged, deleted, untracked but not ignored, changed in
 * kind, in conflict, left out of a sparse checkout. What counts as tracked is what the index has, and as ignored what git says;
 * but files are compared by us, as they lie on disk, whatever git was told to assume or to convert. A file is taken for what
 * the index has only where nothing else can be: its times, inode and size are those of the index, its size is the blob's, and
 * no attribute makes git store other bytes of the same length. Every other file is read.
 */
export async function readWorktreeChanges(sources: WorktreeSources, index: GitIndex): Promise<WorktreeBasis> {
  const { location, runOptions, head, headTree, readTree } = sources;
  const slices = new TimeSlices(runOptions.signal);
  const listing = listUntracked(runOptions);
  listing.catch(() => undefined); // awaited below
  const conversions = Conversions.of(index, location, runOptions, sources.conversions);
  conversions.catch(() => undefined);
  const inHead = await differencesFromTree(index, headTree, readTree, slices);
  const { kinds, unsure, untouched } = await lookAtTracked(index, location, slices);
  // What was found to differ though it seemed untouched differs still, whatever made it so.
  const before = new Set(sources.before?.changed.map(({ path }) => path));
  unsure.push(...untouched.filter(({ path }) => before.has(path)));
  const others = untouched.filter(({ path }) => !before.has(path));
  unsure.push(...(await changedUnseen(others, await conversions, runOptions)));

  const changed = new Map<string, WorktreeChange['kind']>();
  for (const [path, entry] of inHead) {
    // As the index has it, and so not as HEAD has it; or not tracked, and then only there if it is untracked.
    const kind = kinds.get(path);
    if (kind !== undefined && kind !== null) changed.set(path, kind);
    else if (entry !== null && entry.kind !== 'submodule') changed.set(path, null);
    else if (entry !== null && index.numberOf(path) < 0) changed.set(path, null); // a submodule that is no longer one
  }
  for (const [path, kind] of kinds) if (kind === null && inHead.get(path) !== null) changed.set(path, null);
  await lookAt(unsure, sources.look, runOptions.signal, ({ path, tracked }, file) => {
    const there = inHead.has(path) ? inHead.get(path)! : tracked;
    if (file?.oid === there?.oid && isSameKind(file?.kind, there?.kind, location)) changed.delete(path);
    else if (file !== null || there !== null) changed.set(path, file?.kind ?? null);
  });
  const { untracked, nested } = await listing;
  for (const path of untracked) {
    if (slices.isOver) await slices.next();
    const kind = kindOnDisk(location, path);
    if (kind !== null) changed.set(path, kind);
  }
  for (const path of nested) if (inHead.get(path)?.kind === 'submodule') changed.delete(path);
  const all = [...changed].map(([path, kind]) => ({ path, kind }));
  all.sort((a, b) => compareBytewise(a.path, b.path));
  const changes = { head, changed: all, submodulesSkipped: nested };
  return { changes, index, untracked: new Set(untracked), conversions: await conversions };
}

/** The index in full, where its file does not say all by itself. */
export async function listIndex(location: Location, runOptions: RunOptions): Promise<GitIndex> {
  return GitIndex.fromListing(await runGit(['ls-files', '--stage', '-z'], runOptions), location);
}

/** A file that the index tracks, with what it says of it; null where that is nothing of use. */
interface TrackedFile {
  readonly path: string;
  readonly tracked: Pick<TreeEntry, 'oid' | 'kind'> | null;
}

interface UntouchedFile extends TrackedFile {
  readonly tracked: Pick<TreeEntry, 'oid' | 'kind'>;
  readonly size: number;
}

interface TrackedFiles {
  /** What is on disk of each tracked path; null: nothing. */
  readonly kinds: Map<string, WorktreeChange['kind']>;
  /** To be read. */
  readonly unsure: TrackedFile[];
  /** Of the times and the size that the index has. */
  readonly untouched: UntouchedFile[];
}

async function lookAtTracked(index: GitIndex, location: Location, slices: TimeSlices): Promise<TrackedFiles> {
  const found: TrackedFiles = { kinds: new Map(), unsure: [], untouched: [] };
  const folders = new RealFolders(location.workTree!);
  for (let number = 0; number < index.count; number++) {
    if ((number & 31) === 0 && slices.isOver) await slices.next();
    const { mode, oid } = index.entry(number);
    const kind = kindOfMode(mode);
    if (kind === 'submodule') continue;
    const path = decodeBytes(index.name(number));
    if (found.kinds.has(path)) continue; // in conflict
    const stats = folders.statsOf(path);
    const onDisk = stats === null ? null : kindOfStats(stats, location.fileMode);
    found.kinds.set(path, onDisk);
    if (onDisk === null) continue;
    const tracked = kind === null || kind === 'tree' || index.isUnsettled(number) ? null : { oid, kind };
    if (tracked !== null && isSameKind(onDisk, tracked.kind, location) && index.isUntouched(number, stats!))
      found.untouched.push({ path, tracked, size: stats!.size });
    else found.unsure.push({ path, tracked });
  }
  return found;
}

/** Of files that seem untouched those that may be otherwise than their blobs. */
export async function changedUnseen<
  T extends { readonly path: string; readonly size: number; readonly tracked: { readonly oid: Oid } },
>(files: readonly T[], conversions: Conversions, runOptions: RunOptions): Promise<T[]> {
  const sizes = await blobSizes(new Set(files.map(({ tracked }) => tracked.oid)), runOptions);
  return files.filter(({ path, size, tracked }) => sizes.get(tracked.oid) !== size || conversions.mayDiffer(path));
}

/** Sizes of blobs; those that are missing are left out. */
async function blobSizes(oids: ReadonlySet<Oid>, runOptions: RunOptions): Promise<Map<Oid, number>> {
  const sizes = new Map<Oid, number>();
  if (oids.size === 0) return sizes;
  const input = [...oids].map((oid) => `${oid}\n`).join('');
  const args = ['cat-file', '--batch-check=%(objectname) %(objectsize)', '--buffer'];
  const output = await runGit(args, { ...runOptions, input });
  for (const line of output.toString('latin1').split('\n')) {
    const space = line.indexOf(' ');
    const size = Number(line.slice(space + 1)); // NaN for `missing`
    if (size >= 0) sizes.set(line.slice(0, space) as Oid, size);
  }
  return sizes;
}

/** Without executable bits on disk a file that is tracked as executable still is. */
function isSameKind(onDisk: string | undefined, tracked: string | undefined, { fileMode }: Location): boolean {
  return onDisk === tracked || (!fileMode && onDisk === 'file' && tracked === 'executable');
}

async function lookAt<T extends { readonly path: string }>(
  files: readonly T[],
  look: LookAtFile,
  signal: AbortSignal | undefined,
  onFile: (file: T, found: Awaited<ReturnType<LookAtFile>>) => void,
): Promise<void> {
  for (let at = 0; at < files.length; at += readsAtOnce) {
    throwIfAborted(signal);
    const batch = files.slice(at, at + readsAtOnce);
    const found = await Promise.all(batch.map(({ path }) => look(path)));
    batch.forEach((file, i) => onFile(file, found[i] ?? null));
  }
}

/** Files that git neither tracks nor ignores, and repositories among them, which are not looked into. */
async function listUntracked(options: RunOptions): Promise<{ untracked: string[]; nested: string[] }> {
  const output = await runGit(['ls-files', '--others', '--exclude-standard', '-z'], options);
  const untracked: string[] = [];
  const nested: string[] = [];
  for (const path of decodeBytes(output).split('\0').slice(0, -1)) {
    if (path.endsWith('/')) nested.push(path.slice(0, -1));
    else untracked.push(path);
  }
  return { untracked, nested: nested.sort(compareBytewise) };
}

/** Looks at what lies at paths of a work tree, through folders alone: what lies behind a link is not in it. */
export class RealFolders {
  private readonly known = new Map<string, boolean>();

  constructor(private readonly root: string) {}

  /** Null when there is nothing, or nothing that may be looked at: git does not see it either. */
  statsOf(path: string): Stats | null {
    const slash = path.lastIndexOf('/');
    return slash >= 0 && !this.isReal(path.slice(0, slash)) ? null : this.lstat(path);
  }

  private isReal(folder: string): boolean {
    let known = this.known.get(folder);
    if (known === undefined) this.known.set(folder, (known = this.statsOf(folder)?.isDirectory() === true));
    return known;
  }

  private lstat(path: string): Stats | null {
    try {
      return lstatSync(worktreeBytes(this.root, path), { throwIfNoEntry: false }) ?? null;
    } catch {
      return null;
    }
  }
}

/** What lies at a path. Anything but a file or a symbolic link counts as nothing. */
function kindOnDisk(location: Location, path: string): WorktreeChange['kind'] {
  try {
    return kindOfStats(lstatSync(worktreeBytes(location.workTree!, path)), location.fileMode);
  } catch {
    return null; // gone meanwhile, or a parent is no folder, or may not be searched
  }
}
