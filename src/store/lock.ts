import { linkSync, readFileSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

import { CoppiceError, elapsedMs, nowMs, sleep, systemErrorCode, throwIfAborted, uniqueSuffix } from '../base/index.js';
import { privateFileMode } from './permissions.js';
import { asStoreError } from './store-errors.js';

/** Removing a dead holder's lock takes no longer; a claim to it that is older was left by a process that was killed. */
const claimMsMax = 2000;

/** Who holds a lock. */
export interface LockHolder {
  readonly pid: number;
  /** When that process started, where the system tells: another may have its number by now. */
  readonly start?: string | null;
  readonly host: string;
  readonly command: string;
  readonly sinceMs: number;
}

/** A holder says this often that it lives, by the lock file's time. */
const heartbeatMs = 10_000;
/** A holder of another host (or container) that has been silent for so long is gone. */
const silenceMsMax = 10 * 60_000;

/**
 * What one process at a time may do: a file made with O_EXCL that names its holder. A holder that no longer runs is
 * set aside by whoever finds it.
 */
export class ProcessLock {
  private held = false;
  /** What the lock file says while it is ours. */
  private own = '';
  private heartbeat: NodeJS.Timeout | undefined;

  /** With `beats` false the holder calls `beat` itself, while it is used: to do so writes to the disk. */
  constructor(
    private readonly path: string,
    private readonly beats = true,
  ) {}

  /** Takes the lock, waiting at most `timeoutMs`; STORE_LOCKED names the holder. */
  async acquire(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const startMs = elapsedMs();
    for (let waitMs = 2; ; waitMs = Math.min(waitMs * 1.5, 100)) {
      throwIfAborted(signal);
      if (this.tryAcquire()) return;
      const holder = this.holder();
      if (holder === null) continue;
      if (!this.isAlive(holder)) {
        this.setAside(holder);
        if (this.tryAcquire()) return;
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
    clearInterval(this.heartbeat);
    try {
      // Not another's, who took it over because we had not been heard of.
      if (readFileSync(this.path, 'utf8') === this.own) unlinkSync(this.path);
    } catch (error) {
      // Someone removed it by hand, or the whole store: it is free either way.
      if (systemErrorCode(error) !== 'ENOENT') throw asStoreError(error, this.path);
    }
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
    return parseHolder(text);
  }

  /** Says that its holder lives, to who waits for it on another host. */
  beat(): void {
    try {
      utimesSync(this.path, new Date(nowMs()), new Date(nowMs()));
    } catch {
      // Nothing depends on one heartbeat.
    }
  }

  private tryAcquire(): boolean {
    const holder: LockHolder = {
      pid: process.pid,
      start: processStat(process.pid)?.start ?? null,
      host: hostname(),
      command: ['coppice', ...process.argv.slice(2, 4)].join(' ').slice(0, 80),
      sinceMs: nowMs(),
    };
    const text = JSON.stringify(holder);
    // Filled under another name and linked into place, so that the lock file is never seen empty.
    const draft = `${this.path}.${uniqueSuffix()}`;
    try {
      try {
        writeFileSync(draft, text, { flag: 'wx', mode: privateFileMode });
        linkSync(draft, this.path);
      } finally {
        rmSync(draft, { force: true });
      }
      this.held = true;
      this.own = text;
      if (this.beats) this.heartbeat = setInterval(() => this.beat(), heartbeatMs).unref();
      return true;
    } catch (error) {
      if (systemErrorCode(error) === 'EEXIST') return false;
      throw asStoreError(error, this.path);
    }
  }

  private isAlive({ host, pid, start }: LockHolder): boolean {
    if (host !== hostname()) {
      const stats = statSync(this.path, { throwIfNoEntry: false });
      return stats === undefined || nowMs() - stats.mtimeMs < silenceMsMax;
    }
    if (pid <= 0) return false;
    try {
      process.kill(pid, 0);
    } catch (error) {
      return systemErrorCode(error) === 'EPERM';
    }
    const now = processStat(pid);
    if (now === null) return true;
    // One that has ended stays in the table until its parent asks how, and some never do.
    if (now.state === 'Z' || now.state === 'X') return false;
    return !start || now.start === start;
  }

  /**
   * Removes the lock of a dead holder. Only who links it to the name made of that holder may, so that of many who find
   * it dead one removes it, and none the lock of who comes after.
   */
  private setAside(dead: LockHolder): void {
    const claim = `${this.path}.dead-${dead.pid}-${dead.sinceMs}`;
    try {
      linkSync(this.path, claim);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === 'ENOENT') return; // gone meanwhile
      if (code !== 'EEXIST') throw asStoreError(error, this.path);
      // Another process is about to remove it, unless it was killed just then.
      const stats = statSync(claim, { throwIfNoEntry: false });
      if (stats !== undefined && nowMs() - stats.ctimeMs > claimMsMax) rmSync(claim, { force: true });
      return;
    }
    const claimed = parseHolder(readFileSync(claim, 'utf8'));
    if (claimed.pid === dead.pid && claimed.sinceMs === dead.sinceMs) rmSync(this.path, { force: true });
    rmSync(claim, { force: true });
  }
}

function parseHolder(text: string): LockHolder {
  try {
    return JSON.parse(text) as LockHolder;
  } catch {
    return { pid: 0, host: hostname(), command: 'unknown', sinceMs: 0 }; // damaged: nobody's
  }
}

/** What the system says of a process: its state, and when it started, in the system's own counting. Null where it does not tell. */
function processStat(pid: number): { state: string | undefined; start: string | null } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name, in parentheses, may hold spaces; the state follows it, the start is the 20th field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], start: fields[19] ?? null };
  } catch {
    return null;
  }
}
