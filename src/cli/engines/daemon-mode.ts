import { CoppiceError } from '../../base/index.js';

/** `off`: no daemon; `use`: one that runs; `auto`: and it is started for next time. */
export type DaemonMode = 'off' | 'use' | 'auto';

const modes: readonly DaemonMode[] = ['off', 'use', 'auto'];

/** Variables of git's that say which repository is meant, or that it is trusted. */
const saidOfRepositories = ['COPPICE_REMOTE', 'GIT_DIR', 'GIT_WORK_TREE', 'GIT_CONFIG_COUNT', 'GIT_CONFIG_PARAMETERS'];

/** CONFIG_INVALID for a strange $COPPICE_DAEMON. */
export function daemonModeOf(env: Readonly<Record<string, string | undefined>>): DaemonMode {
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
  return isSaidHere ? 'off' : (mode as DaemonMode | undefined) || usual;
}
