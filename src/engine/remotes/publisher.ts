import { readFileSync } from 'node:fs';
import type { KeyObject } from 'node:crypto';

import { CoppiceError } from '../../base/index.js';
import { compileWild } from '../../pattern/index.js';
import { readSigningKey } from '../../remote/index.js';
import type { RepositoryPlace } from '../session/sessions.js';
import type { SharedStore } from '../shared/shared-store.js';
import type { CallOptions } from '../types.js';
import { takeFrom } from './auto-take.js';
import { collectCluster } from './collect-cluster.js';
import { collectRemote } from './collect-remote.js';
import type { RemoteGcResult } from './collect-remote.js';
import { examineCluster } from './examine-cluster.js';
import type { RemoteDoctorResult } from './examine-cluster.js';
import { openRemote } from './open-remote.js';
import { pullRevs } from './pull.js';
import type { PullOptions, PullResult } from './pull.js';
import type { PushOptions, PushResult } from './pushing/publication.js';
import { isCluster } from './pushing/push-to-cluster.js';
import { pushRevs } from './pushing/push.js';

export interface PublishOptions extends Omit<PushOptions, 'key'> {
  /** File with the private key that the remote is signed with. */
  readonly sign?: string;
}

export interface CollectOptions extends CallOptions {
  /** Refs that stay, by globs over their short names, and commits, by seven digits or more. */
  readonly keep: readonly string[];
  readonly only?: string;
  readonly dryRun?: boolean;
  readonly graceMs?: number;
  readonly sign?: string;
}

const graceMsDefault = 24 * 60 * 60 * 1000;

/** A repository and the remotes that it is published at. Close it when done. */
export class Publisher {
  constructor(
    private readonly shared: SharedStore,
    private readonly place: RepositoryPlace,
    /** Relative paths count from it. */
    private readonly folder: string,
  ) {}

  /** The address that the settings name, or null. */
  get remote(): string | null {
    return this.shared.settings.remote;
  }

  push(address: string, revs: readonly string[], options: PublishOptions = {}): Promise<PushResult> {
    const remote = openRemote(this.shared, address, this.folder);
    const { sign, ...push } = options;
    const key = sign === undefined ? null : keyFile(sign);
    // A cluster is searched where it is: what is pushed there has to be indexed here.
    if (isCluster(remote)) this.shared.useRemote(null);
    else takeFrom(this.shared, remote, address);
    return this.place.run((session) => pushRevs(session, remote, revs, { ...push, key }));
  }

  pull(address: string, revs: readonly string[], options: PullOptions = {}): Promise<PullResult> {
    const remote = openRemote(this.shared, address, this.folder);
    if (isCluster(remote) && options.history === true) {
      throw new CoppiceError('USAGE', `${remote.url} has no records of history to be taken`, {
        hint: 'pull without --history; log reads the history where it is published, and coppice index --history makes it here',
      });
    }
    return this.place.run((session) => pullRevs(session, remote, revs, options));
  }

  collect(address: string, options: CollectOptions): Promise<RemoteGcResult> {
    const remote = openRemote(this.shared, address, this.folder);
    const { keep, dryRun = false, graceMs = graceMsDefault, sign, ...rest } = options;
    if (keep.length === 0) {
      throw new CoppiceError('USAGE', 'what is to be kept has to be said: everything else goes', {
        hint: "--keep main --keep 'v*' keeps these with all that they reach; --keep '**' every name",
      });
    }
    const globs = keep.map((pattern) => compileWild(pattern));
    const keptCommits = keep.filter((text) => /^[0-9a-f]{7,64}$/.test(text));
    return (isCluster(remote) ? collectCluster : collectRemote)(remote, {
      ...rest,
      isKept: (ref) => globs.some((glob) => glob(ref)),
      keptCommits,
      dryRun,
      graceMs,
      store: this.shared.store,
      key: sign === undefined ? null : keyFile(sign),
    });
  }

  /** Verifies what a search cluster holds. USAGE for other remotes, whose packs are checked whenever they are read. */
  examine(address: string, call: CallOptions = {}): Promise<RemoteDoctorResult> {
    const remote = openRemote(this.shared, address, this.folder);
    if (isCluster(remote)) return examineCluster(remote, call);
    throw new CoppiceError('USAGE', `${remote.url} needs no doctor: each pack is checked by its hash when it is read`, {
      hint: 'coppice doctor opensearch://HOST:PORT/PREFIX verifies a search cluster; coppice doctor the store here',
    });
  }

  async close(): Promise<void> {
    await this.place.close();
    await this.shared.close();
  }
}

function keyFile(path: string): KeyObject {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CoppiceError('CONFIG_INVALID', `the key ${path} cannot be read`, {
      hint: 'make one with `openssl genpkey -algorithm ed25519 -out KEY`',
      cause: error,
    });
  }
  return readSigningKey(pem, path);
}
