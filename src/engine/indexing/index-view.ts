import { elapsedMs } from '../../base/index.js';
import { sumOfAdded } from '../trees/added.js';
import type { IndexOptions, IndexResult } from '../types.js';
import type { ViewScope } from '../views/view-scope.js';
import { indexRevs } from './index-revs.js';

/** Indexes the same revs of each repository of a view; those that a root is pinned to in their place. */
export async function indexView(view: ViewScope, revs: readonly string[], options: IndexOptions): Promise<IndexResult> {
  const startMs = elapsedMs();
  const results: IndexResult[] = [];
  for (const { mount, session, rev } of view.repositories) {
    const result = await indexRevs(session, rev === null ? revs : [rev], options);
    results.push({ ...result, revs: result.revs.map((indexed) => ({ ...indexed, repo: mount })) });
  }
  return {
    revs: results.flatMap((result) => result.revs),
    commits: results.reduce((sum, { commits }) => sum + commits, 0),
    ...sumOfAdded(results),
    tookMs: elapsedMs() - startMs,
  };
}
