import { CoppiceError, compareBytewise, nowMs, throwIfAborted, uniqueSuffix } from '../../base/index.js';
import { allRepositories, viewPrefix } from '../../model/index.js';
import type { ViewEntry } from '../../store/index.js';
import { shorten } from '../limits.js';
import type { Sessions } from '../session/sessions.js';
import type { SharedStore } from '../shared/shared-store.js';
import type { CallOptions, ViewInfo } from '../types.js';
import { defineView } from './where.js';

/** The views that have names in a store. */
export class NamedViews {
  constructor(
    private readonly shared: SharedStore,
    private readonly sessions: Sessions,
  ) {}

  list(): ViewInfo[] {
    const { store } = this.shared;
    store.refresh();
    return [...store.catalog.views.values()].sort((a, b) => compareBytewise(a.name, b.name)).map(viewInfo);
  }

  /** VIEW_NAME_INVALID, VIEW_EXISTS, and what can be wrong with a root: no such repository, no such rev. */
  async add(
    name: string,
    roots: readonly string[],
    { deps = false, ...call }: CallOptions & { deps?: boolean },
  ): Promise<ViewInfo> {
    const { store } = this.shared;
    checkName(name);
    if (roots.length === 0)
      throw new CoppiceError('USAGE', 'a view needs a root', { hint: `coppice view add ${name} REPO[@REV]…` });
    store.refresh();
    if (store.catalog.views.has(name)) throw viewExists(name);
    const places: string[] = [];
    for (const root of roots) places.push(...(await this.canonical(root, call)));
    const entry: ViewEntry = { name, roots: [...new Set(places)], ...(deps ? { deps: true } : {}), at: nowMs() };
    if (!store.tryRecord({ t: 'view', n: uniqueSuffix(), ...entry })) throw viewExists(name);
    return viewInfo(entry);
  }

  async drop(name: string): Promise<void> {
    const { store } = this.shared;
    store.refresh();
    if (store.catalog.views.has(name) && store.tryRecord({ t: 'drop-view', n: uniqueSuffix(), name })) return;
    defineView(store, viewPrefix + name); // says which there are
    return Promise.resolve();
  }

  /** A root as it is kept: by its path, with all that it names there. */
  private async canonical(root: string, call: CallOptions): Promise<string[]> {
    if (root === allRepositories) return [root]; // those that are known when it is asked
    const places: string[] = [];
    for (const { path, rev } of defineView(this.shared.store, JSON.stringify([root])).roots) {
      throwIfAborted(call.signal);
      const session = await this.sessions.open(path);
      try {
        if (rev !== null) await session.resolve(rev, call);
        const { workTree, gitDir } = session.repository;
        await session.repositoryId(); // the store is to know it
        places.push((workTree ?? gitDir) + (rev === null ? '' : `@${rev}`));
      } finally {
        session.release();
      }
    }
    return places;
  }
}

export const viewInfo = ({ name, roots, deps, at }: ViewEntry): ViewInfo => ({
  name,
  roots,
  deps: deps === true,
  createdMs: at,
});

const viewExists = (name: string): CoppiceError =>
  new CoppiceError('VIEW_EXISTS', `there is a view named "${name}" already`, {
    hint: `choose another name, or remove it with \`coppice view drop ${name}\``,
    data: { name },
  });

function checkName(name: string): void {
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_.+-]{0,99}$/u.test(name)) return;
  throw new CoppiceError('VIEW_NAME_INVALID', `"${shorten(name)}" cannot be the name of a view`, {
    hint: 'use up to 100 letters, digits, ".", "_", "+" and "-", a letter or digit first',
    data: { name: shorten(name) },
  });
}
