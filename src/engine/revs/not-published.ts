import { CoppiceError } from '../../base/index.js';
import type { Oid } from '../../model/index.js';

/** REMOTE_NOT_FOUND. */
export const notPublished = (commit: Oid | null): CoppiceError =>
  new CoppiceError(
    'REMOTE_NOT_FOUND',
    commit === null ? 'only commits are published' : `commit ${commit} is not published`,
    {
      hint: 'a search node answers for what was pushed: coppice push REMOTE REV',
    },
  );
