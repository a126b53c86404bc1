import type { StormProxy } from '../../test/support/storm-proxy.js';
import type { Report } from '../support/measure.js';

/** What every part of the bench works with. */
export interface RemoteBench {
  readonly repo: string;
  /** For what is made on the way. */
  readonly folder: string;
  readonly report: Report;
  /** Keys, and where the storage is: the real server, behind a proxy that counts. */
  readonly env: Readonly<Record<string, string>>;
  readonly storage: StormProxy;
  readonly queries: readonly string[];
  readonly repetitions: number;
}

export const milliseconds = (ms: number): string =>
  ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(0)} ms`;
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
