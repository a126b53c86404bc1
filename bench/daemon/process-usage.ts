import { readFileSync, readdirSync } from 'node:fs';

/** What a process uses, as Linux counts it in /proc. */
export interface ProcessUsage {
  readonly rssBytes: number;
  /** Its share of what it holds together with others: rss without counting shared pages for each. */
  readonly pssBytes: number;
  /** User and system time since it began. */
  readonly cpuMs: number;
  /** Sent to the disk, and given to `write` in any way (pipes, sockets, event counters). */
  readonly diskBytes: number;
  readonly writtenBytes: number;
  /** Of all its threads. */
  readonly contextSwitches: number;
  readonly threads: number;
  /** Processes below it. */
  readonly children: number;
}

const ticksPerSecond = 100;

/** Throws where there is no /proc, or no such process. */
export function usageOf(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const tasks = readdirSync(`/proc/${pid}/task`);
  const switches = tasks.map((task) => {
    const status = textOf(`/proc/${pid}/task/${task}/status`);
    return field(status, 'voluntary_ctxt_switches') + field(status, 'nonvoluntary_ctxt_switches');
  });
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  return {
    rssBytes: rssOf(pid),
    pssBytes: field(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss') * 1024,
    // utime and stime are fields 14 and 15; the first two (pid and name) are cut off.
    cpuMs: ((Number(stat[11]) + Number(stat[12])) * 1000) / ticksPerSecond,
    diskBytes: field(io, 'write_bytes'),
    writtenBytes: field(io, 'wchar'),
    contextSwitches: switches.reduce((sum, count) => sum + count, 0),
    threads: tasks.length,
    children: tasks.flatMap((task) => textOf(`/proc/${pid}/task/${task}/children`).split(' ')).filter(Boolean).length,
  };
}

export const rssOf = (pid: number): number => field(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS') * 1024;

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that has ended is there until its parent has looked.
    return !/^State:\s*Z/m.test(textOf(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

const field = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0);

/** A thread may have ended meanwhile. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
