import { CoppiceError } from '../base/index.js';
import { RemoteEngines, SocketClient, connectSocket } from '../api/index.js';
import { answersAlike, findDaemon, storePathOf } from '../daemon/index.js';
import { closingAll } from './engines/closing-all.js';
import type { Command } from './command.js';
import { command as apply } from './commands/apply.js';
import { command as compare } from './commands/compare.js';
import { command as definition } from './commands/definition.js';
import { command as files } from './commands/files.js';
import { command as outline } from './commands/outline.js';
import { command as references } from './commands/references.js';
import { command as revs } from './commands/revs.js';
import { command as drop } from './commands/drop.js';
import { command as fork } from './commands/fork.js';
import { command as forks } from './commands/forks.js';
import { command as grep } from './commands/grep.js';
import { command as search } from './commands/search.js';
import { command as show } from './commands/show.js';
import { command as symbols } from './commands/symbols.js';
import { daemonModeOf } from './engines/daemon-mode.js';
import { mentions, parseCommand, splitCommandLine, type SplitCommandLine } from './typed/parse.js';
import { runProcess, type ProcessSource } from './process.js';
import type { CommandSet } from './run.js';
import { readVersion } from './version.js';

/** What only asks the daemon and prints. Imported at once: a bundle of few modules is read in one piece. */
const commands: ReadonlyMap<string, Command> = new Map(
  [grep, search, symbols, definition, references, show, outline, files, compare, revs, fork, apply, forks, drop].map(
    (command) => [command.name, command],
  ),
);

/**
 * Runs the command line of this process, and ends it, if that takes no more than asking a daemon that is there: starting is most of
 * what such a command costs, so this is bundled with what it needs and nothing else. False when it takes more; then nothing has been done.
 */
export async function startQuickly(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  const split = splitCommandLine(argv);
  if (mentions(argv, '--help', '-h')) return false;
  const source = await connectSource(split, env);
  if (source === null) return false;
  await runProcess(quickCommands, () => source);
  return true;
}

const unneeded = (): never => {
  throw new CoppiceError('INTERNAL', 'not a matter of a quick start');
};

const quickCommands: CommandSet = {
  names: [...commands.keys()],
  load: (name) => Promise.resolve(commands.get(name)),
  help: unneeded,
};

/** The daemon, if one of this version serves the store that is meant. */
async function connectSource(
  { before, name, rest }: SplitCommandLine,
  env: NodeJS.ProcessEnv,
): Promise<ProcessSource | null> {
  const command = name === undefined ? undefined : commands.get(name);
  if (command === undefined) return null;
  let storePath: string;
  try {
    if (daemonModeOf(env) === 'off') return null;
    storePath = storePathOf(parseCommand(command, before, rest).globals.store);
  } catch {
    return null; // whatever is wrong will be told
  }
  const found = findDaemon(storePath);
  if (found === null || !answersAlike(found, readVersion(), storePath)) return null;
  const socket = await connectSocket(found.socket);
  if (socket === null) return null;
  const transport = new SocketClient(found.socket, socket);
  return {
    openEngine: ({ repo, onNote }) =>
      Promise.resolve(closingAll(new RemoteEngines({ storePath, transport, onNote }), repo)),
    attachEngines: unneeded,
    startOptions: unneeded,
    startMissed: () => Promise.resolve(),
  };
}
