import { closeSync, linkSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { CoppiceError, elapsedMs, nowMs, sleep, systemErrorCode, throwIfAborted, uniqueSuffix } from '../base/index.js';
import { asStoreError } from './store-errors.js';

/** Who holds the writer lock. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  readonly command: string;
  readonly sinceMs: number;
}

/**
 * The one writer of a store, across processes: a file made with O_EXCL that names its holder. A holder that no
 * longer runs (same host, pid gone) is set aside by whoever finds it.
 */
export class WriterLock {
  private readonly path: string;
  private held = false;

  constructor(storePath: string) {
    this.path = join(storePath, 'writer.lock');
  }

  /** Takes the lock, waiting at most `timeoutMs`; STORE_LOCKED names the holder. */
  async acquire(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const startMs = elapsedMs();
    for (let waitMs = 2; ; waitMs = Math.min(waitMs * 1.5, 100)) {
      throwIfAborted(signal);
      if (this.tryAcquire()) return;
      const holder = this.holder();
      if (holder === null) continue;
      if (!isAlive(holder)) {
        this.setAside(holder);
        continue;
      }
      if (elapsedMs() - startMs >= timeoutMs) {
        throw new CoppiceError(
          'STORE_LOCKED',
          `process ${holder.pid} (${holder.command}) has been writing to the store for ${Math.round((nowMs() - holder.sinceMs) / 1000)} s`,
          {
            hint: 'wait for it to finish and run the command again; searches of what is indexed need no lock',
            data: { ...holder },
          },
        );
      }
      await sleep(waitMs, signal);
    }
  }

  release(): void {
    if (!this.held) return;
    this.held = false;
    unlinkSync(this.path);
  }

  /** Who holds the lock now, or null. */
  holder(): LockHolder | null {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return null;
      throw asStoreError(error, this.path);
    }
    try {
      return JSON.parse(text) as LockHolder;
    } catch {
      // Its holder was killed between making and filling the file, or is about to fill it.
      return { pid: 0, host: hostname(), command: 'unknown', sinceMs: 0 };
    }
  }

  private tryAcquire(): boolean {
    const holder: LockHolder = {
      pid: process.pid,
      host: hostname(),
      command: ['coppice', ...process.argv.slice(2, 4)].join(' ').slice(0, 80),
      sinceMs: nowMs(),
    };
    // Filled under another name and linked into place, so that the lock file is never seen empty.
    const draft = `${this.path}.${uniqueSuffix()}`;
    try {
      const fd = openSync(draft, 'wx', 0o644);
      writeSync(fd, JSON.stringify(holder));
      closeSync(fd);
      try {
        linkSync(draft, this.path);
      } finally {
        unlinkSync(draft);
      }
      this.held = true;
      return true;
    } catch (error) {
      if (systemErrorCode(error) === 'EEXIST') return false;
      throw asStoreError(error, this.path);
    }
  }

  /** Removes the lock of a dead holder. If another process has just replaced it, puts that one back. */
  private setAside(dead: LockHolder): void {
    const aside = `${this.path}.dead-${uniqueSuffix()}`;
    try {
      renameSync(this.path, aside);
      const moved = JSON.parse(readFileSync(aside, 'utf8')) as LockHolder;
      if (moved.pid !== dead.pid || moved.sinceMs !== dead.sinceMs) linkSync(aside, this.path);
    } catch {
      // Someone else set it aside first, or it was unreadable: the next try decides.
    }
    try {
      unlinkSync(aside);
    } catch {
      // Never moved.
    }
  }
}

function isAlive(holder: LockHolder): boolean {
  if (holder.host !== hostname()) return true; // cannot be asked from here
  if (holder.pid <= 0) return false;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}
