import { CoppiceError, closest, encodeBytes } from '../base/index.js';
import type { Command } from './command.js';
import { CommandContext, type CommandHost } from './context.js';
import { globalFlags } from './global-flags.js';
import type * as help from './help/help.js';
import type { Io } from './io.js';
import { OutputClosedError } from './terminal/output.js';
import { mentions, parseCommand, parseFlags, splitCommandLine, type SplitCommandLine } from './typed/parse.js';
import { describeError, formatError, type ReportedError } from './report-error.js';
import { createPaint, wantsColour } from './terminal/style.js';
import { readCommit, readVersion } from './version.js';

/** The commands that a process can run, loaded when they are asked for, and their help. */
export interface CommandSet {
  /** Of all commands, for suggestions. */
  readonly names: readonly string[];
  /** The command of that name, or undefined. */
  load(name: string): Promise<Command | undefined>;
  help(): Promise<typeof help>;
}

export interface RunOptions extends CommandHost {
  readonly commands: CommandSet;
}

/** Runs one command line and gives its exit code: 0 done or found, 1 nothing found, 2 error, 130 interrupted. */
export async function run(argv: readonly string[], io: Io, options: RunOptions): Promise<number> {
  let context: CommandContext | undefined;
  let code: number | undefined;
  try {
    const split = splitCommandLine(argv);
    if (split.name === undefined) return await runWithoutCommand(argv, io, options.commands);
    const command = await options.commands.load(split.name);
    if (command === undefined) throw unknownCommand(split.name, options.commands);
    const parsed = parseUnlessHelp(command, split);
    if (parsed === undefined) {
      context = plainContext(argv, io, options);
      code = await showHelp(command, context, options.commands);
    } else {
      const { globals, ...input } = parsed;
      context = new CommandContext(io, globals, options);
      code = await command.run(context, input as Parameters<Command['run']>[1]);
    }
    await context.end();
    return code;
  } catch (error) {
    context?.clearProgress();
    if (error instanceof OutputClosedError) code ??= 0;
    else code = await reportError(error, argv, io, context, options.signal);
    await context?.closeQuietly();
    return code;
  }
}

/** Undefined when help is wanted, which goes before whatever is wrong with the other flags. */
function parseUnlessHelp(command: Command, split: SplitCommandLine): ReturnType<typeof parseCommand> | undefined {
  try {
    const parsed = parseCommand(command, split.before, split.rest);
    return parsed.globals.help ? undefined : parsed;
  } catch (error) {
    if (mentions(split.rest, '--help', '-h')) return undefined;
    throw error;
  }
}

async function showHelp(command: Command, context: CommandContext, commands: CommandSet): Promise<number> {
  const { formatHelp, describeCommand } = await commands.help();
  if (context.json) context.out.json(describeCommand(command));
  else context.out.write(formatHelp(command, context.paint));
  return 0;
}

/** `coppice`, `coppice --help`, `coppice --version`. */
async function runWithoutCommand(argv: readonly string[], io: Io, commands: CommandSet): Promise<number> {
  const context = plainContext(argv, io, undefined);
  if (mentions(argv, '--version', '-V', '-v')) {
    const version = readVersion();
    const commit = readCommit();
    if (context.json) context.out.json({ version, commit });
    else context.out.write(`coppice ${version}${commit === null ? '' : ` (${commit})`}\n`);
  } else {
    const { formatOverview, describeAll } = await commands.help();
    if (!mentions(argv, '--help', '-h')) {
      parseFlags(argv, globalFlags, 'coppice');
      await writeErrors(io, await formatOverview(createPaint(wantsColour(context.globals, io.env, io.stderr))));
      throw new CoppiceError('USAGE', 'no command given', { hint: 'coppice help COMMAND tells more about one' });
    }
    if (context.json) context.out.json(await describeAll());
    else context.out.write(await formatOverview(context.paint));
  }
  await context.end();
  return 0;
}

/** Commands of other tools, and what to type here. */
const elsewhere: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['rg', 'ag', 'ack', 'egrep', 'fgrep', 'ripgrep'].map((name) => [name, 'coppice grep PATTERN takes what it takes']),
  ),
  'ls-files': 'coppice files',
  'ls-tree': 'coppice files --rev REV',
  ls: 'coppice files',
  find: 'coppice files PATHSPEC',
  cat: 'coppice show PATH',
  diff: 'coppice compare A..B for files, coppice grep PATTERN --rev A..B for lines',
  branch: 'coppice revs',
  tag: 'coppice revs',
  blame: 'coppice log TEXT tells when the lines with it came and went',
  init: 'there is nothing to set up: coppice search QUERY indexes what it needs',
  update: 'there is nothing to update: coppice search QUERY indexes what has changed',
  web: 'coppice open',
  ui: 'coppice open',
  daemon: 'coppice serve',
  version: 'coppice --version',
  tags: 'coppice revs lists tags, coppice symbols NAME definitions',
  ctags: 'coppice symbols NAME',
  fd: "coppice files '*NAME*'",
  fzf: 'coppice symbols NAME finds by a few letters',
  tree: 'coppice files',
  head: 'coppice show PATH:1-10',
  'rev-list': 'coppice revs; git rev-list lists commits',
  'rev-parse': 'git rev-parse; coppice grep PATTERN --rev REV takes what it takes',
  checkout: 'nothing needs to be checked out: coppice grep PATTERN --rev REV',
  switch: 'nothing needs to be checked out: coppice grep PATTERN --rev REV',
  commit: 'coppice apply NAME --commit REV moves a fork; git commits',
  config: 'coppice help config',
  reindex: 'there is nothing to do: what has changed is read when it is searched',
  watch: 'coppice serve watches; a command starts it by itself',
  clean: 'coppice gc',
  prune: 'coppice gc',
  goto: 'coppice definition NAME',
  usages: 'coppice references NAME',
  callers: 'coppice references NAME',
  def: 'coppice definition NAME',
  refs: 'coppice references NAME',
  query: 'coppice search QUERY',
  ask: 'coppice search QUERY',
};

function unknownCommand(name: string, { names }: CommandSet): CoppiceError {
  const instead = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
  if (instead !== undefined) return new CoppiceError('USAGE', `coppice has no command '${name}'`, { hint: instead });
  const near = closest(name, names);
  return new CoppiceError('USAGE', `unknown command '${name}'`, {
    hint:
      near === undefined
        ? `coppice grep ${shellWord(name)} and coppice search ${shellWord(name)} look for it; coppice help lists the commands`
        : `did you mean coppice ${near}?`,
  });
}

/** A word as a shell needs it. */
const shellWord = (word: string): string => (/^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** For help and errors, when flags may be wrong: of the global ones, those that can be made out. */
function plainContext(argv: readonly string[], io: Io, options: CommandHost | undefined): CommandContext {
  const globals = {
    repo: [],
    'all-repos': false,
    yes: false,
    view: undefined,
    store: undefined,
    json: mentions(argv, '--json'),
    color: mentions(argv, '--color=always') ? 'always' : mentions(argv, '--color=never') ? 'never' : undefined,
    'no-color': mentions(argv, '--no-color'),
    help: true,
  } as const;
  return new CommandContext(io, globals, options);
}

async function reportError(
  error: unknown,
  argv: readonly string[],
  io: Io,
  context: CommandContext | undefined,
  signal: AbortSignal,
): Promise<number> {
  const { out, json, globals } = context ?? plainContext(argv, io, undefined);
  // Ctrl-C reaches git's processes too, so after it any failure is the interruption.
  const reported = signal.aborted
    ? interruption(context?.hasIndexed === true)
    : describeError(error, io.env['COPPICE_DEBUG'] === '1');
  await writeErrors(io, formatError(reported, createPaint(wantsColour(globals, io.env, io.stderr))));
  try {
    if (json) out.json({ error: reported });
    await out.end();
  } catch {
    // Standard error has the message already, and that standard output is closed changes nothing.
  }
  return signal.aborted ? 130 : 2;
}

/** Says that work was kept only where some was done. */
const interruption = (hasIndexed: boolean): ReportedError => ({
  code: 'ABORTED',
  message: hasIndexed ? 'interrupted; what was indexed is kept, run the same command to go on' : 'interrupted',
});

async function writeErrors(io: Io, text: string): Promise<void> {
  try {
    io.stderr.write(encodeBytes(text));
    await io.stderr.drain();
  } catch {
    // Nobody listens; the exit code still tells.
  }
}
