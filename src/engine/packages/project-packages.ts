import { lstatSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import {
  CoppiceError,
  LruCache,
  TimeSlices,
  contentHash,
  elapsedMs,
  nowMs,
  throwIfAborted,
  uniqueSuffix,
} from '../../base/index.js';
import {
  PackageIndex,
  diskFiles,
  isManifest,
  openDependencies,
  packageFiles,
  selectPackages,
} from '../../dependencies/index.js';
import type { DependencyListing, Package, PackageSelection, SkippedPackage } from '../../dependencies/index.js';
import type { BlobContent } from '../../git/index.js';
import type { ObjectSource } from '../../indexing/index.js';
import { asTreeId } from '../../model/index.js';
import type { Oid, TreeEntry, TreeId } from '../../model/index.js';
import { rootKey, treeKey } from '../../snapshot/index.js';
import { leasePrefix } from '../../store/index.js';
import type { LookRow } from '../../store/index.js';
import type { Target } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import { loadIndexing } from '../shared/load-indexing.js';
import { indexTrees } from '../trees/index-trees.js';
import type { CallOptions, PackagesStatus } from '../types.js';
import { composeTree, type Part } from './compose-tree.js';
import { fetchPackages } from './fetch-packages.js';
import { KnownPackages } from './known-packages.js';
import { PackageTrees, addTree } from './package-trees.js';
import { treeFiles } from './tree-files.js';
import { WatchedFolders } from './watched-folders.js';

/** Which packages are searched, and with what. */
export interface DependencyRequest extends PackageSelection {
  /** The project's own files as well. */
  readonly withOwn?: boolean;
  /** What nobody has on disk is fetched from the registry. */
  readonly fetch?: boolean;
}

/** A package whose tree is known. */
export interface FoundPackage {
  readonly pkg: Package;
  readonly tree: Oid;
}

/** A package that could not be read: its archive is damaged, or made to burst. */
export interface UnreadablePackage {
  readonly pkg: Package;
  readonly reason: string;
}

/** What a project depends on at one moment, or at one rev. */
export interface FoundDependencies {
  readonly found: readonly FoundPackage[];
  readonly missing: readonly Package[];
  readonly skipped: readonly SkippedPackage[];
  readonly unreadable: readonly UnreadablePackage[];
}

export interface DependencyView extends FoundDependencies {
  readonly root: TreeId;
  readonly tree: Oid;
  /** Whose a path of the view is. */
  readonly index: PackageIndex;
}

/** Packages that no view has used for so long are let go by `gc`. */
export const keptMs = 30 * 24 * 60 * 60 * 1000;
const renewMs = 24 * 60 * 60 * 1000;
/** Packages outside of the project are not watched; a process that stays looks at them again after so long. */
const outsideMs = 5000;
/** So long at most a new project folder goes unnoticed in a process that stays. */
const relistMs = 30_000;
const triesMax = 4;
const toldEvery = 50;

interface Listing extends FoundDependencies {
  /** The same where the same packages are found with the same files, for the same reasons. */
  readonly content: string;
  readonly packages: readonly Package[];
  readonly atMs: number;
}

/** The packages of one project: what there is, where it is stored, and what has changed since. */
export class ProjectPackages {
  private readonly trees = new PackageTrees((oid) => this.storedTree(oid) !== null);
  private readonly composed = new Map<Oid, readonly TreeEntry[]>();
  private readonly known: KnownPackages;
  private readonly watched: WatchedFolders;
  private readonly views = new LruCache<string, DependencyView>(16);
  private listings = new Map<string, Listing>();
  /** Manifests that were looked at, of the project as it lies on disk. */
  private manifests: readonly string[] = [];
  private working: Promise<unknown> = Promise.resolve();
  private isRecalled = false;

  constructor(private readonly session: Session) {
    this.known = new KnownPackages(session.store);
    this.watched = new WatchedFolders(session);
  }

  /** The view of a target's packages, indexed first if need be. NO_DEPENDENCIES, PACKAGE_NOT_FOUND, LOCKFILE_INVALID, LOCKFILE_UNSUPPORTED. */
  view(
    target: Target,
    request: DependencyRequest,
    call: CallOptions,
    places?: (pkg: Package) => string,
  ): Promise<DependencyView> {
    return this.alone(call, () => this.retrying(call, () => this.viewNow(target, request, call, places)));
  }

  /** What a target depends on, as far as it is there. */
  dependencies(target: Target, call: CallOptions): Promise<FoundDependencies> {
    return this.alone(call, () => this.retrying(call, () => this.list(target, call)));
  }

  /** For `status`: what there is, without reading packages. */
  async status(target: Target, call: CallOptions): Promise<PackagesStatus | null> {
    const { packages, skipped } = await this.dependencyTree(target).list();
    throwIfAborted(call.signal);
    if (packages.length === 0 && skipped.length === 0) return null;
    const isStored = (pkg: Package): boolean => {
      const tree = this.known.find(pkg);
      return tree !== null && this.storedTree(tree) !== null;
    };
    const count = (of: (pkg: Package) => boolean): number => packages.filter(of).length;
    const missing = packages.filter((pkg) => pkg.origin === null && !pkg.optional);
    const damaged = packages.flatMap((pkg) => damageOf(pkg) ?? []);
    return {
      packages: packages.length,
      direct: count(({ direct }) => direct),
      installed: count(({ origin }) => origin !== null),
      indexed: count(isStored),
      missing: missing.map(({ name, version }) => `${name}@${version}`),
      optional: count(({ origin, optional }) => origin === null && optional),
      ecosystems: Object.fromEntries(
        [...new Set(packages.map(({ ecosystem }) => ecosystem))].map((own) => [
          own,
          count(({ ecosystem }) => ecosystem === own),
        ]),
      ),
      skipped: [...skipped, ...damaged.map(skippedOf)],
    };
  }

  close(): void {
    this.watched.close();
  }

  private async viewNow(
    target: Target,
    request: DependencyRequest,
    call: CallOptions,
    places?: (pkg: Package) => string,
  ): Promise<DependencyView> {
    let listing = await this.list(target, call);
    if (request.fetch === true && listing.missing.length > 0 && (await this.fetch(listing.missing, call))) {
      this.listings.clear();
      listing = await this.list(target, call);
    }
    const own = request.withOwn === true ? target.resolved.tree : null;
    const key = JSON.stringify([
      listing.content,
      own,
      request.names,
      request.and,
      request.without,
      request.direct,
      request.prod,
    ]);
    const before = places === undefined ? this.views.get(key) : undefined;
    if (
      before !== undefined &&
      this.session.snapshots.findRoot(rootKey(before.tree, this.session.fingerprint)) === before.root
    )
      return before;
    if (listing.packages.length === 0) throw noDependencies(target, listing.skipped);
    const selected = new Set(selectPackages(listing.packages, request));
    const found = listing.found
      .filter(({ pkg }) => selected.has(pkg))
      .map(({ pkg, tree }) => ({ tree, pkg: places === undefined ? pkg : { ...pkg, place: places(pkg) } }));
    const missing = listing.missing.filter((pkg) => selected.has(pkg));
    const unreadable = listing.unreadable.filter(({ pkg }) => selected.has(pkg));
    if (found.length === 0 && own === null)
      throw missing.length === 0 ? noDependencies(target, unreadable.map(skippedOf)) : allMissing(missing);
    const parts: Part[] = found.map(({ pkg, tree }) => ({ place: pkg.place, oid: tree }));
    const source = this.source(own === null ? null : target.source);
    const tree = await composeTree(own === null ? parts : [{ place: '', oid: own }, ...parts], source, this.composed);
    const root = await this.store(tree, found, source, call, own === null);
    this.known.remember(found.map(({ pkg, tree: oid }) => [pkg, oid] as const));
    const view: DependencyView = {
      root,
      tree,
      found,
      missing,
      skipped: listing.skipped,
      unreadable,
      index: new PackageIndex(found.map(({ pkg }) => pkg)),
    };
    if (places === undefined) this.views.set(key, view);
    return view;
  }

  /** Stores the tree of a view, and holds its packages by a lease that ends when nobody has used it for long. */
  private async store(
    tree: Oid,
    found: readonly FoundPackage[],
    source: ObjectSource,
    call: CallOptions,
    isWhole: boolean,
  ): Promise<TreeId> {
    const { session, composed } = this;
    const { shared, fingerprint, snapshots } = session;
    const held = addTree(
      [
        ...[...new Set(found.map(({ tree: oid }) => oid))].map((oid, i): TreeEntry => ({
          name: `package-${i}`,
          kind: 'tree',
          oid,
        })),
        ...(isWhole ? [{ name: 'view', kind: 'tree' as const, oid: tree }] : []),
      ],
      composed,
    );
    const find = (oid: Oid): TreeId | null => snapshots.findRoot(rootKey(oid, fingerprint));
    let root = find(tree);
    const repo = await session.repositoryId();
    if (root === null || find(held) === null) {
      const what = `${found.length} packages`;
      root = await shared.asWriter(call, async () => {
        const { roots } = await indexTrees(shared, [tree, held], source, { ...call, what });
        return roots[0]!.id;
      });
      this.trees.forgetStored(new Set(found.map(({ tree: oid }) => oid)));
      composed.clear();
    }
    const name = `${leasePrefix}packages:${contentHash(
      `${session.repository.workTree ?? session.repository.gitDir}\0${held}`,
    )
      .toString('hex')
      .slice(0, 16)}`;
    const at = nowMs();
    const until = at + keptMs;
    const before = session.store.catalog.fork(repo, name);
    if (before === undefined) {
      session.store.tryRecord({ t: 'drop', n: uniqueSuffix(), repo, name, at });
      const lease = {
        repo,
        name,
        rev: 'packages',
        commit: null,
        tree: held,
        root: rootKey(held, fingerprint).toString('base64url'),
        at,
        until,
      };
      session.store.tryRecord({ t: 'fork', n: uniqueSuffix(), ...lease });
    } else if ((before.until ?? Infinity) < until - renewMs)
      session.store.tryRecord({ t: 'renew', n: uniqueSuffix(), repo, name, at, until });
    return root;
  }

  /** Trees of packages, those that the store has, and what the project itself has. */
  private source(own: ObjectSource | null): ObjectSource {
    const { trees, composed, session } = this;
    const stored = new Map<Oid, readonly TreeEntry[]>();
    return {
      readTree: async (oid) => {
        const known = composed.get(oid) ?? stored.get(oid);
        if (known !== undefined) return known;
        if (trees.has(oid)) return trees.readTree(oid);
        const id = this.storedTree(oid);
        if (id !== null) {
          const { StoredSource } = await loadIndexing();
          const entries = await new StoredSource(session.snapshots, id, null).readTree(oid);
          stored.set(oid, entries);
          return entries;
        }
        return own === null ? trees.readTree(oid) : own.readTree(oid);
      },
      async *readBlobs(oids, options): AsyncGenerator<BlobContent> {
        // In the order asked, in runs of one origin.
        for (let at = 0; at < oids.length;) {
          const isOurs = own === null || trees.has(oids[at]!);
          let end = at + 1;
          while (end < oids.length && (own === null || trees.has(oids[end]!)) === isOurs) end++;
          yield* (isOurs ? trees : own).readBlobs(oids.slice(at, end), options);
          at = end;
        }
      },
    };
  }

  private storedTree(oid: Oid): TreeId | null {
    const { snapshots, fingerprint } = this.session;
    const id = snapshots.segments().findTree(treeKey(oid, '', { rules: fingerprint, ignore: null }));
    return id < 0 ? null : asTreeId(id);
  }

  private dependencyTree({ worktree, resolved, source }: Target): ReturnType<typeof openDependencies> {
    const disk = this.session.repository.workTree;
    const installed = worktree !== null && disk !== null && resolved.kind === 'worktree';
    const files = installed ? diskFiles(disk) : treeFiles(resolved.tree, source);
    return openDependencies({ files, disk, installed, home: homedir(), environment: process.env });
  }

  /** What a target depends on; looked at anew as far as something may have changed. */
  private async list(target: Target, call: CallOptions): Promise<Listing> {
    const { session } = this;
    const installed = target.resolved.kind === 'worktree';
    const changes = await this.watched.changes();
    const stamp = this.manifestStamp();
    const key = installed ? `installed\0${stamp}` : `locked\0${target.resolved.tree}\0${stamp}`;
    const before = this.listings.get(key);
    const stays = session.shared.options.watch !== undefined;
    if (
      before !== undefined &&
      stays &&
      changes === 'none' &&
      elapsedMs() - before.atMs < (this.watched.sees(before.packages) ? relistMs : outsideMs)
    )
      return before;
    if (changes !== 'none') this.listings.clear();
    const { packages, skipped, projects } = await this.dependencyTree(target).list();
    this.recall();
    const found: FoundPackage[] = [];
    const missing: Package[] = [];
    const unreadable: UnreadablePackage[] = [];
    const slices = new TimeSlices();
    let told = this.trees.read + toldEvery;
    for (const [i, pkg] of packages.entries()) {
      throwIfAborted(call.signal);
      if (pkg.origin === null) {
        const tree = this.known.find(pkg);
        if (tree !== null && this.storedTree(tree) !== null) found.push({ pkg, tree });
        else missing.push(pkg);
        continue;
      }
      try {
        found.push({ pkg, tree: await this.trees.look(pkg, stays && this.watched.isSame(pkg, changes), slices) });
      } catch (error) {
        if (!(error instanceof CoppiceError) || error.code !== 'PACKAGE_UNREADABLE') throw error;
        unreadable.push({ pkg, reason: error.message });
      }
      if (this.trees.read >= told) {
        told = this.trees.read + toldEvery;
        call.onProgress?.({
          phase: 'index',
          done: i,
          total: packages.length,
          unit: 'files',
          bytes: 0,
          what: 'looking at packages',
        });
      }
    }
    // What has changed is told once: of what is installed and not among these it is kept that it may have.
    if (changes !== 'none') this.trees.keepFresh(packages);
    this.watched.accept(changes, packages);
    if (installed) this.trees.keepOnly(packages);
    this.writeDown();
    const content = contentOf(found, missing, unreadable);
    const listing: Listing = {
      content,
      packages,
      found,
      missing,
      skipped: [...skipped, ...unreadable.map(skippedOf)],
      unreadable,
      atMs: elapsedMs(),
    };
    if (installed) this.manifests = this.manifestPaths(projects);
    if (this.listings.size > 8) this.listings.clear();
    this.listings.set(installed ? `installed\0${this.manifestStamp()}` : key, listing);
    return listing;
  }

  /** Packages as the process before this one has seen them: a look at the times of their files is enough then. */
  private recall(): void {
    if (this.isRecalled) return;
    this.isRecalled = true;
    this.trees.recall(this.written());
  }

  private written(): readonly LookRow[] {
    return this.session.store.looks.read(this.lookId) ?? [];
  }

  private writeDown(): void {
    const rows = this.trees.rows(() => this.written());
    if (rows !== null) this.session.store.looks.write(this.lookId, rows);
  }

  private get lookId(): string {
    const { workTree, gitDir } = this.session.repository;
    return `packages:${workTree ?? gitDir}`;
  }

  /** Manifests of the project on disk, and the folders that installing makes: a few looks tell whether any has changed. */
  private manifestPaths(projects: DependencyListing['projects']): string[] {
    const disk = this.session.repository.workTree;
    if (disk === null) return [];
    const paths: string[] = [];
    for (const [folder, entries] of projects) {
      for (const { name } of entries) if (isManifest(name) || name === '.pnp.cjs') paths.push(join(disk, folder, name));
      for (const name of [
        'node_modules',
        'node_modules/.package-lock.json',
        'node_modules/.modules.yaml',
        '.venv',
        'venv',
      ])
        paths.push(join(disk, folder, name));
    }
    return paths;
  }

  private manifestStamp(): string {
    const stamps = this.manifests.map((path) => {
      try {
        const stats = lstatSync(path, { throwIfNoEntry: false });
        return stats === undefined ? '' : `${stats.size}:${stats.mtimeMs}:${stats.ino}`;
      } catch {
        return '';
      }
    });
    return contentHash(stamps.join()).toString('base64');
  }

  private async fetch(missing: readonly Package[], call: CallOptions): Promise<boolean> {
    const { session } = this;
    let isAnyFetched = false;
    for await (const batch of fetchPackages(missing, session.repository.workTree, call)) {
      const trees = batch.map(({ files }) => this.trees.take(files));
      await this.store(
        trees[0]!,
        trees.map((tree, i) => ({ tree, pkg: batch[i]!.pkg })),
        this.source(null),
        call,
        false,
      );
      this.known.remember(
        batch.map(({ pkg }, i) => [pkg, trees[i]!] as const),
        true,
      );
      isAnyFetched = true;
    }
    return isAnyFetched;
  }

  /** What changes while it is read is looked at anew. */
  private async retrying<T>(call: CallOptions, action: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await action();
      } catch (error) {
        const mayPass = error instanceof CoppiceError && this.trees.isOutdated;
        if (!mayPass || tries === triesMax) throw error;
        throwIfAborted(call.signal);
        this.trees.forget();
        this.composed.clear();
        this.views.clear();
        this.listings.clear();
      }
    }
  }

  /** One at a time: what one has looked at the next need not. */
  private async alone<T>(call: CallOptions, action: () => Promise<T>): Promise<T> {
    const before = this.working;
    let end = (): void => undefined;
    this.working = new Promise<void>((resolve) => (end = resolve));
    try {
      await before;
      throwIfAborted(call.signal);
      return await action();
    } finally {
      end();
    }
  }
}

/** What is wrong with the archive of a package, as its directory tells; null for nothing. */
function damageOf(pkg: Package): UnreadablePackage | null {
  if (pkg.origin?.kind !== 'archive') return null;
  try {
    for (const file of packageFiles(pkg)) void file;
    return null;
  } catch (error) {
    if (!(error instanceof CoppiceError)) throw error;
    return { pkg, reason: error.message };
  }
}

const skippedOf = ({ pkg: { name, version }, reason }: UnreadablePackage): SkippedPackage => ({
  what: `${name}@${version}`,
  reason,
});

/** Of all that answers tell of packages. */
function contentOf(
  found: readonly FoundPackage[],
  missing: readonly Package[],
  unreadable: readonly UnreadablePackage[],
): string {
  const rowOf = ({ place, ecosystem, name, version, integrity, direct, dev, optional, chain }: Package): unknown[] => [
    place,
    ecosystem,
    name,
    version,
    integrity,
    direct,
    dev,
    optional,
    chain,
  ];
  const rows = [
    found.map(({ pkg, tree }) => [tree, ...rowOf(pkg)]),
    missing.map(rowOf),
    unreadable.map(({ pkg }) => rowOf(pkg)),
  ];
  return contentHash(JSON.stringify(rows)).toString('base64');
}

function noDependencies({ resolved }: Target, skipped: readonly SkippedPackage[]): CoppiceError {
  const why = skipped[0] === undefined ? '' : ` (${skipped[0].what}: ${skipped[0].reason})`;
  return new CoppiceError('NO_DEPENDENCIES', `nothing is installed or locked at ${resolved.rev}${why}`, {
    hint: 'dependencies come of node_modules, a virtual environment, or lock files such as package-lock.json, go.mod, Cargo.lock',
    data: { skipped },
  });
}

function allMissing(missing: readonly Package[]): CoppiceError {
  const names = missing
    .slice(0, 5)
    .map(({ name, version }) => `${name}@${version}`)
    .join(', ');
  return new CoppiceError(
    'NO_DEPENDENCIES',
    `none of these packages is on disk: ${names}${missing.length > 5 ? ', …' : ''}`,
    {
      hint: 'install them, or bring them from the registry with --fetch',
      data: { missing: missing.map(({ name, version }) => `${name}@${version}`) },
    },
  );
}
