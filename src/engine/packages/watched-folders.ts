import { join, sep } from 'node:path';
import type { Package, PackageOrigin } from '../../dependencies/index.js';
import type { Session } from '../session/session.js';
import type { WorktreeMonitor } from '../types.js';

/** What may have changed in watched folders: nothing, anything, or what lies at some paths on disk. */
export type Changes = 'none' | 'any' | ReadonlySet<string>;

interface Watched {
  readonly monitor: WorktreeMonitor;
  /** As of the last look; null: not known. */
  generation: number | null;
  next: number | null;
}

/** The outermost one: what lies deeper is watched with it. */
const containers = /^(?:.*?\/)??(?:node_modules|site-packages|\.yarn)(?=\/|$)/;

/** The folders of a project that packages are installed in, watched where a process stays. */
export class WatchedFolders {
  private readonly folders = new Map<string, Watched>();
  /** Packages of which was told whether all of them are watched. */
  private told: { readonly packages: readonly Package[]; readonly sees: boolean } | null = null;

  constructor(private readonly session: Session) {}

  /** What has changed since `accept`. */
  async changes(): Promise<Changes> {
    if (this.folders.size === 0) return 'any';
    const touched = new Set<string>();
    let isAny = false;
    // Each waits for an event of the kernel: at the same time.
    const all = [...this.folders.values()];
    const generations = await Promise.all(all.map(({ monitor }) => monitor.generation()));
    all.forEach((watched, i) => (watched.next = generations[i]!));
    for (const [path, watched] of this.folders) {
      if (watched.next === null || watched.generation === null) isAny = true;
      else if (watched.next !== watched.generation) {
        const paths = watched.monitor.touchedSince(watched.generation);
        if (paths === null) isAny = true;
        else for (const below of paths) touched.add(`${path}/${below}`);
      }
    }
    if (isAny) return 'any';
    return touched.size === 0 ? 'none' : touched;
  }

  /** What was told by `changes` has been looked at; these are the packages now. */
  accept(changes: Changes, packages: readonly Package[]): void {
    for (const watched of this.folders.values()) watched.generation = watched.next;
    if (changes === 'none' && this.folders.size > 0) return;
    this.told = null;
    const { shared, repository } = this.session;
    const { workTree } = repository;
    const { watch } = shared.options;
    if (watch === undefined || workTree === null) return;
    const wanted = new Set(
      packages.flatMap(({ origin, place }) =>
        origin === null || place.startsWith('.yarn/cache') ? [] : this.containerOf(place),
      ),
    );
    for (const [path, { monitor }] of this.folders) {
      if (wanted.has(path)) continue;
      monitor.close();
      this.folders.delete(path);
    }
    for (const path of wanted) {
      if (this.folders.has(path)) continue;
      const monitor = watch({
        workTree: path,
        gitDir: null,
        commonDir: null,
        project: workTree,
        ignoredFolders: () => Promise.resolve([]),
        mayIgnoreOtherwise: () => false,
        outsideRules: () => '',
        nestedRepository: () => '',
      });
      this.folders.set(path, { monitor, generation: null, next: null });
      void monitor.generation(); // begins to watch
    }
  }

  /** Whether a package is where it is watched, and was not touched. */
  isSame(pkg: Package, changes: Changes): boolean {
    if (changes === 'any' || pkg.origin === null || !this.isWatched(pkg)) return false;
    if (changes === 'none') return true;
    const own = pathOf(pkg.origin);
    for (const path of changes)
      if (path === own || path.startsWith(`${own}/`) || own.startsWith(`${path}/`)) return false;
    return true;
  }

  /** All of them are watched. */
  sees(packages: readonly Package[]): boolean {
    if (this.told?.packages !== packages) {
      this.told = { packages, sees: packages.every((pkg) => pkg.origin === null || this.isWatched(pkg)) };
    }
    return this.told.sees;
  }

  close(): void {
    for (const { monitor } of this.folders.values()) monitor.close();
    this.folders.clear();
  }

  /** It lies in a folder that is watched: what is there may be a link to elsewhere. */
  private isWatched({ place, origin }: Package): boolean {
    const container = this.containerOf(place)[0];
    return container !== undefined && this.folders.has(container) && pathOf(origin!).startsWith(`${container}/`);
  }

  private containerOf(place: string): string[] {
    const { workTree } = this.session.repository;
    const container = containers.exec(place)?.[0];
    return workTree === null || container === undefined ? [] : [join(workTree, container).split(sep).join('/')];
  }
}

const pathOf = ({ path }: PackageOrigin): string => path.split(sep).join('/');
