import type * as daemon from '../../daemon/index.js';
import type { Engine, EngineOptions, Engines, EnginesOptions, LocalEngines } from '../../engine/index.js';
import { closingAll, placeOf } from './closing-all.js';
import { daemonModeOf, type DaemonMode } from './daemon-mode.js';
import { readVersion } from '../version.js';

/**
 * Where commands get their engines from: the store's daemon when one runs, else this process. Same answers either way.
 * A command that found no daemon starts one when it is done, so that it costs the command nothing and the next one finds it.
 */
export class EngineSource {
  private readonly mode: DaemonMode;
  /** The store that should have had a daemon, and the repository that was asked about. */
  private missed: { readonly storePath: string; readonly repo: string } | null = null;

  /** `script` is the command line itself, which a daemon is started with. CONFIG_INVALID for a strange $COPPICE_DAEMON. */
  constructor(
    env: NodeJS.ProcessEnv,
    private readonly script: string,
  ) {
    this.mode = daemonModeOf(env);
  }

  /** The engine of one command. */
  readonly openEngine = async (options: EngineOptions): Promise<Engine> => {
    const { findDaemon, storePathOf } = await loadDaemon();
    const storePath = storePathOf(options.store);
    // The daemon has the settings of the store; who has others has an engine of their own.
    if (this.mode !== 'off' && options.settings === undefined) {
      const engines = findDaemon(storePath) === null ? null : await this.connect(storePath, options);
      if (engines !== null) return closingAll(engines, options.repo);
      if (this.mode === 'auto') this.missed = { storePath, repo: placeOf(options.repo) };
    }
    const { openEngine } = await import('../../engine/index.js');
    return openEngine({ ...options, firstUse: 'read' });
  };

  /** The engines of a process that lives long: of the daemon, which is started, or of this process while none can be. */
  readonly attachEngines = async (options: EnginesOptions): Promise<Engines> => {
    const { attachEngines, storePathOf } = await loadDaemon();
    if (this.mode !== 'off') {
      const { onNote } = options;
      const start = this.startOptions(storePathOf(options.store));
      return attachEngines({ ...start, ...(onNote && { onNote }), openOwn: () => openOwn(options) });
    }
    return openOwn(options);
  };

  startOptions(storePath: string): daemon.StartOptions {
    return { storePath, version: readVersion(), script: this.script };
  }

  /** Starts the daemon that was missed. */
  async startMissed(): Promise<void> {
    if (this.missed === null) return;
    try {
      const { storePath, repo } = this.missed;
      (await loadDaemon()).startDaemon({ ...this.startOptions(storePath), repo });
    } catch {
      // A store that cannot be written has no daemon. Commands work without.
    }
  }

  private async connect(storePath: string, { onNote }: EngineOptions): Promise<Engines | null> {
    const { connectEngines } = await loadDaemon();
    return connectEngines({ ...this.startOptions(storePath), ...(onNote && { onNote }) });
  }
}

const openOwn = async (options: EnginesOptions): Promise<LocalEngines> => {
  const { openEngines } = await import('../../engine/index.js');
  return openEngines({ ...options, firstUse: 'read' });
};

const loadDaemon = (): Promise<typeof daemon> => import('../../daemon/index.js');
