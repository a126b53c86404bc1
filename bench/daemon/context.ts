import { join } from 'node:path';
import type { GrepResult } from '../../src/engine/types.js';
import type { Random } from '../../test/crash/support/random.js';
import type { Report } from '../support/measure.js';

/** What every part of the bench works with. */
export interface DaemonBench {
  /** The repository that was asked for. It is only read. */
  readonly origin: string;
  /** Of a repository that is made of it, at most. */
  readonly filesMax: number;
  /** For what is made on the way; of this part alone. */
  readonly folder: string;
  readonly random: Random;
  readonly report: Report;
}

export const storeOf = ({ folder }: DaemonBench): string => join(folder, 'store');

/** Lines as `git grep` prints them, for comparison. */
export const linesOf = ({ lines }: GrepResult): string[] =>
  lines.map(({ path, line, text }) => `${path}:${line}:${text}`);

export const ms = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));

export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
