import { existsSync } from 'node:fs';

import { CoppiceError, TimeSlices, compareBytewise, contentHash, nowMs, throwIfAborted } from '../../base/index.js';
import { isLeftOut, packageFiles } from '../../dependencies/index.js';
import type { Package, PackageFile, PackageOrigin } from '../../dependencies/index.js';
import { hashBlob, hashTree } from '../../git/index.js';
import type { BlobContent } from '../../git/index.js';
import type { ObjectSource } from '../../indexing/index.js';
import type { Oid, TreeEntry } from '../../model/index.js';
import type { LookRow } from '../../store/index.js';

interface SeenPackage {
  readonly oid: Oid;
  /** Of all its files' stamps: the same as long as none has changed. Null when that cannot be told. */
  readonly stamp: string | null;
  readonly files: ReadonlyMap<string, { readonly stamp: string; readonly oid: Oid }>;
  /** What it holds, until that is stored. */
  contents: Contents | null;
  /** It may have changed since. */
  isOld: boolean;
}

interface Contents {
  readonly trees: ReadonlyMap<Oid, readonly TreeEntry[]>;
  readonly blobs: ReadonlyMap<Oid, PackageFile>;
}

/** A file that was changed later than so long before it was looked at may change again without a trace. */
const racyMs = 50;

/**
 * The trees of packages as they lie on disk: by their content alone, whatever the package says of itself. Every file is hashed when it is first seen, and again when its size,
 * times or inode are others; that is how a patched package is told from what the registry has.
 */
export class PackageTrees implements ObjectSource {
  private readonly seen = new Map<string, SeenPackage>();
  /** What was seen and is not stored yet. */
  private trees = new Map<Oid, readonly TreeEntry[]>();
  private blobs = new Map<Oid, PackageFile>();
  /** A file was found to have changed since it was looked at. */
  isOutdated = false;
  /** Packages as another process has seen them, by `keyOf`. */
  private recalled = new Map<string, { readonly stamp: string; readonly oid: Oid }>();
  /** How many packages were read, and not taken as they were seen before. */
  read = 0;
  /** Of them, how many were told by `rows`. */
  private told = 0;

  constructor(private readonly isStored: (oid: Oid) => boolean) {}

  /** What another process has written down of what it has seen. */
  recall(rows: readonly LookRow[]): void {
    for (const [key, stamp, oid] of rows as [string, string, Oid][]) this.recalled.set(key, { stamp, oid });
  }

  /**
   * What another process needs to know; null when that is what it knows already. `written`: what is written down by now, which others may
   * have done; of packages that were not looked at here it stays, as long as they lie where they did.
   */
  rows(written: () => readonly LookRow[]): LookRow[] | null {
    if (this.told === this.read) return null;
    this.told = this.read;
    const own = Array.from(this.seen).flatMap(([key, { stamp, oid }]) => (stamp === null ? [] : [[key, stamp, oid]]));
    const others = written().filter(([key]) => !this.seen.has(key as string) && existsSync(pathOfKey(key as string)));
    return [...own, ...others];
  }

  /** The tree of a package, looked at anew unless `isSame`: then as it was seen last. PACKAGE_UNREADABLE. */
  async look(pkg: Package, isSame: boolean, slices: TimeSlices): Promise<Oid> {
    const key = keyOf(pkg.origin!);
    const before = this.seen.get(key);
    if (before !== undefined && isSame && !before.isOld) return before.oid;
    const files: PackageFile[] = [];
    const stamps: string[] = [];
    let isRacy = false;
    const startMs = nowMs();
    for (const file of packageFiles(pkg)) {
      if (slices.isOver) await slices.next();
      files.push(file);
      stamps.push(`${file.path}\0${file.stamp}\0${file.executable ? 'x' : ''}`);
      isRacy ||= file.changedMs > startMs - racyMs;
    }
    const stamp = isRacy ? null : contentHash(stamps.sort().join('\n')).toString('base64');
    if (before !== undefined && stamp !== null && before.stamp === stamp) {
      before.isOld = false;
      return before.oid;
    }
    const recalled = this.recalled.get(key);
    if (stamp !== null && recalled?.stamp === stamp && this.isStored(recalled.oid)) {
      this.seen.set(key, { oid: recalled.oid, stamp, files: new Map(), contents: null, isOld: false });
      return recalled.oid;
    }
    this.read++;
    const known = new Map<string, { stamp: string; oid: Oid }>();
    const root = new Folder();
    const contents = { trees: new Map<Oid, readonly TreeEntry[]>(), blobs: new Map<Oid, PackageFile>() };
    for (const file of files) {
      if (slices.isOver) await slices.next();
      const last = before?.files.get(file.path);
      const oid = last !== undefined && !isRacy && last.stamp === file.stamp ? last.oid : hashBlob(file.read());
      known.set(file.path, { stamp: file.stamp, oid });
      root.add(file, oid);
      contents.blobs.set(oid, file);
    }
    const oid = root.store(contents.trees);
    this.seen.set(key, { oid, stamp, files: known, contents, isOld: false });
    this.hold(contents);
    return oid;
  }

  /** The tree of files that are in memory. */
  take(files: readonly { readonly path: string; readonly executable: boolean; readonly content: Buffer }[]): Oid {
    const root = new Folder();
    for (const { path, executable, content } of files) {
      if (isLeftOut(path.slice(path.lastIndexOf('/') + 1))) continue;
      const oid = hashBlob(content);
      const file = { path, executable, sizeBytes: content.length, stamp: '', changedMs: 0, read: () => content };
      root.add(file, oid);
      this.blobs.set(oid, file);
    }
    return root.store(this.trees);
  }

  /** These trees are stored: what they hold is not asked for again. */
  forgetStored(oids: ReadonlySet<Oid>): void {
    this.trees = new Map();
    this.blobs = new Map();
    for (const pkg of this.seen.values()) {
      if (oids.has(pkg.oid)) pkg.contents = null;
      if (pkg.contents !== null) this.hold(pkg.contents);
    }
  }

  /** Everything is looked at anew. */
  forget(): void {
    this.seen.clear();
    this.recalled.clear();
    this.trees.clear();
    this.blobs.clear();
    this.isOutdated = false;
  }

  /** Lets go packages that are not among these. */
  keepOnly(packages: readonly Package[]): void {
    const wanted = new Set(packages.flatMap(({ origin }) => (origin === null ? [] : [keyOf(origin)])));
    for (const key of this.seen.keys()) if (!wanted.has(key)) this.seen.delete(key);
  }

  /** All but these are looked at anew when they are asked for again. */
  keepFresh(packages: readonly Package[]): void {
    const fresh = new Set(packages.flatMap(({ origin }) => (origin === null ? [] : [keyOf(origin)])));
    for (const [key, seen] of this.seen) if (!fresh.has(key)) seen.isOld = true;
  }

  private hold({ trees, blobs }: Contents): void {
    for (const [oid, entries] of trees) this.trees.set(oid, entries);
    for (const [oid, file] of blobs) this.blobs.set(oid, file);
  }

  has(oid: Oid): boolean {
    return this.trees.has(oid) || this.blobs.has(oid);
  }

  readTree(oid: Oid): Promise<readonly TreeEntry[]> {
    const own = this.trees.get(oid);
    if (own !== undefined) return Promise.resolve(own);
    this.isOutdated = true;
    return Promise.reject(changedMeanwhile(`tree ${oid}`));
  }

  async *readBlobs(
    oids: readonly Oid[],
    { maxBytes, signal }: { maxBytes: number; signal?: AbortSignal | undefined },
  ): AsyncIterable<BlobContent> {
    const slices = new TimeSlices();
    for (const oid of oids) {
      throwIfAborted(signal);
      if (slices.isOver) await slices.next();
      const file = this.blobs.get(oid);
      if (file === undefined) {
        this.isOutdated = true;
        throw changedMeanwhile(`blob ${oid}`);
      }
      if (file.sizeBytes > maxBytes) {
        yield { oid, size: file.sizeBytes, content: null };
        continue;
      }
      let content: Buffer | null = null;
      try {
        content = file.read();
      } catch (error) {
        if (!(error instanceof CoppiceError)) throw error;
      }
      if (content === null || hashBlob(content) !== oid) {
        this.isOutdated = true;
        throw changedMeanwhile(file.path);
      }
      yield { oid, size: content.length, content };
    }
  }
}

const changedMeanwhile = (what: string): CoppiceError =>
  new CoppiceError('PACKAGE_UNREADABLE', `${what} changed while it was being indexed`, {
    hint: 'run it again when the installation has ended',
    data: { path: what },
  });

const keyOf = (origin: PackageOrigin): string =>
  origin.kind === 'archive'
    ? `${origin.path}\0${origin.folder}`
    : origin.kind === 'folder'
      ? origin.path
      : `${origin.path}\0${contentHash(origin.files.join('\0')).toString('base64')}`;

const pathOfKey = (key: string): string => key.split('\0', 1)[0]!;

class Folder {
  private readonly folders = new Map<string, Folder>();
  private readonly entries: TreeEntry[] = [];

  add({ path, executable }: PackageFile, oid: Oid): void {
    const parts = path.split('/');
    const name = parts.pop()!;
    let at: Folder = this;
    for (const part of parts) {
      let next = at.folders.get(part);
      if (next === undefined) at.folders.set(part, (next = new Folder()));
      at = next;
    }
    at.entries.push({ name, kind: executable ? 'executable' : 'file', oid });
  }

  store(into: Map<Oid, readonly TreeEntry[]>): Oid {
    const below = [...this.folders].map(([name, folder]): TreeEntry => ({
      name,
      kind: 'tree',
      oid: folder.store(into),
    }));
    return addTree([...this.entries, ...below], into);
  }
}

/** Makes a tree of entries in any order. */
export function addTree(entries: readonly TreeEntry[], into: Map<Oid, readonly TreeEntry[]>): Oid {
  const sortKey = ({ name, kind }: TreeEntry): string => (kind === 'tree' ? `${name}/` : name);
  const sorted = [...entries].sort((a, b) => compareBytewise(sortKey(a), sortKey(b)));
  const oid = hashTree(sorted);
  into.set(oid, sorted);
  return oid;
}
