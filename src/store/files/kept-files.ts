import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nowMs, uniqueSuffix } from '../../base/index.js';
import { privateFileMode, privateFolderMode } from './permissions.js';

/** Whole files in a folder of the store that are kept for speed alone, within a bound: what was not used for longest goes first. */
export class KeptFiles {
  constructor(
    private readonly folder: string,
    private readonly bytesMax: number,
    private readonly filesMax = Infinity,
  ) {}

  /** Null when it is not there, or cannot be read. Whoever asks checks what it is. */
  get(name: string): Buffer | null {
    const path = join(this.folder, name);
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch {
      return null;
    }
    try {
      const now = nowMs() / 1000;
      utimesSync(path, now, now);
    } catch {
      // The folder is only read: nothing goes from it either.
    }
    return bytes;
  }

  /** Bytes of a file; null when it is not there. */
  sizeOf(name: string): number | null {
    return statSync(join(this.folder, name), { throwIfNoEntry: false })?.size ?? null;
  }

  /** Keeps a file, whole or not at all. */
  put(name: string, bytes: Uint8Array): void {
    const draft = join(this.folder, `${name}.tmp-${uniqueSuffix()}`);
    try {
      mkdirSync(this.folder, { recursive: true, mode: privateFolderMode });
      writeFileSync(draft, bytes, { flag: 'wx', mode: privateFileMode });
      renameSync(draft, join(this.folder, name));
      this.makeRoom();
    } catch {
      rmSync(draft, { force: true }); // the disk is full, or only read
    }
  }

  /** Those that are there, the last used first. */
  names(): string[] {
    return this.list()
      .sort((a, b) => b.usedMs - a.usedMs)
      .map(({ name }) => name);
  }

  remove(name: string): void {
    try {
      rmSync(join(this.folder, name), { force: true });
    } catch {
      // It is only read.
    }
  }

  clear(): void {
    try {
      rmSync(this.folder, { force: true, recursive: true });
    } catch {
      // It is only read.
    }
  }

  private makeRoom(): void {
    let bytesLeft = this.bytesMax;
    let filesLeft = this.filesMax;
    for (const { path, bytes } of this.list().sort((a, b) => b.usedMs - a.usedMs))
      if ((bytesLeft -= bytes) < 0 || --filesLeft < 0) rmSync(path, { force: true });
  }

  private list(): { readonly name: string; readonly path: string; readonly bytes: number; readonly usedMs: number }[] {
    let names: string[];
    try {
      names = readdirSync(this.folder);
    } catch {
      return []; // none was kept yet
    }
    return names.flatMap((name) => {
      const path = join(this.folder, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ name, path, bytes: stats.size, usedMs: stats.mtimeMs }];
    });
  }
}
