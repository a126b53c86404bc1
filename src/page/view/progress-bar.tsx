import type { JSX } from 'preact';
import type { Progress } from '../api/protocol.js';
import { activities } from '../state/activity.js';
import { formatBytes } from './parts/format-bytes.js';

const verbs: Readonly<Record<Progress['phase'], string>> = {
  git: 'Reading',
  index: 'Indexing',
  merge: 'Merging',
  gc: 'Collecting',
  verify: 'Verifying',
  embed: 'Embedding',
  describe: 'Describing',
  push: 'Publishing',
  pull: 'Taking in',
};

/** How far the daemon is with what takes long; nothing while nothing does. */
export function ProgressBar(): JSX.Element | null {
  // Ours first: its progress also comes as an event.
  const [activity] = [...activities.value.values()].sort(
    (a, b) => Number(b.cancel !== null) - Number(a.cancel !== null),
  );
  if (activity === undefined) return null;
  const { progress, cancel } = activity;
  const { done, total, phase, what } = progress;
  const known = total > 0;
  return (
    <div class="progress" role="region" aria-label="Progress">
      <div
        class={known ? 'progress-track' : 'progress-track progress-unknown'}
        role="progressbar"
        aria-label={`${verbs[phase]} ${what}`}
        aria-valuemin={0}
        {...(known ? { 'aria-valuemax': total, 'aria-valuenow': done } : {})}
        aria-valuetext={amountOf(progress)}
      >
        <div class="progress-done" style={{ width: known ? `${(100 * Math.min(done, total)) / total}%` : '30%' }} />
      </div>
      <span class="progress-text">
        {verbs[phase]} <b>{what}</b> <span class="muted">{amountOf(progress)}</span>
      </span>
      {cancel !== null && (
        <button type="button" class="link-button" onClick={cancel}>
          Cancel
        </button>
      )}
    </div>
  );
}

function amountOf({ done, total, unit, bytes }: Progress): string {
  const count =
    total > 0 ? `${done.toLocaleString()} of ${total.toLocaleString()} ${unit}` : `${done.toLocaleString()} ${unit}`;
  return bytes > 0 ? `${count}, ${formatBytes(bytes)}` : count;
}
