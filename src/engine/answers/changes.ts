import { CoppiceError } from '../../base/index.js';
import { asOid } from '../../model/index.js';
import { resolveTarget } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import type { ChangedLines, ChangesOptions, FileChanges, CallOptions } from '../types.js';

const maxDefault = 1000;

/** See `Engine.changes`. */
export async function* listChanges(
  session: Session,
  rev: string,
  options: ChangesOptions,
): AsyncGenerator<FileChanges, void, undefined> {
  const { resolved } = await resolveTarget(session, rev, options);
  if (resolved.commit === null)
    throw new CoppiceError('REV_NOT_FOUND', `'${rev}' is no commit, so it has no history`, {
      hint: 'name a branch, tag or sha',
    });
  yield* await session.repository.listChanges(asOid(resolved.commit), options.maxCount ?? maxDefault, options.signal);
}

/** See `Engine.changedLines`. */
export async function linesChanged(
  session: Session,
  parent: string,
  commit: string,
  path: string,
  { signal }: CallOptions,
): Promise<readonly ChangedLines[]> {
  return session.repository.changedLines(asOid(parent), asOid(commit), path, signal);
}
