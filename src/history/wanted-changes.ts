import { BitSet } from '../base/index.js';
import type { CommitId } from '../model/index.js';
import { ChangeSign } from '../segment/index.js';
import type { SegmentList } from '../segment/index.js';

/** What commits of a set did to chunks, as the posting lists tell it. */
export class WantedChanges {
  private readonly signs: number;

  constructor(
    private readonly segments: SegmentList,
    private readonly wanted: BitSet,
    /** Whether a file that moves as it is matters, as to who looks at some files only. */
    withMoves: boolean,
  ) {
    this.signs = ChangeSign.Added | ChangeSign.Removed | (withMoves ? ChangeSign.Moved : 0);
  }

  /** Those of some chunks, ascending, that any of the commits changed. Most have to be read to know more, and some are long. */
  docs(candidates: readonly number[]): number[] {
    const changed = new BitSet(this.segments.docEnd);
    this.segments.forEachChangeOf(candidates, (commit, sign, doc) => {
      if ((sign & this.signs) !== 0 && this.wanted.has(commit)) changed.add(doc);
    });
    return candidates.filter((doc) => changed.has(doc));
  }

  /** Those of the commits that changed any of the chunks; both ascending. */
  commits(docs: readonly number[]): CommitId[] {
    const changing = new BitSet(this.wanted.size);
    this.segments.forEachChangeOf(docs, (commit, sign) => {
      if ((sign & this.signs) !== 0 && this.wanted.has(commit)) changing.add(commit);
    });
    return changing.toArray() as CommitId[];
  }
}
