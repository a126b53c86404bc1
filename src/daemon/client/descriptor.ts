import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertNotExhausted, uniqueSuffix } from '../../base/index.js';

/** What a daemon writes down for those who look for it. It counts while the daemon's socket answers. */
export interface Descriptor {
  readonly pid: number;
  /** Of the package. A client of another version does without; a newer one has the daemon end. */
  readonly version: string;
  readonly socket: string;
  readonly startedMs: number;
  /** Started by a command that wanted one, to end when it is no longer used; not by `coppice serve`. */
  readonly onDemand: boolean;
  /** See `settingsStamp`, of those that the store was opened with. */
  readonly settings: string;
}

/** What the store's settings file is, for comparison: it is read when the store is opened. */
export function settingsStamp(storePath: string): string {
  const stats = statSync(join(storePath, 'config.json'), { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
}

/** Where the daemon of a store keeps what it needs. */
export const folderOf = (storePath: string): string => join(storePath, 'daemon');

export const descriptorOf = (storePath: string): string => join(folderOf(storePath), 'daemon.json');

/** Null where nobody serves; SERVER_BUSY when that cannot be told. */
export function readDescriptor(path: string): Descriptor | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Descriptor;
  } catch (error) {
    assertNotExhausted(error, path);
    return null; // nobody serves, or has just begun to
  }
}

export function writeDescriptor(path: string, descriptor: Descriptor): void {
  const draft = `${path}.${uniqueSuffix()}`;
  writeFileSync(draft, `${JSON.stringify(descriptor)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

export function removeDescriptor(path: string): void {
  rmSync(path, { force: true });
}
