import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { agentNames, findAgent, planInstall, planRemoval, writeChange } from '../../install/index.js';
import type { Agent, ConfigChange } from '../../install/index.js';
import { defineCommand, type ExitCode } from '../command.js';
import type { CommandContext } from '../context.js';
import type { Io } from '../io.js';

const flags = {
  undo: { type: 'boolean', help: 'take it back' },
  'dry-run': { type: 'boolean', help: 'only show the change' },
} as const;

export const command = defineCommand({
  name: 'install',
  summary: 'makes Coppice known to a coding agent or editor (MCP), and takes it back',
  description:
    'Writes the entry of `coppice mcp` into the configuration of the agent, in your home folder, and shows the change\n' +
    'before. Everything else in the file stays as it is. --undo, or `coppice uninstall AGENT`, takes the entry out.\n' +
    `Agents: ${agentNames.slice(0, 8).join(', ')},\n${agentNames.slice(8).join(', ')}. Without a name: which are on this machine.`,
  args: [{ name: 'AGENT', help: 'which agent', optional: true, many: true }],
  flags,
  examples: [
    { command: 'coppice install', does: 'which agents are here, and which know of Coppice' },
    { command: 'coppice install claude', does: 'show the change, and write it' },
    { command: 'coppice install cursor --undo', does: 'as if it had never been' },
  ],
  async run(context, { args, flags }) {
    if (args.length === 0) return listAgents(context);
    return changeAgents(context, args.map(findAgent), flags);
  },
});

/** Shows the change of each agent's configuration, and writes it. */
export async function changeAgents(
  context: CommandContext,
  agents: readonly Agent[],
  { undo, 'dry-run': dryRun }: { readonly undo?: boolean; readonly 'dry-run'?: boolean },
): Promise<ExitCode> {
  const machine = machineOf(context);
  // All are read before any is written.
  const changes = agents.map((agent) => ({
    agent,
    change: undo === true ? planRemoval(agent, machine) : planInstall(agent, machine, ...ownCommand(machine.env)),
  }));
  for (const { agent, change } of changes) {
    const changed = change.before !== change.after;
    if (context.json) {
      context.out.json({ agent: agent.name, ...change, changed, written: changed && dryRun !== true });
    } else if (!changed) {
      const told = undo === true ? 'nothing of Coppice is in it' : 'it is in it already';
      context.out.write(`${agent.title}: ${change.file}: ${told}\n`);
    } else {
      context.out.write(`${agent.title}: ${change.file}\n${shownChange(context, change)}`);
    }
    await context.out.pass();
    if (!changed) continue;
    if (dryRun !== true) writeChange(change);
    if (!context.json) {
      const back = undo === true ? '' : ` Start it anew; \`coppice uninstall ${agent.name}\` takes it back.`;
      context.out.write(dryRun === true ? 'nothing was written\n' : `written.${back}\n`);
    }
  }
  return 0;
}

function listAgents(context: CommandContext): ExitCode {
  const machine = machineOf(context);
  for (const agent of agentNames.map(findAgent)) {
    const isHere = existsSync(agent.sign(machine));
    const { file, before, after } = safely(() => planRemoval(agent, machine)) ?? {
      file: agent.file(machine),
      before: '',
      after: '',
    };
    const isInstalled = before !== after;
    if (context.json)
      context.out.json({ agent: agent.name, title: agent.title, file, found: isHere, installed: isInstalled });
    else if (isHere || isInstalled)
      context.out.write(`${agent.name.padEnd(16)}${isInstalled ? 'installed' : 'found    '}  ${file}\n`);
  }
  if (!context.json)
    context.tell('coppice install AGENT writes its configuration; others: ' + agentNames.join(', ') + '\n');
  return 0;
}

function safely<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null; // a file that cannot be read has nothing of ours
  }
}

function machineOf(context: CommandContext): { env: Io['env']; platform: NodeJS.Platform; home: string } {
  const { env } = context;
  return { env, platform: process.platform, home: env['HOME'] ?? env['USERPROFILE'] ?? homedir() };
}

/** By name where it is on the PATH: a configuration is shared between machines; else by the full path of this very program. */
function ownCommand(env: Io['env']): [command: string, args: string[]] {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const names = process.platform === 'win32' ? ['coppice.cmd', 'coppice.exe'] : ['coppice'];
  const isOnPath = folders.some((folder) => names.some((name) => existsSync(join(folder, name))));
  return isOnPath ? ['coppice', ['mcp']] : [process.execPath, [process.argv[1] ?? 'coppice', 'mcp']];
}

/** The lines that go and come, with some around them. */
function shownChange(context: CommandContext, { before, after }: ConfigChange): string {
  const old = before === null || before === '' ? [] : before.replace(/\n$/, '').split('\n');
  const now = after === null || after === '' ? [] : after.replace(/\n$/, '').split('\n');
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const around = 2;
  const rows = [
    ...old.slice(Math.max(0, head - around), head).map((line) => `  ${line}`),
    ...old.slice(head, old.length - tail).map((line) => context.paint('red', `- ${line}`)),
    ...now.slice(head, now.length - tail).map((line) => context.paint('green', `+ ${line}`)),
    ...now.slice(now.length - tail, now.length - tail + around).map((line) => `  ${line}`),
  ];
  return `${rows.join('\n')}\n`;
}
