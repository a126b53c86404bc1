import { resolve } from 'node:path';
import { CoppiceError } from '../base/index.js';
import type * as daemon from '../daemon/index.js';
import type { Engine, EngineOptions, Engines, EnginesOptions, LocalEngines } from '../engine/index.js';
import { readVersion } from './version.js';

/** `off`: no daemon; `use`: one that runs; `auto`: and it is started for next time. */
type DaemonMode = 'off' | 'use' | 'auto';

const modes: readonly DaemonMode[] = ['off', 'use', 'auto'];

/** Variables of git's that say which repository is meant, or that it is trusted. */
const saidOfRepositories = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_CONFIG_COUNT', 'GIT_CONFIG_PARAMETERS'];

/**
 * Where commands get their engines from: the store's daemon when one runs, else this process. Same answers either way.
 * A command that found no daemon starts one when it is done, so that it costs the command nothing and the next one finds it.
 */
export class EngineSource {
  private readonly mode: DaemonMode;
  /** The store that should have had a daemon. */
  private missed: string | null = null;

  /** `script` is the command line itself, which a daemon is started with. CONFIG_INVALID for a strange $COPPICE_DAEMON. */
  constructor(
    env: NodeJS.ProcessEnv,
    private readonly script: string,
  ) {
    const { COPPICE_DAEMON: mode, CI } = env;
    // A build machine is thrown away after the build: nobody would use what was started there.
    const usual = CI === undefined || CI === '' || CI === 'false' ? 'auto' : 'use';
    if (mode !== undefined && mode !== '' && !modes.includes(mode as DaemonMode)) {
      throw new CoppiceError('CONFIG_INVALID', `COPPICE_DAEMON is '${mode}'`, {
        hint: `it is one of ${modes.join(', ')}`,
      });
    }
    // What git's environment says of this command is not said to the daemon, which is asked by others as well.
    const isSaidHere = saidOfRepositories.some((name) => env[name]);
    this.mode = isSaidHere ? 'off' : (mode as DaemonMode | undefined) || usual;
  }

  /** The engine of one command. */
  readonly openEngine = async (options: EngineOptions): Promise<Engine> => {
    const { findDaemon, storePathOf } = await loadDaemon();
    const storePath = storePathOf(options.store);
    if (this.mode !== 'off') {
      const engines = findDaemon(storePath) === null ? null : await this.connect(storePath, options);
      if (engines !== null) return closingAll(engines, resolve(options.repo ?? '.'));
      if (this.mode === 'auto') this.missed = storePath;
    }
    const { openEngine } = await import('../engine/index.js');
    return openEngine(options);
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
      (await loadDaemon()).startDaemon(this.startOptions(this.missed));
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
  const { openEngines } = await import('../engine/index.js');
  return openEngines(options);
};

const loadDaemon = (): Promise<typeof daemon> => import('../daemon/index.js');

/** The engine of one repository, with which the connection ends. */
function closingAll(engines: Engines, repo: string): Engine {
  const engine = engines.open(repo);
  return Object.assign(engine, { close: () => engines.close() });
}
