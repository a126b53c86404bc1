import { loadAllCommands } from '../command-table.js';
import type { Command, FlagSpec, FlagTable } from '../command.js';
import { formatTable } from '../terminal/format.js';
import { globalFlags } from '../global-flags.js';
import { readTopics } from './manual.js';
import { createPaint, type Paint } from '../terminal/style.js';

const flagsOnly = createPaint(false);

/** Everything that a command's table says, as text. */
export function formatHelp(command: Command, paint: Paint = flagsOnly): string {
  const head = (text: string): string => paint('bold', text);
  let text = `${head(`coppice ${command.name}`)}: ${command.summary}\n\n`;
  text += `${head('Usage:')} coppice ${command.name} ${usageOf(command)}\n`;
  if (command.description !== undefined) text += `\n${command.description}\n`;
  if (command.args.length > 0) {
    text += `\n${head('Arguments:')}\n`;
    text += formatTable(
      command.args.map(({ name, many, help }) => [`${name}${many === true ? '…' : ''}`, help]),
      '  ',
    );
  }
  text += flagSection(head('Flags:'), command.flags);
  text += flagSection(head('Flags of every command:'), globalFlags);
  if (command.examples.length > 0) {
    text += `\n${head('Examples:')}\n`;
    text += formatTable(
      command.examples.map((example) => [example.command, paint('dim', example.does)]),
      '  ',
    );
  }
  return text;
}

export function usageOf(command: Command): string {
  if (command.usage !== undefined) return command.usage;
  const args = command.args.map(({ name, many, optional }) => {
    const shown = `${name}${many === true ? '…' : ''}`;
    return optional === true ? `[${shown}]` : shown;
  });
  return [...(Object.keys(command.flags).length > 0 ? ['[flags]'] : []), ...args].join(' ').trimEnd();
}

function flagSection(head: string, table: FlagTable): string {
  const rows = Object.entries(table).map(([name, spec]) => [flagName(name, spec), flagHelp(spec)]);
  return rows.length === 0 ? '' : `\n${head}\n${formatTable(rows, '  ')}`;
}

export function flagName(name: string, spec: FlagSpec): string {
  const short = spec.short === undefined ? '    ' : `-${spec.short}, `;
  return `${short}--${name}${spec.type === 'boolean' ? '' : ` ${spec.value ?? 'VALUE'}`}`;
}

const dashed = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`);

export function flagHelp(spec: FlagSpec): string {
  const more = [
    ...(spec.choices === undefined ? [] : [spec.choices.join(', ')]),
    ...(spec.many === true ? ['repeatable'] : []),
    ...(spec.aliases === undefined ? [] : [`also ${spec.aliases.map(dashed).join(', ')}`]),
    ...(spec.default === undefined ? [] : [`default ${String(spec.default)}`]),
  ];
  return more.length === 0 ? spec.help : `${spec.help} (${more.join('; ')})`;
}

/** The list of commands: what `coppice help` prints. */
export async function formatOverview(paint: Paint = flagsOnly): Promise<string> {
  const head = (text: string): string => paint('bold', text);
  const commands = await loadAllCommands();
  const rows = commands.map((command) => [paint('cyan', command.name), command.summary]);
  return (
    `${head('coppice')}: search every branch, tag, commit, fork and work tree of a repository from one index\n\n` +
    `${head('Usage:')} coppice COMMAND [flags] …\n\n` +
    `${head('Commands:')}\n${formatTable(rows, '  ')}` +
    flagSection(head('Flags of every command:'), globalFlags) +
    `\n${head('Words:')}\n${formatTable(words, '  ')}` +
    `\n${head('Topics:')}\n${formatTable(
      readTopics().map(({ name, title }) => [paint('cyan', name), title]),
      '  ',
    )}` +
    '\ncoppice help COMMAND or TOPIC tells more about one. Exit codes: 0 done or found, 1 nothing found, 2 error.\n'
  );
}

const words = [
  ['REV', 'what git rev-parse accepts, the name of a fork (fork:NAME where a branch has it too), or @worktree'],
  ['A..B', 'a range: what B has and A has not, and the reverse'],
  ['GLOB', 'a path pattern such as src/**/*.ts, or a part of a path; ! before it excludes'],
] as const;

/** A command as data, for programs that build on it. */
export function describeCommand(command: Command): object {
  const { name, summary, description, args, flags, examples } = command;
  return { name, summary, usage: `coppice ${name} ${usageOf(command)}`.trimEnd(), description, args, flags, examples };
}

export async function describeAll(): Promise<object> {
  return { commands: (await loadAllCommands()).map(describeCommand), flags: globalFlags };
}
