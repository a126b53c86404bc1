import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { devNull } from 'node:os';
import {
  CoppiceError,
  decodeBytes,
  exhaustedError,
  isExhausted,
  jittered,
  sleep,
  systemErrorCode,
  throwIfAborted,
} from '../base/index.js';
import { requireDescriptors } from './open-files.js';
import type { Seal } from './config/seal.js';

export interface GitProcessOptions {
  /** What git sees of the repository. */
  readonly seal: Seal;
  /** For commands that look at files on disk; all others know of no work tree. */
  readonly workTree?: string;
  /** The files of rules that hold in all of the user's repositories. */
  readonly userFiles?: { readonly excludesFile: string; readonly attributesFile: string };
  /** With the user's configuration, which takes effect nowhere else: to ask what it says. */
  readonly asUser?: boolean;
}

/**
 * Starts git with arguments of ours only; what users write goes through its standard input. Never a shell. Resolves once it runs. When
 * the system's limit of files or processes is reached it is tried again a few times, since others end meanwhile. GIT_NOT_FOUND,
 * GIT_FAILED, SERVER_BUSY.
 */
export async function startGit(
  args: readonly string[],
  options: GitProcessOptions,
  signal?: AbortSignal,
): Promise<ChildProcessWithoutNullStreams> {
  for (let tries = 1; ; tries++) {
    throwIfAborted(signal);
    try {
      return await spawnGit(args, options);
    } catch (error) {
      if (!isExhausted(error) || tries === startTriesMax)
        throw error instanceof CoppiceError ? error : startFailed(error as Error);
      for (const letGo of descriptorHolders) letGo();
      await sleep(jittered(firstPauseMs << tries));
    }
  }
}

const startTriesMax = 6;
const firstPauseMs = 15;

/** Each lets go what can be had again, when the system gives no more descriptors or processes. */
export const descriptorHolders = new Set<() => void>();

function spawnGit(args: readonly string[], options: GitProcessOptions): Promise<ChildProcessWithoutNullStreams> {
  return new Promise((resolve, reject) => {
    options.seal.prepare(options.workTree !== undefined);
    requireDescriptors();
    const child = spawn('git', args, {
      cwd: options.seal.folder,
      env: environment(options),
      windowsHide: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.once('error', reject);
    child.on('error', () => undefined); // later ones are of signals that cannot be sent
    child.once('spawn', () => resolve(child));
    // Without descriptors for pipes Node makes a child that has none, and tells why in the next turn.
    for (const stream of [child.stdin, child.stdout, child.stderr] as (typeof child.stdin | undefined)[])
      stream?.on('error', () => undefined); // a process that ends early is reported by its exit
  });
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
export async function runGitRaw(args: readonly string[], options: RunOptions): Promise<RunResult> {
  const child = await startGit(args, options, options.signal);
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
  let rest = '';
  for await (const chunk of gitOutput(args, options)) {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
}

/** What git prints, no faster than it is taken. Leaving the loop ends git. */
export async function* gitOutput(
  args: readonly string[],
  options: RunOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const child = await startGit(args, options, options.signal);
  const kill = (): void => void child.kill();
  options.signal?.addEventListener('abort', kill, { once: true });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + decodeBytes(chunk)).slice(-complaintCharsMax)));
  const exit = new Promise<number>((resolve, reject) => {
    child.on('error', (error) => reject(startFailed(error)));
    child.on('close', (code) => resolve(code ?? 128));
  });
  exit.catch(() => undefined); // awaited below
  child.stdin.end(options.input ?? '');
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const exitCode = await exit;
    throwIfAborted(options.signal);
    if (exitCode !== 0) throw gitFailed(commandOf(args), complaint);
  } finally {
    options.signal?.removeEventListener('abort', kill);
    child.kill();
  }
}

const complaintCharsMax = 64 * 1024;

/** GIT_NOT_FOUND when there is no git to start, SERVER_BUSY when the system gives no more processes or pipes, else GIT_FAILED. */
export function startFailed(error: Error): CoppiceError {
  if (systemErrorCode(error) === 'ENOENT') {
    return new CoppiceError('GIT_NOT_FOUND', 'git could not be started', {
      hint: 'install git, or put it on the PATH; if it is there, the repository itself may be gone',
      cause: error,
    });
  }
  if (isExhausted(error)) return exhaustedError('git could not be started', error);
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

/** The subcommand, for messages. */
function commandOf(args: readonly string[]): string {
  return args[0] ?? '';
}

/**
 * What git is told by its environment: where the repository is, and that there is no configuration but the seal's. Of git's variables that the
 * user has set only that one is kept which says where git's own programs are.
 */
function environment({ seal, workTree, userFiles, asUser = false }: GitProcessOptions): NodeJS.ProcessEnv {
  if (asUser) return { ...environmentWith(/^GIT_(EXEC_PATH|CONFIG_.*)$/), ...seal.variables, LC_ALL: 'C' };
  return {
    ...environmentWith(/^GIT_EXEC_PATH$/),
    ...(workTree === undefined ? seal.variables : { ...seal.worktreeVariables, GIT_WORK_TREE: workTree }),
    ...(userFiles === undefined ? {} : settings(Object.entries(userFiles))),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_ATTR_NOSYSTEM: '1',
    // Before 2.32 git knows no GIT_CONFIG_GLOBAL.
    HOME: seal.folder,
    XDG_CONFIG_HOME: seal.folder,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0', // `status` must not refresh the index file
    GIT_NO_REPLACE_OBJECTS: '1', // an oid means the same content in a repository and in its clones
    GIT_NO_LAZY_FETCH: '1', // what a partial clone lacks stays missing
  };
}

function settings(entries: readonly (readonly [key: string, value: string])[]): NodeJS.ProcessEnv {
  const variables = entries.map(([key, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, `core.${key}`],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ]);
  return { ...Object.fromEntries(variables.flat()), GIT_CONFIG_COUNT: String(entries.length) };
}

/** The user's environment, of git's own variables only some. */
function environmentWith(kept: RegExp): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter(([name]) => !name.toUpperCase().startsWith('GIT_') || kept.test(name)));
}
