import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentHash, uniqueSuffix } from '../../base/index.js';
import { privateFileMode, privateFolderMode } from './permissions.js';

export const looksFolder = 'looks';

/** Texts about one file or package: its path first. */
export type LookRow = readonly (string | number)[];

/**
 * What was seen on disk when it was looked at last, so that the next process looks only at what has other times: a small file for each
 * folder. For speed alone: one that is damaged counts as none, and one that cannot be written is not.
 */
export class LookFiles {
  private readonly folder: string;

  constructor(storePath: string) {
    this.folder = join(storePath, looksFolder);
  }

  read(id: string): readonly LookRow[] | null {
    try {
      const text = readFileSync(this.pathOf(id), 'utf8');
      const end = text.indexOf('\n');
      const rows = text.slice(end + 1);
      return text.slice(0, end) === sumOf(rows) ? (JSON.parse(rows) as LookRow[]) : null;
    } catch {
      return null;
    }
  }

  write(id: string, rows: readonly LookRow[]): void {
    const text = JSON.stringify(rows);
    const draft = `${this.pathOf(id)}.${uniqueSuffix()}`;
    try {
      mkdirSync(this.folder, { recursive: true, mode: privateFolderMode });
      writeFileSync(draft, `${sumOf(text)}\n${text}`, { flag: 'wx', mode: privateFileMode });
      renameSync(draft, this.pathOf(id));
    } catch {
      rmSync(draft, { force: true });
    }
  }

  /** Removes what was written before a time, in milliseconds since 1970. */
  forgetBefore(atMs: number): void {
    try {
      for (const name of readdirSync(this.folder)) {
        const path = join(this.folder, name);
        if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? atMs) < atMs) rmSync(path, { force: true });
      }
    } catch {
      // There are none, or they are not ours to remove.
    }
  }

  private pathOf(id: string): string {
    return join(this.folder, contentHash(id).toString('hex'));
  }
}

const sumOf = (text: string): string => contentHash(text).toString('hex');
