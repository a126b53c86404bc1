import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { CoppiceError, ErrorCode } from '../../../base/index.js';
import { clip } from './token-budget.js';

/** The way out in terms of tools, where the error's own hint speaks of commands and their flags. */
const hints: Partial<Readonly<Record<ErrorCode, string>>> = {
  EMPTY_REPOSITORY: 'search the files on disk with rev: "@worktree"',
  REV_NOT_FOUND: 'list_revs lists branches, tags and forks',
  REV_NOT_A_TREE: 'give a commit or a folder as rev; the tool read shows a file',
  NO_WORKTREE: 'the repository is bare: give a branch, tag or sha as rev',
  FORK_NOT_FOUND: 'list_revs lists forks; the tool fork makes one',
  FORK_EXISTS: 'choose another name, or go on with that fork',
  FORK_CONFLICT: 'others move this fork: read it again, then try again, or make a fork of your own',
  PATTERN_INVALID: 'escape special characters with \\, or give literal: true',
  PATCH_CONFLICT: 'read the file at the fork and make the diff against that, or put the file whole',
  MODE_UNAVAILABLE: 'leave mode out',
  STORE_LOCKED: 'another process is indexing: try again in a moment',
};

/** An error as the model is told it, so that it can do better. */
export function errorResult(error: CoppiceError, betterHint?: string): CallToolResult {
  const hint = betterHint ?? hints[error.code] ?? error.hint;
  const message = `${error.code}: ${clip(error.message, 600)}`;
  const text = hint === undefined ? message : `${message}\n${clip(hint, 600)}`;
  return { content: [{ type: 'text', text }], isError: true };
}
