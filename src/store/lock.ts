import { linkSync, readFileSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename } from 'node:path';

import {
  CoppiceError,
  contentHash,
  elapsedMs,
  nowMs,
  sleep,
  systemErrorCode,
  throwIfAborted,
  uniqueSuffix,
} from '../base/index.js';
import { privateFileMode } from './files/permissions.js';
import { asStoreError } from './store-errors.js';

/** Who holds a lock. */
export interface LockHolder {
  readonly pid: number;
  /** When that process started, where the system tells: another may have its number by now. */
  readonly start?: string | null;
  readonly host: string;
  readonly command: string;
  readonly sinceMs: number;
  /** Makes what it wrote unlike anything that was ever written before. */
  readonly nonce?: string;
}

/** A holder says this often that it lives, by the lock file's time. */
const heartbeatMs = 10_000;
/** A holder of another host (or container) that has been silent for so long is gone. */
const silenceMsMax = 10 * 60_000;

/**
 * What one process at a time may do: a file made with O_EXCL that names its holder. A holder that no longer runs is
 * set aside by whoever finds it.
 *
 * No file of the lock is removed but by who holds the claim to that very text: a file under a name made of it. A process that
 * has the claim and is stopped before it removes the file is waited for as a holder is; one that has died is itself set aside in
 * the same way. So nobody ever removes what another than the one that was judged has put there meanwhile. Whether a process
 * lives cannot always be told (on another host; in a container of its own): what it would still write is for the owner of the lock
 * to refuse.
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
      const text = readIfThere(this.path);
      if (text === null) continue;
      const holder = this.setAside(this.path, text) ?? parseHolder(text);
      if (readIfThere(this.path) === null && this.tryAcquire()) return;
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
      // Someone may have taken it over because we had not been heard of. A second name takes no room on a disk that is full.
      this.removeExactly(this.path, this.own, (claim) => tryLink(this.path, claim));
    } catch (error) {
      // Someone removed it by hand, or the whole store: it is free either way.
      if (systemErrorCode(error) === 'ENOENT') return;
      if (readIfThere(this.path) === this.own) remove(this.path);
    }
  }

  /** Who holds the lock now, or null. */
  holder(): LockHolder | null {
    const text = readIfThere(this.path);
    return text === null ? null : parseHolder(text);
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
    const text = describeSelf();
    if (!createWhole(this.path, text)) return false;
    this.held = true;
    this.own = text;
    if (this.beats) this.heartbeat = setInterval(() => this.beat(), heartbeatMs).unref();
    return true;
  }

  private isAlive(path: string, { host, pid, start }: LockHolder): boolean {
    if (host !== hostname()) {
      const stats = statSync(path, { throwIfNoEntry: false });
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
   * Removes a file of the lock that has this text, if who wrote it is dead and nobody else is about to. Returns who is to be waited
   * for, or null when nobody is.
   */
  private setAside(path: string, text: string): LockHolder | null {
    const writer = parseHolder(text);
    if (this.isAlive(path, writer)) return writer;
    return this.removeExactly(path, text);
  }

  /**
   * Removes a file of the lock if this is its text. Returns who is about to do so in our stead, or null. `tryClaim` makes the claim's
   * file, which says whose it is; false when it is there already.
   */
  private removeExactly(
    path: string,
    text: string,
    tryClaim = (claim: string): boolean => createWhole(claim, describeSelf()),
  ): LockHolder | null {
    const claim = `${this.path}.over-${contentHash(basename(path), '\0', text).toString('hex')}`;
    while (!tryClaim(claim)) {
      const claimed = readIfThere(claim);
      const other = claimed === null ? null : this.setAside(claim, claimed);
      if (other !== null) return other;
    }
    // As long as the claim is ours nobody else removes it; if it was removed before, its text never comes back.
    if (readIfThere(path) === text) remove(path);
    remove(claim);
    return null;
  }
}

/** This process, and this very moment of it. */
function describeSelf(): string {
  const holder: LockHolder = {
    pid: process.pid,
    start: processStat(process.pid)?.start ?? null,
    host: hostname(),
    command: ['coppice', ...process.argv.slice(2, 4)].join(' ').slice(0, 80),
    sinceMs: nowMs(),
    nonce: uniqueSuffix(),
  };
  return JSON.stringify(holder);
}

/** Makes a file with all of its text, under another name that is then linked: so it is never seen empty. False when it is there already. */
function createWhole(path: string, text: string): boolean {
  const draft = `${path}.${uniqueSuffix()}`;
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: privateFileMode });
    return tryLink(draft, path);
  } catch (error) {
    throw asStoreError(error, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw asStoreError(error, path);
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw asStoreError(error, path);
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
