import { computed, effect, signal } from '@preact/signals';
import { asRequestError } from '../api/request-error.js';
import type { DaemonEvent, Progress, ResolvedRev } from '../api/protocol.js';
import { setActivity } from './activity.js';
import { epoch } from './epoch.js';
import { fileContent } from './shown/file-content.js';
import { folderContent, showsFolder } from './shown/folder-content.js';
import { place } from './navigation.js';
import { results } from './shown/results.js';
import { api, connection, roots, wireRepo } from './session.js';

/** Several changes in a row are looked at once, so long after the last, in milliseconds. */
const settleMs = 250;
const reconnectMs = 2_000;
/** Work of others that says nothing for so long is no longer shown, in milliseconds. */
const silentMsMax = 4_000;

/** A rev of what is shown that names something else by now; null while everything is as shown. */
export const outdated = signal<string | null>(null);

/** Of the folder that is shown; last changes that arrive make it no other. */
const folderRev = computed(() => folderContent.value.rev);
const folderRevs = computed((): readonly ResolvedRev[] => (folderRev.value === null ? [] : [folderRev.value]));

/** What is shown, as it stood when it was asked for. */
const shown = computed((): readonly ResolvedRev[] => {
  if (showsFolder.value) return folderRevs.value;
  if (place.value.file !== null) return fileContent.value.rev === null ? [] : [fileContent.value.rev];
  const { revs } = results.value;
  return revs === null ? [] : [revs.rev, ...(revs.against === null ? [] : [revs.against])];
});

/** Listens to the daemon while the page can be seen: a browser opens only a few connections to one server. */
export function startListening(): void {
  const visible = signal(document.visibilityState === 'visible');
  document.addEventListener('visibilitychange', () => (visible.value = document.visibilityState === 'visible'));
  effect(() => {
    if (connection.value.state !== 'ready' || roots.value.length === 0 || !visible.value) return;
    const controller = new AbortController();
    // Of a view's repositories the first is listened to: a browser opens only a few connections.
    void listen(roots.value[0]!, controller.signal);
    return () => controller.abort();
  });
  effect(() => {
    void shown.value;
    void epoch.value;
    outdated.value = null;
  });
}

async function listen(repo: string, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const work = new DaemonWork();
  const onEvent = (event: DaemonEvent): void => {
    if (event.kind === 'progress') return work.tell(event.operation, event.progress);
    clearTimeout(timer);
    // What happened before anybody listened is looked at too.
    timer = setTimeout(() => void compareShown(signal), event.kind === 'listening' ? 0 : settleMs);
  };
  while (!signal.aborted) {
    try {
      await api().stream('events', { repo }, (events) => events.forEach(onEvent), { signal });
    } catch (error) {
      if (asRequestError(error) === null) break;
    } finally {
      work.forget();
    }
    await new Promise((resolve) => setTimeout(resolve, reconnectMs));
  }
  clearTimeout(timer);
}

/** What the daemon does for whomever, as far as it is told. */
class DaemonWork {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

  tell(operation: string, progress: Progress | null): void {
    // Not to be mistaken for work of ours.
    const name = `daemon ${operation}`;
    clearTimeout(this.timers.get(name));
    setActivity(name, progress === null ? null : { progress, cancel: null });
    // Who was cancelled or has crashed does not say that it has ended.
    if (progress !== null)
      this.timers.set(
        name,
        setTimeout(() => setActivity(name, null), silentMsMax),
      );
  }

  /** Nobody tells any more. */
  forget(): void {
    for (const [name, timer] of this.timers) {
      clearTimeout(timer);
      setActivity(name, null);
    }
  }
}

/** Says so when a rev that is shown no longer names what is shown. */
async function compareShown(signal: AbortSignal): Promise<void> {
  const revs = shown.peek();
  try {
    for (const { rev, tree } of revs) {
      if (/^[0-9a-f]{40,64}$/.test(rev)) continue;
      const { result } = await api().call('resolve', { repo: wireRepo.peek(), rev }, { signal });
      if (shown.peek() !== revs) return;
      if (result.tree !== tree) {
        outdated.value = rev;
        return;
      }
    }
  } catch {
    // A rev that is gone is told by the next search.
  }
}
