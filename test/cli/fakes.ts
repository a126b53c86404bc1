import { CoppiceError, type Batches } from '../../src/base/index.js';
import type { Engine, EngineOptions, Hit, LineMatch, ResolvedRev } from '../../src/engine/index.js';
import type { Io, Sink } from '../../src/cli/io.js';
import { allCommands } from '../../src/cli/command-table.js';
import { run } from '../../src/cli/run.js';

export const commit = '0123456789abcdef0123456789abcdef01234567';

export const resolvedHead: ResolvedRev = { rev: 'HEAD', kind: 'commit', commit, tree: 'a'.repeat(40) };

export function lineMatch(path: string, line: number, text: string, more: Partial<LineMatch> = {}): LineMatch {
  return { path, line, column: 1, length: 1, text, ...more };
}

export function hit(more: Partial<Hit> = {}): Hit {
  return {
    repo: 'demo',
    rev: 'HEAD',
    commit,
    path: 'src/a.ts',
    blob: 'b'.repeat(40),
    startLine: 10,
    endLine: 12,
    language: 'typescript',
    symbol: 'Builder.finish',
    kind: 'method',
    symbolLine: 10,
    score: 12.345,
    signals: { lexical: 1 },
    matches: [{ line: 11, column: 3, length: 4 }],
    text: 'finish() {\n  done();\n}\n',
    firstSeen: { commit, date: '2026-01-02T03:04:05.000Z' },
    freshness: 'exact',
    ...more,
  };
}

/** The list of a whole answer as one batch. */
async function* asBatches(answer: Promise<object>, list: string): Batches<unknown, object> {
  const { [list]: items, ...rest } = (await answer) as Record<string, unknown>;
  if ((items as readonly unknown[]).length > 0) yield items as readonly unknown[];
  return rest;
}

/** Methods that answer in batches, the methods that have the same answer whole, and what their lists are called. */
const whole: Readonly<Record<string, readonly [keyof Engine, string]>> = {
  grepBatches: ['grep', 'lines'],
  grepRangeBatches: ['grepRange', 'lines'],
  grepCountBatches: ['grepCounts', 'files'],
};

/**
 * An engine of which only the given methods work, and those that answer the same in batches; any other call fails the test by its
 * message.
 */
export function fakeEngine(methods: Partial<Engine>): Engine {
  return new Proxy(methods as Engine, {
    get(target, name) {
      if (name in target) return target[name as keyof Engine];
      const [method, list] = whole[String(name)] ?? [];
      if (method !== undefined && method in target) {
        const answer = target[method] as (...args: unknown[]) => Promise<object>;
        return (...args: unknown[]) => asBatches(answer(...args), list!);
      }
      if (name === 'close') return () => Promise.resolve();
      if (name === 'then') return undefined;
      throw new Error(`the fake engine has no ${String(name)}`);
    },
  });
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
}

export interface Surroundings {
  readonly engine?: Partial<Engine>;
  /** Opens real ones, in place of `engine`. */
  readonly open?: (options: EngineOptions) => Promise<Engine>;
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  readonly stdin?: string;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Stands in for the sink of stdout. */
  readonly stdout?: Sink;
  readonly stderr?: Sink;
  readonly now?: () => number;
  readonly every?: NonNullable<Io['every']>;
  /** Milliseconds that each look at the clock takes. */
  readonly tickMs?: number;
  readonly onOpen?: (options: EngineOptions) => void;
}

/** Runs a command line in this process against a fake engine. */
export async function runCli(argv: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const isTerminal = surroundings.terminal === true;
  const sink = (parts: Uint8Array[]): Sink => ({
    isTerminal,
    pendingBytes: 0,
    columns: 100,
    write: (bytes) => parts.push(Uint8Array.from(bytes)),
    drain: () => Promise.resolve(),
  });
  let clock = 0;
  const io: Io = {
    cwd: surroundings.cwd ?? '/',
    env: surroundings.env ?? {},
    stdout: surroundings.stdout ?? sink(out),
    stderr: surroundings.stderr ?? sink(err),
    readStdin: () => Promise.resolve(Buffer.from(surroundings.stdin ?? '')),
    now: surroundings.now ?? (() => (clock += surroundings.tickMs ?? 1)),
    ...(surroundings.every && { every: surroundings.every }),
  };
  const code = await run(argv, io, {
    commands: allCommands,
    signal: surroundings.signal ?? new AbortController().signal,
    attachEngines: () => Promise.reject(new Error('no engines here')),
    startOptions: () => {
      throw new Error('no daemon here');
    },
    openEngine: (options) => {
      surroundings.onOpen?.(options);
      if (surroundings.open !== undefined) return surroundings.open(options);
      if (surroundings.engine === undefined) throw new CoppiceError('NOT_A_REPOSITORY', 'no repository here');
      return Promise.resolve(fakeEngine(surroundings.engine));
    },
  });
  const stdoutBytes = Buffer.concat(out);
  return { code, stdout: stdoutBytes.toString(), stderr: Buffer.concat(err).toString(), stdoutBytes };
}
