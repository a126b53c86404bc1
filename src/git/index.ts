/** Here is a repository: give me commits, trees, blobs, refs, worktree changes. Only starter of processes; writes nothing. */
export { packCommits } from './bare-commits.js';
export { locateRepository } from './locate.js';
export { openRepository } from './repository.js';
export type { Repository, ResolvedTree, WorktreeSince } from './repository.js';
export type { BlobContent, ReadBlobsOptions } from './blob-stream.js';
export { decodeCommit } from './commit-object.js';
export type { Commit } from './commit-object.js';
export type { Head, Ref, RefKind } from './refs.js';
export type { CommitLink, HistoryOptions } from './history.js';
export type { LinkedWorktree } from './linked-worktrees.js';
export type { WorktreeChange, WorktreeChanges } from './worktree-changes.js';
export type { WorktreeFile } from './worktree-file.js';
export type { CommitChanges, LineRange } from './change-list.js';
export { decodeTree, encodeTree } from './tree-object.js';
export { isDotGit } from './dot-git.js';
export { hashBlob, hashCommit, hashTree } from './object-hash.js';
export type { ObjectFormat } from './object-hash.js';
export { openFilesMax } from './open-files.js';
