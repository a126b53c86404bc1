import { BitSet } from '../base/index.js';
import type { CommitId, Oid } from '../model/index.js';
import type { SegmentList } from '../segment/index.js';
import { candidateDocs, tallyLines } from './chunk-tally.js';
import type { TallyRequest } from './chunk-tally.js';
import type { HistoryScope } from './commit-graph.js';
import { sortNewestFirst } from './commit-order.js';
import type { HistoryReader } from './history-reader.js';
import { ChangeScope, findPathChanges } from './path-changes.js';
import type { PathChanges, PathChangesRequest } from './path-changes.js';
import type { RefTips } from './ref-tips.js';
import { WantedChanges } from './wanted-changes.js';

/** A commit that changed how often paths have a line. */
export interface LineEvent {
  readonly commit: Oid;
  /** In git's order. Of a merge on a line of first parents: against the first. */
  readonly paths: readonly string[];
  readonly firstParent: boolean;
  readonly graph: boolean;
}

/** A distinct line, its events newest first, and the refs that have it now. */
export interface LineEvents {
  readonly line: string;
  readonly appeared: readonly LineEvent[];
  readonly disappeared: readonly LineEvent[];
  readonly refs: readonly string[];
}

export interface HistoryRequest extends Omit<TallyRequest, 'docs'>, Pick<PathChangesRequest, 'passes'> {
  readonly scope: HistoryScope;
  /** Only changes along first parents. */
  readonly firstParentOnly: boolean;
}

export interface LineHistoryRequest extends HistoryRequest {
  readonly refs: RefTips;
}

/**
 * The history of every line that matches and has an event in scope. The line with the newest event comes first, of several
 * in one commit by text. All events are found before the first line comes; a line is put together when it is asked for.
 *
 * 1. Chunks that can match, and that any commit near the scope changed: one that its tips reach, or one of the refs.
 * 2. Those of them that match, and their distinct lines.
 * 3. Commits that changed those chunks, and from these the changes of each line in each path.
 */
export async function findLineHistories(
  reader: HistoryReader,
  segments: SegmentList,
  request: LineHistoryRequest,
): Promise<Iterable<LineEvents>> {
  const { refs, firstParentOnly, passes } = request;
  const { graph, firstParent, ancestry } = request.scope;
  const scope = firstParentOnly ? { graph: common(graph, firstParent), firstParent } : { graph, firstParent };
  // To be compared, a file of any parent of a merge has to be known in full.
  const near = new WantedChanges(segments, union(ancestry, refs.lines), passes !== null);
  const docs = near.docs(await candidateDocs(segments, request));
  const { tally, lines } = await tallyLines(segments, { ...request, docs });
  const wanted = new WantedChanges(segments, union(scope.graph, firstParent, refs.lines), passes !== null);
  const changes = await findPathChanges(reader, segments, {
    ...request,
    tally,
    itemCount: lines.length,
    commits: wanted.commits(tally.docs),
    scope,
  });
  const scopes = firstParentOnly ? ChangeScope.FirstParent : ChangeScope.FirstParent | ChangeScope.Graph;
  return new LineTable(reader, segments, changes, lines, scopes, refs).histories();
}

/** What two sets of one size have in common. */
function common(set: BitSet, other: BitSet): BitSet {
  const both = new BitSet(set.size);
  both.words.forEach((_, i) => (both.words[i] = set.words[i]! & other.words[i]!));
  return both;
}

function union(...sets: readonly BitSet[]): BitSet {
  const all = new BitSet(sets[0]!.size);
  for (const set of sets) all.addAll(set);
  return all;
}

/** The changes by line. */
class LineTable {
  /** By line, where its rows begin in `rows`; those of the line after it begin where they end. */
  private readonly starts: Uint32Array;
  private readonly rows: Uint32Array;

  constructor(
    private readonly reader: HistoryReader,
    private readonly segments: SegmentList,
    private readonly changes: PathChanges,
    private readonly lines: readonly string[],
    /** Bits of the scopes in which a change is an event. */
    private readonly wanted: number,
    private readonly tips: RefTips,
  ) {
    const { items } = changes;
    const starts = new Uint32Array(lines.length + 1);
    for (const item of items) starts[item + 1]!++;
    for (let line = 0; line < lines.length; line++) starts[line + 1]! += starts[line]!;
    const next = starts.slice();
    this.rows = new Uint32Array(items.length);
    for (let row = 0; row < items.length; row++) this.rows[next[items[row]!]!++] = row;
    this.starts = starts;
  }

  *histories(): Generator<LineEvents> {
    const { commits, ranks } = this.rankCommits();
    const byCommit: number[][] = commits.map(() => []);
    for (let line = 0; line < this.lines.length; line++) {
      let newest = Infinity;
      for (const row of this.rowsOf(line)) {
        if ((this.changes.scopes[row]! & this.wanted) !== 0)
          newest = Math.min(newest, ranks.get(this.changes.commits[row]!)!);
      }
      if (newest < Infinity) byCommit[newest]!.push(line);
    }
    for (const lines of byCommit) {
      lines.sort((a, b) => (this.lines[a]! < this.lines[b]! ? -1 : 1));
      for (const line of lines) yield this.historyOf(line, ranks);
    }
  }

  /** The commits of all events, newest first. */
  private rankCommits(): { commits: readonly CommitId[]; ranks: ReadonlyMap<CommitId, number> } {
    const { commits, scopes } = this.changes;
    const distinct = new Set<CommitId>();
    for (let row = 0; row < commits.length; row++) if ((scopes[row]! & this.wanted) !== 0) distinct.add(commits[row]!);
    const sorted = sortNewestFirst([...distinct], this.reader.graph(this.segments), this.segments);
    return { commits: sorted, ranks: new Map(sorted.map((commit, rank) => [commit, rank])) };
  }

  /** By commit, then by path. */
  private rowsOf(line: number): Uint32Array {
    return this.rows.subarray(this.starts[line], this.starts[line + 1]);
  }

  private historyOf(line: number, ranks: ReadonlyMap<CommitId, number>): LineEvents {
    const { commits, deltas, scopes } = this.changes;
    const rows = this.rowsOf(line);
    const byCommit = new Map<CommitId, number[]>();
    for (const row of rows) {
      if ((scopes[row]! & this.wanted) === 0) continue;
      const own = byCommit.get(commits[row]!);
      if (own === undefined) byCommit.set(commits[row]!, [row]);
      else own.push(row);
    }
    const newestFirst = [...byCommit].sort(([a], [b]) => ranks.get(a)! - ranks.get(b)!);
    const events = (sign: 1 | -1): LineEvent[] =>
      newestFirst.flatMap(([commit, own]) => {
        const rowsOfSign = own.filter((row) => Math.sign(deltas[row]!) === sign);
        return rowsOfSign.length === 0 ? [] : [this.eventOf(commit, rowsOfSign)];
      });
    return {
      line: this.lines[line]!,
      appeared: events(1),
      disappeared: events(-1),
      refs: this.tips.having(Array.from(rows, (row) => [commits[row]!, deltas[row]!] as const)),
    };
  }

  private eventOf(commit: CommitId, rows: readonly number[]): LineEvent {
    const { positions, scopes } = this.changes;
    const { oid, changes } = this.reader.commit(this.segments, commit);
    let scope = 0;
    for (const row of rows) scope |= scopes[row]!;
    return {
      commit: oid,
      paths: rows.map((row) => changes[positions[row]!]!.path),
      firstParent: (scope & ChangeScope.FirstParent) !== 0,
      graph: (scope & ChangeScope.Graph) !== 0,
    };
  }
}
