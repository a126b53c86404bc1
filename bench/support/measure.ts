import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The value that a share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export async function timed<T>(action: () => Promise<T> | T): Promise<{ ms: number; result: T }> {
  const start = performance.now();
  const result = await action();
  return { ms: performance.now() - start, result };
}

/** Runs a program to its end and returns what it took; its output is read as a user's terminal would. */
export function timedProcess(
  command: string,
  args: readonly string[],
  cwd?: string,
): { ms: number; stdout: Buffer; status: number | null } {
  const start = performance.now();
  const { stdout, status, error } = spawnSync(command, args, {
    cwd,
    maxBuffer: 2 ** 31 - 1,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (error !== undefined) throw error;
  return { ms: performance.now() - start, stdout, status };
}

export const isOnPath = (command: string): boolean =>
  spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined;

export function git(repo: string, ...args: string[]): string {
  const result = spawnSync('git', ['-C', repo, ...args], { maxBuffer: 2 ** 31 - 1 });
  if (result.status !== 0) throw new Error(`git ${args.join(' ')}: ${result.stderr.toString()}`);
  return result.stdout.toString();
}

export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly target: string;
  readonly met: boolean | null;
}

/** Gathers rows, and what each was made of; tells each on stderr as it comes. */
export class Report {
  readonly rows: Row[] = [];
  readonly details: Record<string, unknown> = {};

  add(what: string, measured: string, target: string, met: boolean | null, detail: unknown = null): void {
    this.rows.push({ what, measured, target, met });
    this.details[what] = detail;
    console.error(`${what}: ${measured}`);
  }
}

/** Prints rows as a Markdown table. */
export function printTable(title: string, rows: readonly Row[]): void {
  console.log(`\n### ${title}\n\n| what | measured | target | |\n|---|---|---|---|`);
  for (const { what, measured, target, met } of rows) {
    console.log(`| ${what} | ${measured} | ${target} | ${met === null ? '' : met ? 'met' : '**missed**'} |`);
  }
}

/** Writes a result below bench/out/ (bundles run from there). */
export function writeJson(name: string, value: unknown): void {
  const path = join(dirname(fileURLToPath(import.meta.url)), `${name}.json`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
  console.log(`\nwritten to ${path}`);
}

export const machine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}`;

/** Value of `--name VALUE`. */
export function option(name: string, fallback?: string): string {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? fallback : process.argv[at + 1];
  if (value === undefined) {
    console.error(`--${name} is needed`);
    process.exit(2);
  }
  return value;
}

/** Whether `--name` is given. */
export const flag = (name: string): boolean => process.argv.includes(`--${name}`);

/** The name people know a repository by: the last telling part of its path. */
export function repositoryName(path: string): string {
  const parts = resolve(path)
    .split('/')
    .filter((part) => !['.git', 'repo'].includes(part));
  return basename(parts.at(-1) ?? path)
    .replace(/\.git$/, '')
    .replace(/^.*\+/, '');
}
