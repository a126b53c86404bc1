import { openRev } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import type { Snapshot } from '../../snapshot/index.js';
import type { CallOptions, DescribeOptions, DescribeResult, PlannedDescription } from '../types.js';

/** See `Engine.describe`. */
export async function describeRevs(
  session: Session,
  revs: readonly string[],
  options: DescribeOptions,
): Promise<DescribeResult> {
  const snapshots = await openAll(session, revs, options);
  try {
    return await session.shared.descriptions.describe(snapshots, options);
  } finally {
    for (const snapshot of snapshots) snapshot.release();
  }
}

/** See `Engine.describePlan`. */
export async function* planDescriptions(
  session: Session,
  revs: readonly string[],
  options: CallOptions,
): AsyncGenerator<PlannedDescription, void, undefined> {
  const snapshots = await openAll(session, revs, options);
  try {
    yield* session.shared.descriptions.plan(snapshots, options);
  } finally {
    for (const snapshot of snapshots) snapshot.release();
  }
}

/** The snapshots of the revs; release them after use. */
async function openAll(session: Session, revs: readonly string[], call: CallOptions): Promise<Snapshot[]> {
  const opened: Snapshot[] = [];
  try {
    for (const rev of revs.length > 0 ? revs : ['HEAD']) opened.push((await openRev(session, rev, call)).snapshot);
    return opened;
  } catch (error) {
    for (const snapshot of opened) snapshot.release();
    throw error;
  }
}
