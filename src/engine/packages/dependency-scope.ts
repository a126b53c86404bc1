import { CoppiceError } from '../../base/index.js';
import { pathInside } from '../../dependencies/index.js';
import type { Package, PackageIndex } from '../../dependencies/index.js';
import { resolveTarget, withTarget } from '../revs/revs.js';
import type { OpenedRev, Origin, Scope } from '../session/scope.js';
import type { Session } from '../session/session.js';
import type { CallOptions, FileFilter, HitLabels, ResolvedRev, SkippedFile } from '../types.js';
import { languageByAlias } from '../../model/index.js';
import { parseQuery } from '../../search/index.js';
import type { AskedPackages } from './asked-packages.js';
import type { DependencyRequest, DependencyView, UnreadablePackage } from './project-packages.js';

/** The scope of a question about packages: of the project's own session where `dep:` was a word after all. */
export async function dependencyScope(session: Session, asked: AskedPackages & CallOptions): Promise<Scope> {
  const request = requestOf(asked);
  if (request === null) return session;
  const scope = new DependencyScope(session, request);
  const { range } = asked;
  return range === undefined ? scope : scope.pair(range.from, range.to, asked);
}

/** Which packages a question is about; null where `dep:` was a word after all. USAGE. */
export function requestOf(asked: AskedPackages): DependencyRequest | null {
  const { deps = [], withDeps = false, fetch = false, query } = asked;
  const filter = query === undefined ? { include: [], exclude: [] } : parseQuery(query, { languageByAlias }).deps;
  const named = filter.include.filter((name) => !kinds.has(name));
  if (asked.deps === undefined && !withDeps && filter.include.length === 0) return null;
  const words = [...deps, ...filter.include.filter((name) => kinds.has(name)).map((name) => `:${name}`)];
  const names = words.filter((name) => !/^[!:]/.test(name));
  for (const word of words)
    if (word.startsWith(':') && !kinds.has(word.slice(1)))
      throw new CoppiceError('USAGE', `there is no kind of package "${word.slice(0, 50)}"`, {
        hint: 'write :direct or :prod',
      });
  return {
    names,
    and: named,
    without: [...words.filter((name) => name.startsWith('!')).map((name) => name.slice(1)), ...filter.exclude],
    direct: words.includes(':direct'),
    prod: words.includes(':prod'),
    // What must be in a package is not in the project's own files.
    withOwn: withDeps && filter.include.length === 0,
    fetch,
  };
}

const kinds: ReadonlySet<string> = new Set(['direct', 'prod']);

/** The packages that a project depends on, alone or with its own files: a tree in which each lies where it is installed, or would be. */
export class DependencyScope implements Scope {
  readonly shared;
  readonly name: string;
  /** Places of packages in both ends of a range, so that what is in both versions of one is the same file. */
  private places: ((rev: string, pkg: Package) => string) | null = null;

  constructor(
    readonly session: Session,
    private readonly request: DependencyRequest,
  ) {
    this.shared = session.shared;
    this.name = session.name;
  }

  get sessions(): readonly Session[] {
    return [this.session];
  }

  async resolve(rev: string | undefined, call: CallOptions): Promise<ResolvedRev> {
    return (await resolveTarget(this.session, rev ?? this.session.defaultRev, call)).resolved;
  }

  /** From now on versions of a package in both revs lie in one place. */
  async pair(from: string, to: string, call: CallOptions): Promise<this> {
    const { session } = this;
    const packages = await session.packages();
    const at = async (rev: string): Promise<readonly Package[]> =>
      withTarget(session, rev, call, async (target) => {
        const { found, missing } = await packages.dependencies(target, call);
        return [...found.map(({ pkg }) => pkg), ...missing];
      });
    const before = versionsOf(await at(from));
    const after = versionsOf(await at(to));
    const placesOf = (
      own: ReadonlyMap<string, readonly string[]>,
      other: ReadonlyMap<string, readonly string[]>,
    ): ((pkg: Package) => string) => {
      const places = new Map<string, string>();
      for (const [id, versions] of own) {
        const others = other.get(id) ?? [];
        const changed = versions.filter((version) => !others.includes(version));
        for (const version of versions) {
          const number = changed.indexOf(version);
          places.set(`${id}@${version}`, number < 0 ? `${id}@${version}` : number === 0 ? id : `${id}+${number}`);
        }
      }
      return (pkg) => places.get(`${idOf(pkg)}@${pkg.version}`) ?? `${idOf(pkg)}@${pkg.version}`;
    };
    const inFrom = placesOf(before, after);
    const inTo = placesOf(after, before);
    this.places = (rev, pkg) => (rev === from ? inFrom(pkg) : inTo(pkg));
    return this;
  }

  open(asked: string | undefined, call: CallOptions): Promise<OpenedRev> {
    const { session, request, places } = this;
    const rev = asked ?? session.defaultRev;
    return withTarget(session, rev, call, async (target) => {
      const packages = await session.packages();
      const view = await packages.view(target, request, call, places === null ? undefined : (pkg) => places(rev, pkg));
      const snapshot = await session.snapshots.open(view.root);
      const isLive = target.worktree !== null;
      const freshness = (): Promise<'live' | 'exact'> => Promise.resolve(isLive ? 'live' : 'exact');
      const resolved: ResolvedRev = {
        ...target.resolved,
        commit: isLive ? null : target.resolved.commit,
        tree: view.tree,
      };
      const origin = this.originFinder(view, resolved, freshness);
      return { rev: resolved, snapshot, freshness, origin, leftOut: view.unreadable.map(leftOut) };
    });
  }

  rootedPath(path: string): string {
    return this.session.rootedPath(path);
  }

  rooted<T extends FileFilter>(filter: T): T {
    return this.session.rooted(filter);
  }

  private originFinder(
    { index }: DependencyView,
    rev: ResolvedRev,
    freshness: Origin['freshness'],
  ): (path: string) => Origin {
    const labelsOf = packageLabels(index);
    return (path) => {
      const labels = labelsOf(path);
      if (labels === null) return { path, labels: {}, rev, freshness, session: this.session };
      const shown = this.places === null ? path : `${labels.package}@${labels.version}/${labels.packagePath}`;
      return { path: shown, labels, rev, freshness, session: null };
    };
  }
}

/** What answers tell of the package that a path of a view is in; null for a file of none. */
export function packageLabels(index: PackageIndex): (path: string) => HitLabels | null {
  const known = new Map<Package, HitLabels>();
  return (path) => {
    const pkg = index.find(path);
    if (pkg === undefined) return null;
    let labels = known.get(pkg);
    if (labels === undefined) {
      const { name, version, direct, dev, chain } = pkg;
      const why = { direct, ...(dev ? { dev } : {}), ...(chain.length > 0 ? { chain } : {}) };
      known.set(pkg, (labels = { package: name, version, ...why }));
    }
    return { ...labels, packagePath: pathInside(pkg, path) };
  };
}

/** As answers tell of a package that could not be read. */
export const leftOut = ({ pkg: { place, name, version } }: UnreadablePackage): SkippedFile => ({
  path: place,
  package: name,
  version,
  reason: 'unreadable',
  sizeBytes: 0,
});

const idOf = ({ ecosystem, name }: Package): string => (ecosystem === 'npm' ? name : `${ecosystem}/${name}`);

function versionsOf(packages: readonly Package[]): Map<string, string[]> {
  const versions = new Map<string, string[]>();
  for (const pkg of packages) {
    const list = versions.get(idOf(pkg));
    if (list === undefined) versions.set(idOf(pkg), [pkg.version]);
    else if (!list.includes(pkg.version)) list.push(pkg.version);
  }
  for (const list of versions.values()) list.sort();
  return versions;
}
