import { rmSync } from 'node:fs';

const undo = new Set<() => void>();

/** Has something undone when this process ends, however it ends but by SIGKILL. Returns what undoes it now. */
export function onEnd(action: () => void): () => void {
  undo.add(action);
  return () => {
    if (undo.delete(action)) action();
  };
}

/** A folder that goes away with this process. */
export function removeOnEnd(folder: string): void {
  onEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
}

/** A process that ends with this one. */
export function killOnEnd(pid: number): () => void {
  return onEnd(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  });
}

/** Signals end this process by `exit`, so that what is to be undone is. */
export function cleanUpOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
  process.on('exit', () => {
    // The latest first: a daemon goes before the folder that it works in.
    for (const action of [...undo].reverse()) action();
  });
}
