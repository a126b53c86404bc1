import type { CommitId } from '../model/index.js';
import type { SegmentList } from '../segment/index.js';
import type { CommitGraph } from './commit-graph.js';

/** Newest first: by committer time; at one time children before their parents; else by oid. */
export function sortNewestFirst(commits: CommitId[], graph: CommitGraph, segments: SegmentList): CommitId[] {
  const { times, generations } = graph;
  const oids = new Map<CommitId, string>();
  const oidOf = (commit: CommitId): string => {
    let oid = oids.get(commit);
    if (oid === undefined) oids.set(commit, (oid = segments.commit(commit).oid));
    return oid;
  };
  return commits.sort(
    (a, b) =>
      times[b]! - times[a]! ||
      generations[b]! - generations[a]! ||
      (oidOf(a) < oidOf(b) ? -1 : oidOf(a) > oidOf(b) ? 1 : 0),
  );
}
