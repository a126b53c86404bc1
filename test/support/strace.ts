import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface Findings {
  /** Programs that are neither node nor git. */
  readonly ran: readonly string[];
  /** What was opened in a folder `outside`. */
  readonly read: readonly string[];
  /** What was changed, or opened for that, below the folders of the cases. */
  readonly written: readonly string[];
}

/**
 * What processes did according to the logs that `strace -f -y` wrote of them. Repositories lie in `cases`/N/inside, and what they must not come to in
 * `cases`/N/outside.
 */
export function findingsOf(logs: string, cases: string): Findings {
  const found = { ran: new Set<string>(), read: new Set<string>(), written: new Set<string>() };
  const outside = new RegExp(`= \\d+<(${escaped(cases)}/\\d+/outside[^>]*)>`);
  for (const name of readdirSync(logs)) {
    for (const line of readFileSync(join(logs, name), 'latin1').split('\n')) {
      const run = /execve\("([^"]*)"/.exec(line);
      if (run !== null) {
        // A search of the PATH fails some times before it succeeds.
        const failed = /= -1 /.test(line);
        if (!failed && !/^(node|git(-[a-z-]+)?)$/.test(basename(run[1]!))) found.ran.add(`${name}: ran ${run[1]!}`);
        continue;
      }
      const opened = outside.exec(line);
      if (opened !== null) found.read.add(`${name}: opened ${opened[1]!}`);
      if (!line.includes(cases) || / = -1 /.test(line)) continue;
      // What a link leads to is not changed by it.
      if (/symlink(at)?\(/.test(line) && !new RegExp(`, "${escaped(cases)}/[^"]*"\\) `).test(line)) continue;
      const call = /^\d+\s+(?:<\.\.\. )?(\w+)/.exec(line)?.[1] ?? '';
      const isOpen = ['open', 'openat'].includes(call);
      if (!isOpen || /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(line)) found.written.add(`${name}: ${line.slice(0, 300)}`);
    }
  }
  return { ran: [...found.ran], read: [...found.read], written: [...found.written] };
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
