import type { Command, FlagSpec, FlagTable } from '../command.js';
import { flagHelp, flagName, usageOf } from './help.js';
import { globalFlags } from '../global-flags.js';

/** coppice(1), in the language of man pages, from the table of commands. */
export function formatManPage(
  commands: readonly Command[],
  topics: readonly { readonly name: string; readonly title: string }[],
  version: string,
): string {
  const parts = [
    `.TH COPPICE 1 "" "coppice ${version}"`,
    '.SH NAME',
    'coppice \\- search every branch, tag, commit, fork and work tree of a repository from one index',
    '.SH SYNOPSIS',
    '.B coppice',
    escape('COMMAND [flags] …'),
    '.SH COMMANDS',
    ...commands.flatMap(formatCommand),
    '.SH FLAGS OF EVERY COMMAND',
    ...formatFlags(globalFlags),
    '.SH EXIT STATUS',
    escape('0 done or found, 1 nothing found, 2 error, 130 interrupted.'),
    '.SH SEE ALSO',
    escape(`coppice help TOPIC: ${topics.map(({ name, title }) => `${name} (${title})`).join(', ')}.`),
  ];
  return `${parts.join('\n')}\n`;
}

function formatCommand(command: Command): string[] {
  const { name, summary, description, args, flags, examples } = command;
  return [
    `.SS ${escape(`coppice ${name} ${usageOf(command)}`)}`,
    escape(summary.replace(/^./, (letter) => letter.toUpperCase())) + '.',
    ...(description === undefined ? [] : ['.PP', '.nf', ...description.split('\n').map(escape), '.fi']),
    ...args.flatMap((arg) => ['.TP', `.I ${escape(arg.name)}`, escape(arg.help)]),
    ...formatFlags(flags),
    ...(examples.length === 0 ? [] : ['.PP', 'Examples:', '.RS', '.nf']),
    ...examples.map((example) => escape(`${example.command}    # ${example.does}`)),
    ...(examples.length === 0 ? [] : ['.fi', '.RE']),
  ];
}

const formatFlags = (table: FlagTable): string[] =>
  Object.entries(table).flatMap(([name, spec]: [string, FlagSpec]) => [
    '.TP',
    `.B ${escape(flagName(name, spec).trim())}`,
    escape(flagHelp(spec)),
  ]);

/** Backslashes and dashes are themselves, and no line is a request. */
function escape(text: string): string {
  const plain = text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return /^[.']/.test(plain) ? `\\&${plain}` : plain;
}
