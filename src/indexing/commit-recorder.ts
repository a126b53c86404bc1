import type { CommitLink } from '../git/index.js';
import type { CommitId, FileId, Oid, RepositoryId, TreeId } from '../model/index.js';
import { commitKey } from '../snapshot/index.js';
import { changedDocs, changedFiles } from './file-changes.js';
import type { SegmentSink } from './segment-sink.js';

/** Records commits of one repository whose trees are stored: what each changed against its first parent. */
export class CommitRecorder {
  constructor(
    private readonly sink: SegmentSink,
    private readonly repository: RepositoryId,
    private readonly fingerprint: string,
  ) {}

  find(commit: Oid): CommitId | null {
    return this.sink.findCommit(commitKey(commit, this.repository, this.fingerprint));
  }

  /** Records a commit that is not recorded. Its parents were before it, or are not here. */
  record({ oid, parents: parentOids, time }: Omit<CommitLink, 'tree'>, tree: TreeId): CommitId {
    const { sink, repository } = this;
    const parents = parentOids.map((parent) => this.find(parent));
    const first = parents[0] ?? null;
    const changes = changedFiles(first === null ? null : sink.commitTree(first), tree, sink);
    const docs = changedDocs(changes, (file: FileId) => (sink.isSearched(file) ? sink.fileRecord(file).docs : []));
    const key = commitKey(oid, repository, this.fingerprint);
    return sink.addCommit(key, { repository, oid, tree, parents, time, changes }, docs);
  }
}
