import { readFileSync } from 'node:fs';

/** Memory that a process may have by its own limits (`ulimit -d`, `ulimit -v`), in bytes; Infinity where there is none, or none can be told. */
export function ownMemoryLimit(limits = readLimits()): number {
  let least = Infinity;
  for (const [, bytes] of limits.matchAll(/^Max (?:data size|address space) +(\d+) /gm))
    least = Math.min(least, Number(bytes));
  return least;
}

/** The same, and by what its container may have. */
export function memoryLimit(limits?: string): number {
  const { constrainedMemory } = process as { constrainedMemory?: () => number | undefined };
  const container = constrainedMemory?.call(process) ?? 0;
  return Math.min(ownMemoryLimit(limits), container > 0 ? container : Infinity);
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return ''; // not Linux
  }
}
