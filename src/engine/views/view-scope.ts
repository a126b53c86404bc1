import { isAbsolute } from 'node:path';

import { CoppiceError, contentHash, throwIfAborted } from '../../base/index.js';
import { leastFresh } from '../revs/revs.js';
import type { OpenedRev, Origin, Scope } from '../session/scope.js';
import type { Session } from '../session/session.js';
import type { SharedStore } from '../shared/shared-store.js';
import type { CallOptions, FileFilter, ResolvedRev } from '../types.js';
import type { DependencyRequest } from '../packages/project-packages.js';
import type { MountedRoot, MountedRepository, ViewMember } from './view-member.js';

/** So many members are asked for their roots at once. */
const askedAtOnce = 16;
const triesMax = 5;

/** Several roots searched as one: a tree whose folders they are. */
export class ViewScope implements Scope {
  readonly session = null;

  constructor(
    readonly shared: SharedStore,
    readonly name: string,
    private readonly members: readonly ViewMember[],
  ) {}

  /** The repositories among its members. */
  get repositories(): readonly MountedRepository[] {
    return this.members.flatMap(({ repository }) => (repository === null ? [] : [repository]));
  }

  get sessions(): readonly Session[] {
    return this.repositories.map(({ session }) => session);
  }

  async resolve(rev: string | undefined, call: CallOptions): Promise<ResolvedRev> {
    return this.describe(rev, await this.roots(rev, call));
  }

  async open(rev: string | undefined, call: CallOptions): Promise<OpenedRev> {
    for (let tries = 1; ; tries++) {
      const roots = await this.roots(rev, call);
      const mounts = roots.map(({ mount, tree }) => ({ name: mount, tree }));
      try {
        const snapshot = await this.shared.snapshots.open(this.shared.snapshots.compose(mounts));
        return {
          rev: this.describe(rev, roots),
          snapshot,
          freshness: () => leastFresh(...roots),
          leftOut: roots.flatMap(({ mount, leftOut = [] }) => leftOut.map((one) => ({ ...one, repo: mount }))),
          origin: originFinder(roots, (path) => snapshot.mounts?.split(path) ?? null),
        };
      } catch (error) {
        // What was in memory was let go, or what was stored collected, between the look and the opening.
        if (!(error instanceof CoppiceError) || error.code !== 'STORE_CORRUPT' || tries === triesMax) throw error;
      }
    }
  }

  rootedPath(path: string): string {
    const isOnDisk = isAbsolute(path) || path.startsWith('file:///');
    for (const member of isOnDisk ? this.members : []) {
      const located = member.locate(path);
      if (located !== null) return located;
    }
    return path.replace(/^\.\//, '');
  }

  rooted<T extends FileFilter>(filter: T): T {
    if (filter.paths === undefined) return filter;
    const rooted = (pattern: string): string => {
      const not = pattern.startsWith('!') ? '!' : '';
      const path = pattern.slice(not.length);
      const located = this.rootedPath(path);
      return located === path ? pattern : `${not}./${located}`;
    };
    return { ...filter, paths: filter.paths.map(rooted) };
  }

  /** The same repositories with packages. It is held as long as this one is. */
  withPackages(request: DependencyRequest): ViewScope {
    return new ViewScope(
      this.shared,
      this.name,
      this.members.map((member) => member.withPackages(request)),
    );
  }

  release(): void {
    for (const member of this.members) member.release();
  }

  private async roots(rev: string | undefined, call: CallOptions): Promise<MountedRoot[]> {
    const roots: MountedRoot[] = [];
    for (let at = 0; at < this.members.length; at += askedAtOnce) {
      if (call.signal !== undefined) throwIfAborted(call.signal);
      const batch = this.members.slice(at, at + askedAtOnce);
      for (const found of await Promise.all(batch.map((member) => member.roots(rev, call)))) roots.push(...found);
    }
    if (roots.length === 0 && this.members.length > 0)
      throw new CoppiceError('NO_DEPENDENCIES', 'no repository of the view has such packages', {
        hint: '`coppice status` in one of them tells which packages it has',
      });
    return roots;
  }

  private describe(rev: string | undefined, roots: readonly MountedRoot[]): ResolvedRev {
    const all = roots.map(({ mount, rev: { tree } }) => `${mount}\0${tree}`).sort();
    return { rev: rev ?? this.name, kind: 'view', commit: null, tree: contentHash(all.join('\n')).toString('hex') };
  }
}

/** What is asked of paths that come root by root. */
function originFinder(
  roots: readonly MountedRoot[],
  split: (path: string) => { readonly mount: string; readonly path: string } | null,
): (path: string) => Origin {
  const byMount = new Map(roots.map((root) => [root.mount, root]));
  return (path) => {
    const place = split(path);
    const root = place === null ? undefined : byMount.get(place.mount);
    if (place === null || root === undefined)
      throw new CoppiceError('PATH_NOT_FOUND', `there is no file ${path} in this view`, {
        hint: 'paths begin with the name of a repository of the view',
        data: { path },
      });
    const { mount: repo, rev, freshness } = root;
    const { path: ownPath } = place;
    const labels = root.labelsOf?.(ownPath) ?? null;
    return labels === null
      ? { path: ownPath, labels: { repo }, rev, freshness, session: root.session }
      : { path: ownPath, labels: { repo, ...labels }, rev, freshness, session: null };
  };
}
