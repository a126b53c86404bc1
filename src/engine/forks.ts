import { CoppiceError, compareBytewise, elapsedMs, nowMs, uniqueSuffix } from '../base/index.js';
import type { ForkEntry } from '../store/index.js';
import { ensureTarget, requireFork, withTarget, worktreeRev } from './revs.js';
import type { Session } from './session.js';
import type { CallOptions, ForkInfo, ForkResult } from './types.js';

export const forkInfo = ({ name, rev, commit, tree, at }: ForkEntry): ForkInfo => ({
  name,
  rev,
  commit,
  tree,
  createdMs: at,
  expiresMs: null,
});

/** Makes a fork of a REV: one small record, whatever the size of what it sees. */
export async function forkRev(session: Session, name: string, from: string, call: CallOptions): Promise<ForkResult> {
  checkForkName(name);
  const repo = await session.repositoryId();
  const { target, root } = await withTarget(session, from, call, async (target) => ({
    target,
    root: (await ensureTarget(session, target, call)).key.toString('base64url'),
  }));
  const { commit, tree } = target.resolved;
  const entry: ForkEntry = { repo, name, rev: from, commit, tree, root, at: nowMs() };
  const startMs = elapsedMs();
  if (!session.store.tryRecord({ t: 'fork', n: uniqueSuffix(), ...entry })) {
    throw new CoppiceError('FORK_EXISTS', `there is a fork named "${name}" already`, {
      hint: `choose another name, or remove it with \`coppice drop ${name}\``,
      data: { name },
    });
  }
  const tookMs = elapsedMs() - startMs;
  // Garbage may have been collected between the look and the record; from now on it is kept.
  if (session.snapshots.findRoot(Buffer.from(root, 'base64url')) === null) await ensureTarget(session, target, call);
  return { ...forkInfo(entry), tookMs };
}

/** The repository's forks by name. */
export async function listForks(session: Session): Promise<ForkInfo[]> {
  const repo = await session.repositoryId();
  session.store.refresh();
  return [...session.store.catalog.forks()]
    .filter((entry) => entry.repo === repo)
    .sort((a, b) => compareBytewise(a.name, b.name))
    .map(forkInfo);
}

export async function dropFork(session: Session, name: string): Promise<void> {
  const { repo } = await requireFork(session, name);
  session.store.tryRecord({ t: 'drop', n: uniqueSuffix(), repo, name });
}

/** FORK_NAME_INVALID unless the name can stand where a REV stands. */
function checkForkName(name: string): void {
  const invalid = (why: string): CoppiceError =>
    new CoppiceError('FORK_NAME_INVALID', `"${name}" cannot be a fork's name: ${why}`, {
      hint: 'use letters, digits, "-", "_", "." and "/", as for a branch',
      data: { name },
    });
  if (name === '') throw invalid('it is empty');
  if (Buffer.byteLength(name) > 200) throw invalid('it is longer than 200 bytes');
  if (name.startsWith('-')) throw invalid('it begins with "-"');
  if (name === worktreeRev || name.startsWith('@') || name === 'HEAD') throw invalid('it means something else');
  if (name.includes('..') || /[\s~^:?*[\]\\{}"'`$&|;<>()!#%]/.test(name))
    throw invalid('it has characters that revs give a meaning');
  if (/[\u0000-\u001f\u007f\ud800-\udfff]/.test(name)) throw invalid('it has control characters');
  if (/^\/|\/$|\/\/|(?:^|\/)\.|\.$|\.lock$/.test(name))
    throw invalid('its "/" and "." are not placed as in a branch name');
}
