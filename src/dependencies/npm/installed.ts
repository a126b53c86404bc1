import { realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { systemErrorCode } from '../../base/index.js';
import type { PackageOrigin, SkippedPackage } from '../types.js';
import { joinPath, listFolder, readSmallFile } from '../project-files.js';
import type { Manifests } from './locked.js';
import { needsOf, parseManifest, type PackageManifest } from './package-manifest.js';
import type { PlacedNode } from './placed-graph.js';

/** A package as it lies on disk. */
export interface InstalledPackage extends PlacedNode {
  readonly origin: PackageOrigin;
}

export interface Installed {
  readonly packages: readonly InstalledPackage[];
  /** Places that lead to others: of a package, or of a member of the project. */
  readonly links: ReadonlyMap<string, string>;
  readonly skipped: readonly SkippedPackage[];
}

const manifestBytesMax = 4 * 1024 * 1024;
const nestingMax = 60;

/**
 * What lies in the `node_modules` of some folders of a project: hoisted and nested packages, and pnpm's. A link is followed where it leads to another package, to a member of the
 * project, or to a folder outside that the project itself names (`file:`, `link:`, `portal:`); all others are told and let be.
 */
export function scanInstalled(disk: string, folders: Iterable<string>, manifests: Manifests): Installed {
  const scan = new Scan(disk, outsideNames(manifests));
  for (const folder of folders) scan.modules(joinPath(folder, 'node_modules'));
  return scan.finish();
}

function outsideNames(manifests: Manifests): ReadonlySet<string> {
  const names = new Set<string>();
  for (const manifest of manifests.values()) {
    for (const list of [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies])
      for (const [name, range] of list) if (/^(?:file|link|portal):/.test(range)) names.add(name);
  }
  return names;
}

class Scan {
  private readonly packages = new Map<string, InstalledPackage>();
  private readonly linked: { place: string; name: string }[] = [];
  private readonly skipped: SkippedPackage[] = [];
  private readonly root: string;

  constructor(
    private readonly disk: string,
    private readonly outside: ReadonlySet<string>,
  ) {
    this.root = realpathOf(disk) ?? disk;
  }

  /** The packages in a `node_modules`, which is no link. */
  modules(place: string, nesting = 0): void {
    if (nesting > nestingMax) {
      this.skipped.push({ what: place, reason: `packages lie in one another more than ${nestingMax} deep` });
      return;
    }
    for (const { name, kind } of listFolder(join(this.disk, place))) {
      if (name === '.pnpm' && kind === 'folder') {
        const virtual = `${place}/.pnpm`;
        for (const entry of listFolder(join(this.disk, virtual)))
          if (entry.kind === 'folder' && entry.name !== 'node_modules')
            this.modules(`${virtual}/${entry.name}/node_modules`, nesting + 1);
      } else if (name.startsWith('.')) continue;
      else if (name.startsWith('@') && kind === 'folder') {
        for (const inner of listFolder(join(this.disk, place, name)))
          this.entry(place, `${name}/${inner.name}`, inner.kind, nesting);
      } else this.entry(place, name, kind, nesting);
    }
  }

  finish(): Installed {
    const links = new Map<string, string>();
    for (const { place, name } of this.linked) {
      const target = this.follow(place);
      if (target === null) continue;
      const inside = relative(this.root, target);
      const isOutside = inside === '..' || inside.startsWith(`..${sep}`);
      if (isOutside && this.root.startsWith(target === sep ? sep : target + sep)) {
        this.skipped.push({ what: place, reason: `it is a link to ${target}, which the project itself lies in` });
        continue;
      }
      if (isOutside && !this.outside.has(name)) {
        this.skipped.push({
          what: place,
          reason: `it is a link to ${target}, outside of the project, which the project does not name`,
        });
      } else if (isOutside) this.add(place, name, target);
      else links.set(place, inside.split(sep).join('/'));
    }
    return { packages: [...this.packages.values()], links, skipped: this.skipped };
  }

  private entry(modules: string, name: string, kind: 'file' | 'folder' | 'link', nesting: number): void {
    const place = `${modules}/${name}`;
    if (kind === 'link') this.linked.push({ place, name });
    else if (kind === 'folder') {
      this.add(place, name, join(this.disk, place));
      this.modules(`${place}/node_modules`, nesting + 1);
    }
  }

  private add(place: string, name: string, path: string): void {
    const manifest: PackageManifest | null = parseManifest(readSmallFile(join(path, 'package.json'), manifestBytesMax));
    this.packages.set(place, {
      place,
      name: manifest?.name ?? name,
      version: manifest?.version ?? '',
      needs: manifest === null ? [] : needsOf(manifest),
      origin: { kind: 'folder', path },
    });
  }

  private follow(place: string): string | null {
    try {
      return realpathSync(join(this.disk, place));
    } catch (error) {
      const code = systemErrorCode(error) ?? 'unknown failure';
      const reason =
        code === 'ELOOP' ? 'it is a link that leads back to itself' : `it is a link that leads nowhere: ${code}`;
      this.skipped.push({ what: place, reason });
      return null;
    }
  }
}

function realpathOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
