import type { HostDescription } from '../../api/index.js';
import { formatBytes, formatTable, formatTime, plural } from '../terminal/format.js';
import type { Paint } from '../terminal/style.js';

/** About a daemon, for people. */
export function formatDaemon(daemon: HostDescription, paint: Paint): string {
  const { pid, version, startedMs, rssBytes, http, repositories, worktrees, requests } = daemon;
  const watched = worktrees.filter(({ state }) => state === 'watching');
  const folders = watched.reduce((sum, { folders: count }) => sum + count, 0);
  const rows = [
    ['daemon', `process ${pid}, version ${version}, since ${formatTime(startedMs)}`],
    ['memory', formatBytes(rssBytes)],
    ['http', http ?? 'off (coppice serve --http, coppice open)'],
    ['open', `${plural(repositories.length, 'repository', 'repositories')}, ${plural(requests, 'request')} so far`],
    ['watched', `${plural(watched.length, 'work tree')} (${plural(folders, 'folder')})`],
  ];
  const failed = worktrees.filter(({ reason }) => reason !== undefined);
  return (
    formatTable(rows.map(([name, value]) => [paint('bold', name!), value!])) +
    failed.map(({ workTree, reason }) => `  ${paint('yellow', workTree)}: ${reason!}\n`).join('')
  );
}
