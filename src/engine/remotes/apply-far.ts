import { CoppiceError, elapsedMs } from '../../base/index.js';
import { ClusterTurns, FarDraft, NoLongerThere, TreePublisher } from '../../cluster/index.js';
import type { Turn } from '../../cluster/index.js';
import { OverlaySource, SegmentSink, StoredSource, diffTrees } from '../../indexing/index.js';
import { ForkState } from '../forks/apply.js';
import { forkInfo } from '../forks/forks.js';
import { forkNotFound } from '../revs/find-fork.js';
import type { Session } from '../session/session.js';
import { untilHere } from '../session/until-here.js';
import { indexTrees } from '../trees/index-trees.js';
import type { ApplyResult, ApplyStep, CallOptions } from '../types.js';
import { findFarFork, moveFarFork } from './far-forks.js';
import type { FarFork } from './far-forks.js';
import { farOf, waitTold } from './far.js';

/** Others may move the same fork at the same time. */
const triesMax = 5;

/**
 * Moves a fork that is in the cluster forward: the edits are made in memory, over what is known of the cluster; what is new of them is published there, and
 * one conditional write moves the fork. Costs what is edited, and one look at the tree's files.
 */
export async function applyFar(
  session: Session,
  name: string,
  steps: readonly ApplyStep[],
  call: CallOptions,
): Promise<ApplyResult> {
  const startMs = elapsedMs();
  for (let tries = 1; ; tries++) {
    const { storage, store } = farOf(session.shared);
    const onWait = waitTold(storage.url, 'index', call.onProgress);
    const moving = new ClusterTurns(storage).publish({ ...call, onWait }, async (turn) => {
      const fork = await findFarFork(session, name, call);
      if (fork === null) throw await forkNotFound(session, name);
      const { moved, ...told } = await untilHere(call.signal, () => edit(session, fork, steps, turn, call));
      turn.check();
      return (await moveFarFork(session, fork, moved, call)) ? { ...forkInfo(moved), ...told } : null;
    });
    const done = await moving.catch(async (error: unknown) => {
      if (!(error instanceof NoLongerThere) || tries === triesMax) throw error;
      await store.forget();
      return null;
    });
    if (done !== null) return { ...done, tookMs: elapsedMs() - startMs };
    if (tries === triesMax) {
      throw new CoppiceError('FORK_CONFLICT', `the fork "${name}" is being moved by others all the time`, {
        hint: 'run the command again when fewer move it, or make a fork of your own from it',
        data: { name },
      });
    }
  }
}

/** Publishes what a fork's tree becomes; nothing refers to it yet. */
async function edit(
  session: Session,
  { entry: fork }: FarFork,
  steps: readonly ApplyStep[],
  turn: Turn,
  call: CallOptions,
): Promise<Pick<ApplyResult, 'changedFiles' | 'newChunks'> & { moved: FarFork['entry'] }> {
  const { shared, fingerprint } = session;
  const { storage, store: far } = farOf(shared);
  const root = await far.open(Buffer.from(fork.root, 'base64url').toString('hex'), call);
  if (root === null) {
    throw new CoppiceError('STORE_CORRUPT', `the tree of the fork "${fork.name}" is gone from ${storage.url}`, {
      hint: `drop the fork with \`coppice drop ${fork.name}\``,
    });
  }
  const draft = new FarDraft(far.segments().retain(), shared.snapshots.segmentCaches);
  try {
    const behind = session.isPublished ? null : session.source;
    const source = new OverlaySource(new StoredSource(draft, root, behind), 'kept');
    const state = new ForkState(session, source, fork.tree, fork.commit);
    for (const step of steps) await state.take(step);
    const sink = new SegmentSink(draft);
    const { roots } = await indexTrees(shared, [state.tree], source, call, { sink, baseOids: [fork.tree] });
    const [{ id, key }] = roots as [(typeof roots)[number]];
    const held = { ...call, check: () => turn.check() };
    const publisher = new TreePublisher(storage, draft.segments(), draft.caches, held, undefined, far);
    await publisher.publish(id, key.toString('hex'), { tree: state.tree, rules: fingerprint });
    const changed = await diffTrees(fork.tree, state.tree, source);
    return {
      changedFiles: changed.length,
      newChunks: publisher.sent.chunks,
      moved: { ...fork, commit: state.commit, tree: state.tree, root: key.toString('base64url') },
    };
  } finally {
    draft.close();
  }
}
