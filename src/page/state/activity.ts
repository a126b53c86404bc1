import { signal } from '@preact/signals';
import type { Progress } from '../api/protocol.js';

/** Work of the daemon that takes long enough to tell about. */
export interface Activity {
  readonly progress: Progress;
  /** Gives the work up; absent when it is not ours. */
  readonly cancel: (() => void) | null;
}

/** What is going on now, by a name of its own. */
export const activities = signal<ReadonlyMap<string, Activity>>(new Map());

export function setActivity(name: string, activity: Activity | null): void {
  const next = new Map(activities.peek());
  if (activity === null) {
    if (!next.delete(name)) return;
  } else next.set(name, activity);
  activities.value = next;
}
