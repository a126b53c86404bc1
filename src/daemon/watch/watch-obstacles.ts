import { statfsSync } from 'node:fs';
import { systemErrorCode, messageOf } from '../../base/index.js';

/** File systems that others can change without this machine's kernel knowing, by the magic number of statfs(2). */
const remoteFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9P'],
  [0x65735546, 'FUSE'],
  [0x786f4256, 'VirtualBox shared folders'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x47504653, 'GPFS'],
  [0x0bd00bd0, 'Lustre'],
]);

const settled = 'Until then each answer reads the work tree anew.';

/**
 * Why one cannot rest on what the platform tells of a folder, as a sentence; null where one can, which is where each folder
 * is watched on its own.
 */
export function obstacleOf(folder: string, recursive: boolean): string | null {
  if (recursive) {
    return 'This platform does not say when all changes have been told: each answer reads the work tree anew.';
  }
  try {
    const name = remoteFileSystems.get(statfsSync(folder).type);
    return name === undefined
      ? null
      : `The work tree lies on ${name}, where changes made elsewhere are not told: each answer reads it anew.`;
  } catch {
    return null; // not there: the watcher finds out
  }
}

/** What stopped the watching, and the way out, for people. */
export function describeFailure(error: unknown): string {
  switch (systemErrorCode(error)) {
    case 'ENOSPC':
      return (
        'The limit of watched folders is reached (fs.inotify.max_user_watches). ' +
        `${raise('fs.inotify.max_user_watches', 524_288)} ${settled}`
      );
    case 'EMFILE':
      return (
        'The limit of inotify instances (fs.inotify.max_user_instances), or of open files, is reached. ' +
        `${raise('fs.inotify.max_user_instances', 1_024)} For open files: \`ulimit -n 65536\`. ${settled}`
      );
    default:
      return `Folders cannot be watched: ${messageOf(error)}. Each answer reads the work tree anew.`;
  }
}

function raise(setting: string, value: number): string {
  return (
    `Raise it with \`sudo sysctl ${setting}=${value}\`, for good with that setting in /etc/sysctl.d/60-inotify.conf, ` +
    'then restart the daemon.'
  );
}
