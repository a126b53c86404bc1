import type { Freshness } from '../../../engine/index.js';
import { shortCommit } from './code-text.js';
import { clip } from './token-budget.js';

/** As much of a rev as an answer says. */
export interface AnsweredRev {
  readonly rev: string;
  readonly commit: string | null;
}

/** What an answer, or an item of it, is about. */
export interface Provenance extends AnsweredRev {
  /** Absolute path: what the argument `repo` takes. */
  readonly repo: string;
  readonly freshness: Freshness;
}

export function provenanceOf(repo: string, { rev, commit }: AnsweredRev, freshness: Freshness): Provenance {
  return { repo, rev, commit, freshness };
}

/** `main (3f2a1b9c04)`, `@worktree (live)`. */
export function showRev({ rev, commit, freshness }: AnsweredRev & { readonly freshness?: Freshness }): string {
  const details: string[] = [];
  if (commit !== null && !commit.startsWith(rev)) details.push(shortCommit(commit));
  if (freshness === 'live') details.push('live');
  if (freshness === 'stale') details.push('stale: newer changes are not in it yet');
  const shown = clip(rev, 300);
  return details.length === 0 ? shown : `${shown} (${details.join(', ')})`;
}
