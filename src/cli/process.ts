import { encodeBytes } from '../base/index.js';
import type { StartOptions } from '../daemon/index.js';
import type { CommandHost } from './context.js';
import type { Io, Sink } from './io.js';
import { mentions } from './typed/parse.js';
import { describeError, formatError } from './report-error.js';
import { run, type CommandSet } from './run.js';
import { createPaint } from './terminal/style.js';

/** Exit code after an interruption, as shells count it: 128 + SIGINT. */
const interruptedExitCode = 130;

/** Where the engines of a command come from. */
export interface ProcessSource extends Pick<CommandHost, 'openEngine' | 'attachEngines'> {
  startOptions(storePath: string): StartOptions;
  /** What is to be done once the command has ended well: see `EngineSource`. */
  startMissed(): Promise<void>;
}

/** Runs the command line of this process and ends it. `open` may throw what is to be told. */
export async function runProcess(commands: CommandSet, open: () => ProcessSource): Promise<void> {
  const stdout = new StreamSink(() => process.stdout);
  const stderr = new StreamSink(() => process.stderr);
  const argv = process.argv.slice(2);
  let survive: ((fault: unknown) => void) | undefined;
  process.on('uncaughtException', (error) => {
    if (survive !== undefined) {
      survive(error);
      return;
    }
    const reported = describeError(error, process.env['COPPICE_DEBUG'] === '1');
    stderr.quietly(formatError(reported, createPaint(false)));
    if (mentions(argv, '--json')) stdout.quietly(`${JSON.stringify({ error: reported })}\n`);
    process.exit(2);
  });
  const io: Io = {
    cwd: process.cwd(),
    env: process.env,
    stdout,
    stderr,
    readStdin,
    now: () => performance.now(),
    every: (ms, tick) => {
      const timer = setInterval(tick, ms).unref();
      return () => clearInterval(timer);
    },
  };
  const interrupt = new AbortController();
  const onSignal = (): void => {
    if (interrupt.signal.aborted) process.exit(interruptedExitCode);
    interrupt.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const source = open();
  const { openEngine, attachEngines } = source;
  const startOptions = (storePath: string): StartOptions => source.startOptions(storePath);
  const surviveFaults = (handler: (fault: unknown) => void): void => void (survive = handler);
  const { signal } = interrupt;
  const code = await run(argv, io, { commands, openEngine, attachEngines, startOptions, signal, surviveFaults });
  await stderr.drain().catch(() => undefined);
  if (code === 0 || code === 1) await source.startMissed();
  // Everything is closed and written by now; leaving at once saves waiting for idle threads and timers.
  process.exit(code);
}

/** A standard stream whose errors come back to the caller instead of as an event that ends the process. */
class StreamSink implements Sink {
  private error: Error | undefined;
  private opened: NodeJS.WriteStream | undefined;

  /** Opened on first use: node sets up each of its streams only when asked, and many commands need only one. */
  constructor(private readonly open: () => NodeJS.WriteStream) {}

  private get stream(): NodeJS.WriteStream {
    if (this.opened === undefined) {
      this.opened = this.open();
      this.opened.on('error', (error) => (this.error ??= error));
    }
    return this.opened;
  }

  get isTerminal(): boolean {
    // Undefined, whatever its type says, where it is no terminal.
    return Boolean(this.stream.isTTY);
  }

  get columns(): number {
    return this.isTerminal ? this.stream.columns || 80 : 80;
  }

  get pendingBytes(): number {
    return this.opened?.writableLength ?? 0;
  }

  write(bytes: Uint8Array): void {
    this.check();
    this.stream.write(bytes);
    this.check();
  }

  async drain(): Promise<void> {
    if (this.opened === undefined) return;
    this.check();
    // The callback carries the error too, but so does `check`, for every write before as well.
    await new Promise<void>((resolve) => this.stream.write('', () => resolve()));
    this.check();
  }

  /** For last words: nothing can be done when they do not arrive. */
  quietly(text: string): void {
    try {
      this.stream.write(encodeBytes(text));
    } catch {
      // The stream is gone, and so is the way to say so.
    }
  }

  private check(): void {
    const error = this.error ?? this.stream.errored;
    if (error) throw error;
  }
}

async function readStdin(): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
