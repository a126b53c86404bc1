import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { descriptorOf, folderOf } from './descriptor.js';

/** The kernel's limit for a socket's path is 108 bytes on Linux and 104 on macOS, with the NUL at its end. */
const socketPathBytesMax = 100;

/** What a daemon keeps, below the store's folder. */
export interface DaemonPlaces {
  /** Of mode 0700; all others but perhaps the socket lie in it. */
  readonly folder: string;
  readonly lock: string;
  /** Who serves the store, and where: see Descriptor. */
  readonly descriptor: string;
  /** A Unix socket, or on Windows a named pipe. */
  readonly socket: string;
  /** The folder that the socket lies in, if that is another one. */
  readonly socketFolder: string | null;
  /** What HTTP clients have to send; mode 0600. */
  readonly token: string;
  /** What the daemon had to say since it started. */
  readonly log: string;
  /** Where the watcher touches a file to learn that it has seen all that came before. */
  readonly cookies: string;
}

export function placesOf(storePath: string): DaemonPlaces {
  const folder = folderOf(storePath);
  const { socket, socketFolder } = socketOf(folder);
  return {
    folder,
    lock: join(folder, 'daemon.lock'),
    descriptor: descriptorOf(storePath),
    socket,
    socketFolder,
    token: join(folder, 'token'),
    log: join(folder, 'daemon.log'),
    cookies: join(folder, 'cookies'),
  };
}

function socketOf(folder: string): { socket: string; socketFolder: string | null } {
  const inFolder = join(folder, 'socket');
  if (process.platform !== 'win32' && Buffer.byteLength(inFolder) <= socketPathBytesMax)
    return { socket: inFolder, socketFolder: null };
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return { socket: `\\\\.\\pipe\\coppice-${name}`, socketFolder: null };
  const { XDG_RUNTIME_DIR } = process.env;
  const socketFolder = XDG_RUNTIME_DIR ? join(XDG_RUNTIME_DIR, 'coppice') : join(tmpdir(), `coppice-${userInfo().uid}`);
  return { socket: join(socketFolder, name), socketFolder };
}
