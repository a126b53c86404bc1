import { elapsedMs } from '../../../base/index.js';
import type { Progress } from '../../../engine/index.js';

/** The parameters of `notifications/progress`, less the token. */
export interface ProgressNotice {
  readonly progress: number;
  readonly total?: number;
  readonly message: string;
}

const intervalMs = 200;

const verbs: Readonly<Record<Progress['phase'], string>> = {
  git: 'reading git objects',
  index: 'indexing',
  embed: 'embedding',
  merge: 'merging',
  gc: 'collecting',
  verify: 'verifying',
  describe: 'describing',
  push: 'publishing',
  pull: 'taking from the remote',
};

/**
 * Tells progress as MCP wants it: numbers that only grow, though the engine counts each phase from 0, and not more often than
 * anybody can look.
 */
export function progressNotifier(tell: (notice: ProgressNotice) => void): (progress: Progress) => void {
  let phase: string | undefined;
  /** What earlier phases have come to. */
  let base = 0;
  let told = 0;
  let nextMs = 0;
  return ({ phase: next, done, total, unit, what }) => {
    const key = `${next} ${what} ${unit}`;
    if (key !== phase) base = told;
    phase = key;
    const progress = base + done;
    const nowMs = elapsedMs();
    if (progress <= told || nowMs < nextMs) return;
    told = progress;
    nextMs = nowMs + intervalMs;
    const of = total > 0 ? ` of ${total}` : '';
    const message = `${verbs[next]} ${what}: ${done}${of} ${unit}`;
    tell({ progress, ...(total > 0 && { total: base + total }), message });
  };
}
