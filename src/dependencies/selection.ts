import semver from 'semver';
import { CoppiceError } from '../base/index.js';
import type { Package } from './types.js';

/** Which packages of a dependency tree are meant. All that is given must hold. */
export interface PackageSelection {
  /** `react`, `@types/*`, `lodash@^4`: any of them suffices. Empty: all. */
  readonly names?: readonly string[];
  /** Of these any must hold besides. */
  readonly and?: readonly string[];
  /** Those that are not wanted, written likewise. */
  readonly without?: readonly string[];
  /** Only what the project itself names. */
  readonly direct?: boolean;
  /** Only what is needed at work, not for development alone. */
  readonly prod?: boolean;
}

interface NamePattern {
  readonly matchesName: (name: string) => boolean;
  readonly range: string | null;
}

/** The packages that a selection means. PACKAGE_NOT_FOUND for a name that none has. */
export function selectPackages(
  packages: readonly Package[],
  { names = [], and = [], without = [], direct, prod }: PackageSelection,
): Package[] {
  const excluded = without.map(parsePattern);
  const candidates = packages.filter(
    (pkg) =>
      (direct !== true || pkg.direct) &&
      (prod !== true || !pkg.dev) &&
      !excluded.some((pattern) => isMeant(pattern, pkg)),
  );
  return [names, and].reduce((left, list) => chosen(left, list, packages), candidates);
}

/** Those that one of a list means; all where it is empty. */
function chosen(candidates: readonly Package[], list: readonly string[], packages: readonly Package[]): Package[] {
  if (list.length === 0) return [...candidates];
  const found = new Set<Package>();
  for (const name of list) {
    const pattern = parsePattern(name);
    const meant = candidates.filter((pkg) => isMeant(pattern, pkg));
    if (meant.length === 0) throw notFound(name, pattern, packages);
    for (const pkg of meant) found.add(pkg);
  }
  return candidates.filter((pkg) => found.has(pkg));
}

function parsePattern(text: string): NamePattern {
  const at = text.indexOf('@', 1);
  const [name, range] = at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
  if (name === '')
    throw new CoppiceError('USAGE', 'the name of a package is empty', {
      hint: 'write --deps react, or --deps for all',
    });
  const parts = name.toLowerCase().split('*');
  const matchesName = (own: string): boolean => {
    const lower = own.toLowerCase();
    if (parts.length === 1) return lower === parts[0];
    let from = parts[0]!.length;
    if (!lower.startsWith(parts[0]!)) return false;
    for (const part of parts.slice(1, -1)) {
      const found = lower.indexOf(part, from);
      if (found < 0) return false;
      from = found + part.length;
    }
    return lower.length - from >= parts.at(-1)!.length && lower.endsWith(parts.at(-1)!);
  };
  return { matchesName, range };
}

function isMeant({ matchesName, range }: NamePattern, { name, version }: Package): boolean {
  if (!matchesName(name)) return false;
  if (range === null || range === version || range === '*') return true;
  const own = semver.parse(version, { loose: true }) ?? semver.coerce(version);
  return (
    own !== null &&
    semver.validRange(range, { loose: true }) !== null &&
    semver.satisfies(own, range, { loose: true, includePrerelease: true })
  );
}

function notFound(written: string, { matchesName, range }: NamePattern, packages: readonly Package[]): CoppiceError {
  const versions = [...new Set(packages.filter(({ name }) => matchesName(name)).map(({ version }) => version))];
  const what = `no package '${written.slice(0, 100)}' among the ${packages.length} that this project depends on`;
  if (versions.length > 0) {
    const hint =
      range === null
        ? 'it is there, but not as a dependency of the kind that was asked for'
        : `there ${versions.length === 1 ? 'is' : 'are'} ${versions.slice(0, 5).join(', ')}`;
    return new CoppiceError('PACKAGE_NOT_FOUND', what, { hint });
  }
  const part = written
    .replace(/^@[^/]*\//, '')
    .replace(/[@*].*$/, '')
    .toLowerCase();
  const near = [...new Set(packages.map(({ name }) => name))]
    .filter((name) => part.length > 2 && name.toLowerCase().includes(part))
    .slice(0, 5);
  return new CoppiceError('PACKAGE_NOT_FOUND', what, {
    hint:
      near.length > 0
        ? `did you mean ${near.join(', ')}?`
        : 'coppice status lists what it depends on; names may have *, as @types/*',
  });
}
