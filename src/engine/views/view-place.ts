import { basename, dirname } from 'node:path';

import { CoppiceError } from '../../base/index.js';
import { Place } from '../session/place.js';
import type { Session } from '../session/session.js';
import type { Sessions } from '../session/sessions.js';
import type { SharedStore } from '../shared/shared-store.js';
import { RepositoryMember } from './repository-member.js';
import type { ViewMember } from './view-member.js';
import { ViewScope } from './view-scope.js';

/** A repository or folder that a view names, by a path on this machine's disk. */
export interface ViewRoot {
  readonly path: string;
  /** The rev that it always has in the view; null: the one that is asked for, else what one sees. */
  readonly rev: string | null;
  /** With the packages that it depends on. */
  readonly deps?: boolean;
}

/** What a view is made of, as it was said. */
export interface ViewDefinition {
  /** What people call it. */
  readonly name: string;
  readonly roots: readonly ViewRoot[];
}

/** Several roots, whichever are there at the moment. */
export class ViewPlace extends Place<ViewScope> {
  /** Sessions that are held between questions, by path: to open a repository again takes a process or two. */
  private held = new Map<string, Promise<Session>>();

  /** `define` is asked before each question: a view that has a name may have become another. */
  constructor(
    private readonly shared: SharedStore,
    private readonly sessions: Sessions,
    private readonly define: () => ViewDefinition,
  ) {
    super();
  }

  protected async open(): Promise<ViewScope> {
    const { name, roots } = this.define();
    if (roots.length === 0)
      throw new CoppiceError('VIEW_EMPTY', `${name} has no repository that is there`, {
        hint: 'name some with --repo, or index one first',
      });
    const opened = await Promise.allSettled(roots.map(({ path }) => this.session(path)));
    const sessions = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = opened.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      for (const session of sessions) session.release();
      throw failed.reason;
    }
    this.forget(new Set(roots.map(({ path }) => path)));
    return new ViewScope(this.shared, name, membersOf(sessions, roots));
  }

  protected async letGo(): Promise<void> {
    this.forget(new Set());
    return Promise.resolve();
  }

  /** The session of the repository around a path, as it is now; to be released. */
  private async session(path: string): Promise<Session> {
    for (;;) {
      let opening = this.held.get(path);
      if (opening === undefined) this.held.set(path, (opening = this.sessions.open(path)));
      let session: Session;
      try {
        session = await opening;
      } catch (error) {
        if (this.held.get(path) === opening) this.held.delete(path);
        throw error;
      }
      if (session.isInPlace) return session.retain();
      if (this.held.get(path) !== opening) continue;
      this.held.delete(path);
      session.release();
    }
  }

  /** Lets go the sessions of all other paths. */
  private forget(wanted: ReadonlySet<string>): void {
    for (const [path, opening] of this.held) {
      if (wanted.has(path)) continue;
      this.held.delete(path);
      void opening.then(
        (session) => session.release(),
        () => undefined,
      );
    }
  }
}

/** The members of a view: each root once. */
function membersOf(sessions: readonly Session[], roots: readonly ViewRoot[]): ViewMember[] {
  const distinct = new Map<string, { session: Session; rev: string | null; deps: boolean }>();
  sessions.forEach((session, i) => {
    const { rev, deps = false } = roots[i]!;
    const key = `${session.repository.gitDir}\0${session.repository.workTree ?? ''}\0${rev ?? ''}`;
    const known = distinct.get(key);
    if (known !== undefined) session.release();
    distinct.set(key, { session: known?.session ?? session, rev, deps: deps || known?.deps === true });
  });
  const all = [...distinct.values()];
  const mounts = mountNames(
    all.map(({ session, rev }) => ({ path: placeOf(session), name: session.name.replaceAll('/', '') || 'root', rev })),
  );
  return all.map(
    ({ session, rev, deps }, i) => new RepositoryMember({ session, mount: mounts[i]!, rev }, deps ? allPackages : null),
  );
}

const allPackages = { names: [], and: [], without: [], direct: false, prod: false, withOwn: true };

const placeOf = ({ repository: { workTree, gitDir } }: Session): string => workTree ?? gitDir;

interface Named {
  readonly path: string;
  readonly name: string;
  readonly rev: string | null;
}

/**
 * A folder for each root: its name; where several have the same, with the rev that it is pinned to, the folder that it is in, or a number.
 * None lies in another.
 */
export function mountNames(roots: readonly Named[]): string[] {
  const candidates: ((root: Named) => string)[] = [
    ({ name }) => name,
    ({ name, rev }) => (rev === null ? name : `${name}@${rev.replaceAll('/', '-')}`),
    ({ name, path }) => `${basename(dirname(path)) || 'root'}-${name}`,
    ({ name, path, rev }) => `${basename(dirname(path)) || 'root'}-${name}@${(rev ?? '').replaceAll('/', '-')}`,
  ];
  const names = new Array<string | undefined>(roots.length);
  for (const nameOf of candidates) {
    const count = new Map<string, number>();
    for (const name of names) if (name !== undefined) count.set(name, 1);
    const open = roots.flatMap((root, i) => (names[i] === undefined ? [{ i, name: nameOf(root) }] : []));
    for (const { name } of open) count.set(name, (count.get(name) ?? 0) + 1);
    for (const { i, name } of open) if (count.get(name) === 1) names[i] = name;
  }
  const taken = new Set(names);
  return roots.map((root, i) => {
    for (let number = 1; names[i] === undefined; number++) {
      const name = `${root.name}-${number}`;
      if (taken.has(name)) continue;
      taken.add(name);
      names[i] = name;
    }
    return names[i];
  });
}
