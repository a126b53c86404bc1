import { closeSync, openSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';

const usual = 1024;
let known: number | undefined;

/** How many files, pipes and sockets this process may have open at once. Where nobody tells, what is usual. */
export function openFilesMax(): number {
  known ??= readLimit();
  return known;
}

function readLimit(): number {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return found === null ? usual : Number(found[1]);
  } catch {
    return usual;
  }
}

/** What starting a process takes for a moment: three pipes with two ends each, and one to learn how it went. */
const descriptorsOfStart = 9;

/**
 * Throws the system's error (EMFILE) unless a process can be started with pipes. Node leaves pipes open for good when the
 * descriptors run out in the middle of a start (all versions that we know), so it must not come to that.
 */
export function requireDescriptors(): void {
  const opened: number[] = [];
  try {
    while (opened.length < descriptorsOfStart) opened.push(openSync(devNull, 'r'));
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}
