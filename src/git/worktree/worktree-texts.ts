import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { RealFolders } from './worktree-changes.js';
import { failedRead, openFlags, worktreeBytes } from './worktree-file.js';

/** Reads files of a work tree as they lie on disk, at once: to search many of them. */
export class WorktreeTexts {
  private readonly folders: RealFolders;

  constructor(private readonly root: string) {
    this.folders = new RealFolders(root);
  }

  /**
   * A regular file; null when there is none, or only through a link. Its content is null beyond `maxBytes`. WORKTREE_UNREADABLE.
   */
  read(path: string, maxBytes: number): { readonly size: number; readonly content: Buffer | null } | null {
    if (this.folders.statsOf(path)?.isFile() !== true) return null;
    try {
      const fd = openSync(worktreeBytes(this.root, path), openFlags);
      try {
        const stats = fstatSync(fd);
        if (!stats.isFile()) return null;
        return { size: stats.size, content: stats.size <= maxBytes ? readFileSync(fd) : null };
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      return failedRead(error, path);
    }
  }
}
