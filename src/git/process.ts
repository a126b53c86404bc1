import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { devNull } from 'node:os';
import { CoppiceError, decodeBytes, systemErrorCode, throwIfAborted } from '../base/index.js';

/** Environment variables of git's that say which configuration the user has. All others would redirect or trace us. */
const keptVariables = new Set([
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_EXEC_PATH',
  'GIT_TEST_ASSUME_DIFFERENT_OWNER',
]);

/**
 * Settings of a repository that would make git run a program of the repository's choosing, ask, or reach the network.
 * A repository is data to us: none of them may take effect.
 */
const neutralised = [
  'core.fsmonitor=false',
  `core.hooksPath=${devNull}`,
  'core.pager=cat',
  'core.askPass=',
  'core.sshCommand=false',
  'core.untrackedCache=keep',
  'credential.helper=',
  'diff.external=',
  'gpg.program=',
  'log.showSignature=false',
  'protocol.allow=never',
  'submodule.recurse=false',
].flatMap((setting) => ['-c', setting]);

/** A setting whose name may hold any character; passed by environment, where a `=` in the name is no trouble. */
export type Setting = readonly [name: string, value: string];

export interface GitProcessOptions {
  /** Where git starts; any folder that exists. */
  readonly folder: string;
  readonly settings?: readonly Setting[];
}

/** Starts git with arguments of ours only; what users write goes through its standard input. Never a shell. */
export function startGit(args: readonly string[], options: GitProcessOptions): ChildProcessWithoutNullStreams {
  const child = spawn('git', [...neutralised, ...args], {
    cwd: options.folder,
    env: environment(options.settings ?? []),
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined); // a process that ends early is reported by its exit
  return child;
}

export interface RunOptions extends GitProcessOptions {
  readonly input?: string | Buffer;
  readonly signal?: AbortSignal | undefined;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs git to its end. A non-zero exit is not an error here: see `runGit`. */
export function runGitRaw(args: readonly string[], options: RunOptions): Promise<RunResult> {
  throwIfAborted(options.signal);
  const child = startGit(args, options);
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const kill = (): void => void child.kill();
    options.signal?.addEventListener('abort', kill, { once: true });
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (error) => reject(startFailed(error)));
    child.on('close', (code) => {
      options.signal?.removeEventListener('abort', kill);
      if (options.signal?.aborted) reject(aborted(options.signal));
      else
        resolve({ exitCode: code ?? 128, stdout: Buffer.concat(stdout), stderr: decodeBytes(Buffer.concat(stderr)) });
    });
    child.stdin.end(options.input ?? '');
  });
}

/** Runs git and returns what it printed; GIT_FAILED with git's own words when it fails. */
export async function runGit(args: readonly string[], options: RunOptions): Promise<Buffer> {
  const result = await runGitRaw(args, options);
  if (result.exitCode !== 0) throw gitFailed(commandOf(args), result.stderr);
  return result.stdout;
}

/** Lines of ASCII as git prints them, no faster than they are taken. Leaving the loop ends git. */
export async function* gitLines(args: readonly string[], options: RunOptions): AsyncGenerator<string, void, undefined> {
  throwIfAborted(options.signal);
  const child = startGit(args, options);
  const kill = (): void => void child.kill();
  options.signal?.addEventListener('abort', kill, { once: true });
  const stderr: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const exit = new Promise<number>((resolve, reject) => {
    child.on('error', (error) => reject(startFailed(error)));
    child.on('close', (code) => resolve(code ?? 128));
  });
  exit.catch(() => undefined); // awaited below
  child.stdin.end(options.input ?? '');
  try {
    let rest = '';
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
    const exitCode = await exit;
    throwIfAborted(options.signal);
    if (exitCode !== 0) throw gitFailed(commandOf(args), decodeBytes(Buffer.concat(stderr)));
  } finally {
    options.signal?.removeEventListener('abort', kill);
    child.kill();
  }
}

/** GIT_NOT_FOUND when there is no git to start, else GIT_FAILED. */
export function startFailed(error: Error): CoppiceError {
  if (systemErrorCode(error) === 'ENOENT') {
    return new CoppiceError('GIT_NOT_FOUND', 'git could not be started', {
      hint: 'install git, or put it on the PATH; if it is there, the repository itself may be gone',
      cause: error,
    });
  }
  return new CoppiceError('GIT_FAILED', `git could not be started: ${error.message}`, { cause: error });
}

export function gitFailed(command: string, stderr: string): CoppiceError {
  const words = gitMessage(stderr);
  return new CoppiceError('GIT_FAILED', `git ${command} failed${words === '' ? '' : `: ${words}`}`, {
    data: { stderr },
  });
}

function aborted(signal: AbortSignal): CoppiceError {
  return new CoppiceError('ABORTED', 'the operation was cancelled', { cause: signal.reason });
}

/** The last thing git complained of, without its `fatal:`. */
export function gitMessage(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line !== '');
  const fatal = lines.find((line) => line.startsWith('fatal: ')) ?? lines.at(-1) ?? '';
  return fatal.replace(/^(fatal|error): /, '');
}

/** The subcommand, for messages: arguments before it all begin with a dash. */
function commandOf(args: readonly string[]): string {
  return args.find((arg) => !arg.startsWith('-')) ?? '';
}

function environment(settings: readonly Setting[]): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.toUpperCase().startsWith('GIT_') || keptVariables.has(name)) env[name] = value;
  }
  env.LC_ALL = 'C';
  env.GIT_TERMINAL_PROMPT = '0';
  env.GIT_OPTIONAL_LOCKS = '0'; // `status` must not refresh the index file
  // A partial clone's missing objects stay missing: nothing is fetched, and were it tried, no transport is allowed.
  env.GIT_NO_LAZY_FETCH = '1';
  env.GIT_ALLOW_PROTOCOL = '';
  if (settings.length > 0) env.GIT_CONFIG_COUNT = String(settings.length);
  settings.forEach(([name, value], i) => {
    env[`GIT_CONFIG_KEY_${i}`] = name;
    env[`GIT_CONFIG_VALUE_${i}`] = value;
  });
  return env;
}
