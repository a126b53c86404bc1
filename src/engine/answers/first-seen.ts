import type { CommitId, RepositoryId } from '../../model/index.js';
import { ChangeSign } from '../../segment/index.js';
import type { SegmentList } from '../../segment/index.js';
import type { FirstSeen } from '../types.js';

/**
 * The earliest commit in the indexed history of a repository that put a chunk, exactly as it is, into some file: by
 * committer time, then oid. Null when none did, as where no history is indexed.
 */
export function firstSeen(segments: SegmentList, repository: RepositoryId, doc: number): FirstSeen | null {
  const added: { commit: CommitId; time: number }[] = [];
  segments.forEachChange(doc, (commit, sign) => {
    if ((sign & ChangeSign.Added) !== 0) added.push({ commit, time: segments.commitTime(commit) });
  });
  added.sort((a, b) => a.time - b.time);
  let first: string | null = null;
  let firstTime = 0;
  for (const { commit, time } of added) {
    if (first !== null && time > firstTime) break;
    const record = segments.commit(commit);
    if (record.repository !== repository || (first !== null && first < record.oid)) continue;
    first = record.oid;
    firstTime = time;
  }
  return first === null ? null : { commit: first, date: new Date(firstTime * 1000).toISOString() };
}
