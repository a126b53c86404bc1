/** Knows when a work tree may have changed. */
export type { WatchedChange } from './change-notifier.js';
export { createWorktreeMonitor } from './worktree-monitor.js';
export type { MonitorOptions, MonitorStatus, WorktreeWatcher } from './worktree-monitor.js';
