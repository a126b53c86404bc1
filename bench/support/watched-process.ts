import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

export interface WatchedProcess {
  readonly ms: number;
  readonly stdout: string;
  /** Most memory that the program itself held; 0 where there is no /proc. */
  readonly ownPeakBytes: number;
  /** Most that it held together with all processes below it. Of git's, what it maps of its packs counts as well. */
  readonly treePeakBytes: number;
}

const everyMs = 50;

/** Runs a program to its end, and looks at the memory of it and of all processes below it again and again. */
export async function watchProcess(command: string, args: readonly string[]): Promise<WatchedProcess> {
  const start = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  let errors = '';
  let ownPeakBytes = 0;
  let treePeakBytes = 0;
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => (errors = (errors + bytes.toString()).slice(-10_000)));
  const timer = setInterval(() => {
    const memory = memoryBelow(child.pid!);
    ownPeakBytes = Math.max(ownPeakBytes, memory.own);
    treePeakBytes = Math.max(treePeakBytes, memory.tree);
  }, everyMs);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).finally(() => clearInterval(timer));
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${errors}`);
  return {
    ms,
    stdout: Buffer.concat(output).toString(),
    ownPeakBytes,
    treePeakBytes: Math.max(treePeakBytes, ownPeakBytes),
  };
}

/** `own` is the most so far (VmHWM), `tree` what all hold now. */
function memoryBelow(root: number): { own: number; tree: number } {
  const children = new Map<number, number[]>();
  for (const name of numericEntries('/proc')) {
    // `pid (name) state parent …`, and the name may be anything.
    const parent = Number(
      readText(`/proc/${name}/stat`)
        .replace(/^.*\) \S+ /s, '')
        .split(' ')[0],
    );
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  let tree = 0;
  for (const queue = [root]; queue.length > 0;) {
    const pid = queue.pop()!;
    tree += kibibytes(pid, 'VmRSS') * 1024;
    queue.push(...(children.get(pid) ?? []));
  }
  return { own: kibibytes(root, 'VmHWM') * 1024, tree };
}

const kibibytes = (pid: number, field: string): number =>
  Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(readText(`/proc/${pid}/status`))?.[1] ?? 0);

function numericEntries(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // not Linux
  }
}

/** A process may have ended meanwhile. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
