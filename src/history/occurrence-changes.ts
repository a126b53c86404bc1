import { BitSet } from '../base/index.js';
import type { CommitId, Oid } from '../model/index.js';
import type { SegmentList } from '../segment/index.js';
import { candidateDocs, tallyOccurrences } from './chunk-tally.js';
import { sortNewestFirst } from './commit-order.js';
import type { HistoryReader } from './history-reader.js';
import type { HistoryRequest } from './line-histories.js';
import { findPathChanges } from './path-changes.js';
import { WantedChanges } from './wanted-changes.js';

/** A commit that changed how often the pattern occurs in paths. */
export interface OccurrenceEvent {
  readonly commit: Oid;
  /** In git's order. */
  readonly paths: readonly string[];
  /** How much more often in all of them. */
  readonly delta: number;
}

/**
 * The commits at which the pattern occurs in some path more or less often than in the first parent; newest first. In the
 * whole graph merges are left out, as git log does.
 */
export async function findOccurrenceChanges(
  reader: HistoryReader,
  segments: SegmentList,
  request: HistoryRequest,
): Promise<Iterable<OccurrenceEvent>> {
  const graph = reader.graph(segments);
  const commits = new BitSet(graph.size);
  if (request.firstParentOnly) commits.addAll(request.scope.firstParent);
  else for (const commit of request.scope.graph.toArray()) if (!graph.isMerge(commit)) commits.add(commit);
  const wanted = new WantedChanges(segments, commits, request.passes !== null);
  const docs = wanted.docs(await candidateDocs(segments, request));
  const tally = await tallyOccurrences(segments, { ...request, docs });
  const changes = await findPathChanges(reader, segments, {
    ...request,
    tally,
    itemCount: 1,
    commits: wanted.commits(tally.docs),
    // Each is compared with its first parent and no other.
    scope: { firstParent: commits, graph: new BitSet(graph.size) },
  });
  const rows = new Map<CommitId, number[]>();
  for (let row = 0; row < changes.length; row++) {
    const commit = changes.commits[row]!;
    const own = rows.get(commit);
    if (own === undefined) rows.set(commit, [row]);
    else own.push(row);
  }
  const newestFirst = sortNewestFirst([...rows.keys()], graph, segments);
  return (function* (): Generator<OccurrenceEvent> {
    for (const commit of newestFirst) {
      const own = rows.get(commit)!;
      const { oid, changes: fileChanges } = reader.commit(segments, commit);
      yield {
        commit: oid,
        paths: own.map((row) => fileChanges[changes.positions[row]!]!.path),
        delta: own.reduce((sum, row) => sum + changes.deltas[row]!, 0),
      };
    }
  })();
}
