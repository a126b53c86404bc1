import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Dirent } from 'node:fs';
import { dirname, join } from 'node:path';

import { CoppiceError, systemErrorCode, throwIfAborted, uniqueSuffix } from '../../base/index.js';
import { ProcessLock } from '../../store/index.js';
import { remoteUnreachable } from '../remote-errors.js';
import type { CallOptions, ListedObject, ReadOptions, RemoteStorage, StoredObject, WriteCondition } from './storage.js';

const lockTimeoutMs = 30_000;
const draftMarker = '.tmp-';
const lockFolder = 'locks';

/**
 * A remote in a folder. An object appears by renaming; a conditional write compares under a lock of the object's own, so that
 * any number of processes, on any machine that shares the folder, see one order.
 */
export class FileStorage implements RemoteStorage {
  readonly url: string;
  readonly isReadOnly = false;

  constructor(private readonly folder: string) {
    this.url = `file:${folder}`;
  }

  read(name: string, { unless, range, signal }: ReadOptions = {}): Promise<StoredObject | 'unchanged' | null> {
    return this.guarded(() => {
      throwIfAborted(signal);
      if (range !== undefined && unless === undefined) return this.partOf(name, range);
      const bytes = this.bytesOf(name);
      if (bytes === null) return null;
      const version = versionOf(bytes);
      if (version === unless) return 'unchanged';
      const part = range === undefined ? bytes : bytes.subarray(range.offset, range.offset + range.length);
      return { bytes: part, version };
    });
  }

  async write(
    name: string,
    bytes: Uint8Array,
    condition: WriteCondition,
    { signal }: CallOptions = {},
  ): Promise<string | null> {
    if (condition === 'any') return this.guarded(() => this.put(name, bytes));
    const lock = await this.guarded(() => {
      mkdirSync(join(this.folder, lockFolder), { recursive: true });
      return new ProcessLock(join(this.folder, lockFolder, name.replaceAll('/', '-')));
    });
    try {
      await lock.acquire(lockTimeoutMs, signal);
    } catch (error) {
      if (error instanceof CoppiceError && error.code === 'STORE_LOCKED') throw remoteUnreachable(this.url, error);
      throw error;
    }
    try {
      return await this.guarded(() => {
        const now = this.bytesOf(name);
        const holds = condition === 'absent' ? now === null : now !== null && versionOf(now) === condition.version;
        return holds ? this.put(name, bytes) : null;
      });
    } finally {
      lock.release();
    }
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    const entries = await this.guarded((): Dirent[] => {
      try {
        return readdirSync(join(this.folder, prefix), { withFileTypes: true });
      } catch (error) {
        if (systemErrorCode(error) === 'ENOENT') return [];
        throw error;
      }
    });
    for (const entry of entries) {
      if (!entry.isFile() || entry.name.includes(draftMarker)) continue;
      const name = `${prefix}${entry.name}`;
      const stats = statSync(join(this.folder, name), { throwIfNoEntry: false });
      if (stats !== undefined) yield { name, sizeBytes: stats.size, modifiedMs: stats.mtimeMs };
    }
  }

  remove(name: string): Promise<void> {
    return this.guarded(() => rmSync(join(this.folder, name), { force: true }));
  }

  private bytesOf(name: string): Buffer | null {
    try {
      return readFileSync(join(this.folder, name));
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return null;
      throw error;
    }
  }

  private partOf(name: string, { offset, length }: NonNullable<ReadOptions['range']>): StoredObject | null {
    let fd: number;
    try {
      fd = openSync(join(this.folder, name), 'r');
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return null;
      throw error;
    }
    try {
      const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, fstatSync(fd).size - offset)));
      const count = bytes.length === 0 ? 0 : readSync(fd, bytes, 0, bytes.length, offset);
      return { bytes: bytes.subarray(0, count), version: '' };
    } finally {
      closeSync(fd);
    }
  }

  private put(name: string, bytes: Uint8Array): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    const draft = `${path}${draftMarker}${uniqueSuffix()}`;
    try {
      // Synced, as its name is only made known after: what was acknowledged survives power loss.
      writeFileSync(draft, bytes, { flush: true });
      renameSync(draft, path);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
    return versionOf(bytes);
  }

  private guarded<T>(action: () => T): Promise<T> {
    try {
      return Promise.resolve(action());
    } catch (error) {
      if (error instanceof CoppiceError) return Promise.reject(error);
      const code = systemErrorCode(error);
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
        const refused = new CoppiceError(
          'REMOTE_REFUSED',
          `${this.url}: ${error instanceof Error ? error.message : ''}`,
          {
            hint: 'you may not read or write there: ask who owns the folder',
            cause: error,
          },
        );
        return Promise.reject(refused);
      }
      return Promise.reject(remoteUnreachable(this.url, error));
    }
  }
}

const versionOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 32);
