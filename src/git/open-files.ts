import { readFileSync } from 'node:fs';

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
