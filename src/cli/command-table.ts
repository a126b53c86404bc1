import type { Command } from './command.js';
import type { CommandSet } from './run.js';

type Loader = () => Promise<{ readonly command: Command }>;

/** Every command, in the order of help. Loaded one at a time: starting up is most of what a small search costs. */
export const commandLoaders = {
  grep: () => import('./commands/grep.js'),
  search: () => import('./commands/search.js'),
  symbols: () => import('./commands/symbols.js'),
  definition: () => import('./commands/definition.js'),
  references: () => import('./commands/references.js'),
  log: () => import('./commands/log.js'),
  show: () => import('./commands/show.js'),
  outline: () => import('./commands/outline.js'),
  files: () => import('./commands/files.js'),
  compare: () => import('./commands/compare.js'),
  revs: () => import('./commands/revs.js'),
  index: () => import('./commands/index-revs.js'),
  fork: () => import('./commands/fork.js'),
  apply: () => import('./commands/apply.js'),
  forks: () => import('./commands/forks.js'),
  drop: () => import('./commands/drop.js'),
  view: () => import('./commands/view.js'),
  push: () => import('./commands/push.js'),
  pull: () => import('./commands/pull.js'),
  remote: () => import('./commands/remote.js'),
  status: () => import('./commands/status.js'),
  eval: () => import('./commands/eval.js'),
  describe: () => import('./commands/describe.js'),
  tune: () => import('./commands/tune.js'),
  gc: () => import('./commands/gc.js'),
  doctor: () => import('./commands/doctor.js'),
  serve: () => import('./commands/serve.js'),
  open: () => import('./commands/open.js'),
  mcp: () => import('./commands/mcp.js'),
  lsp: () => import('./commands/lsp.js'),
  install: () => import('./commands/install.js'),
  uninstall: () => import('./commands/uninstall.js'),
  completion: () => import('./commands/completion.js'),
  help: () => import('./commands/help.js'),
} as const satisfies Record<string, Loader>;

export const commandNames: readonly string[] = Object.keys(commandLoaders);

/** The command of that name, or undefined. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  if (!Object.hasOwn(commandLoaders, name)) return undefined;
  return (await commandLoaders[name as keyof typeof commandLoaders]()).command;
}

export async function loadAllCommands(): Promise<Command[]> {
  return Promise.all(Object.values(commandLoaders).map(async (load) => (await load()).command));
}

export const allCommands: CommandSet = { names: commandNames, load: loadCommand, help: () => import('./help/help.js') };
