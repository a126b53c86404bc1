import type { Oid } from '../../model/index.js';
import type { Pack } from '../../pack/index.js';
import { remoteInvalid } from '../../remote/index.js';
import type { PackRef, Publications } from '../../remote/index.js';
import type { Session } from '../session/session.js';
import type { PublishedRepository } from './published-repository.js';

/** Packs that may be needed for commits, in the order in which it is likely that they are. */
export function candidatesOf(
  { fingerprint }: Session,
  { head, commits }: PublishedRepository,
  wanted: readonly Oid[],
): PackRef[] {
  const last = Math.max(...wanted.map((commit) => commits.get(commit)?.sequence ?? 0));
  const ours = head.body.packs.filter(({ rules, from }) => rules === fingerprint && from <= last).reverse();
  return [...ours.filter(({ history }) => !history), ...ours.filter(({ history }) => history)];
}

/** REMOTE_INVALID for a pack that is another repository's, or of other rules. */
export function checkOrigin(
  { url }: Publications,
  { header, name }: Pack,
  { id }: PublishedRepository,
  rules: string,
): void {
  if (header.repository === id && header.rules === rules) return;
  throw remoteInvalid(url, `pack ${name.slice(0, 16)} is of another repository or other rules`);
}
