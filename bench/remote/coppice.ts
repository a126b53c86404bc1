import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onEnd } from '../daemon/cleanup.js';
import { placesOf } from '../../src/daemon/client/places.js';

/** The command line, from the folder that bundles run in. */
const mainProgram = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url));

export interface Ended {
  readonly ms: number;
  /** User and system time of the command and of what it started. */
  readonly cpuMs: number;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `coppice ARGS --json` to its end, in this process's environment and `env`, without a daemon. */
export async function coppice(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const start = performance.now();
  // The shell tells the processor time, which is worth more than the clock's where others are at work.
  const script = '"$@"; code=$?; times >&2; exit $code';
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, mainProgram, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, COPPICE_DAEMON: 'off', ...env },
    detached: true, // a group of its own, which is killed as one
  });
  const forget = onEnd(() => !ended && killGroup(child.pid!));
  let ended = false;
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  ended = true;
  forget();
  const [, children] = /\n?(?:\d+m[\d.]+s \d+m[\d.]+s)\n(\d+m[\d.]+s \d+m[\d.]+s)\n$/.exec(stderr) ?? [];
  const cpuMs = [...(children ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1000,
    0,
  );
  return { ms: performance.now() - start, cpuMs, status, stdout, stderr };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

/** As `coppice`, for what has to work; its answer. */
export async function ask<T>(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended & { readonly answer: T }> {
  const ended = await coppice(args, env);
  if (ended.status !== 0 && ended.status !== 1) throw new Error(`coppice ${args.join(' ')}: ${ended.stderr}`);
  return { ...ended, answer: JSON.parse(ended.stdout) as T };
}

/** A process that serves, and what it says of itself when it does. */
export class Serving {
  private constructor(
    readonly pid: number,
    readonly url: string,
    readonly token: string,
    private readonly child: ReturnType<typeof spawn>,
  ) {}

  /** `coppice serve --http ARGS`: a daemon or a search node. `token`: of a user, where there are some. */
  static start(args: readonly string[], env: Readonly<Record<string, string>>, token: string | null): Promise<Serving> {
    const child = spawn(process.execPath, [mainProgram, 'serve', '--http', '--json', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    return new Promise((resolve, reject) => {
      let text = '';
      let errors = '';
      child.stderr.setEncoding('utf8').on('data', (more: string) => (errors = (errors + more).slice(-20_000)));
      child.on('exit', () => reject(new Error(`it does not serve: ${errors}`)));
      child.stdout.setEncoding('utf8').on('data', (more: string) => {
        text += more;
        if (!text.includes('\n')) return;
        const { http, store } = JSON.parse(text) as { http: string; store: string };
        const own = token ?? readFileSync(placesOf(store).token, 'utf8').trim();
        resolve(new Serving(child.pid!, http, own, child));
      });
    });
  }

  async ask<T>(operation: string, body: object): Promise<T> {
    const response = await fetch(`${this.url}/v1/${operation}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${operation} ${JSON.stringify(body)}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await ended;
  }
}
