import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const distMain = join(root, 'dist/main.js');

/** Builds dist/ unless it is newer than every source: a stale build would test what is no longer there. */
export function ensureDist(): void {
  mkdirSync(join(root, 'dist'), { recursive: true });
  const lock = join(root, 'dist/.building');
  // Test files run in parallel, and one must not take the other's dist/ away in the middle of a test.
  while (!tryCreate(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  try {
    const names = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
    const newest = Math.max(...names.map((name) => statSync(join(root, 'src', name)).mtimeMs));
    if (existsSync(distMain) && statSync(distMain).mtimeMs > newest) return;
    execFileSync(process.execPath, ['.config/build.mjs', '--no-types'], { cwd: root, stdio: 'inherit' });
  } finally {
    rmSync(lock, { force: true });
  }
}

const lockLifeMs = 60_000;

function tryCreate(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx'));
    return true;
  } catch {
    // Left behind by a run that was killed.
    if (Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > lockLifeMs) rmSync(lock);
    return false;
  }
}

export interface Finished {
  readonly code: number | null;
  readonly bytes: Buffer;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Place {
  readonly cwd: string;
  readonly store: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
}

/** The environment without what the user has set for us or for git. */
export function environment({ store, env }: Pick<Place, 'store' | 'env'>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(COPPICE_|GIT_|NO_COLOR|FORCE_COLOR)/.test(name));
  return {
    ...Object.fromEntries(own),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    COPPICE_HOME: store,
    // Nothing is left running behind a test: those of the daemon ask for one.
    COPPICE_DAEMON: 'off',
    ...env,
  };
}

/** Runs the built command to its end. */
export function coppice(place: Place, ...args: readonly string[]): Finished {
  const child = spawnSync(process.execPath, [distMain, ...args], {
    cwd: place.cwd,
    env: environment(place),
    input: place.input ?? '',
    maxBuffer: 1 << 28,
  });
  return { code: child.status, bytes: child.stdout, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
}
