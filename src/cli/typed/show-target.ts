import { CoppiceError } from '../../base/index.js';

export interface ShowTarget {
  /** Undefined: where nobody says. */
  readonly rev: string | undefined;
  readonly path: string;
  readonly lines?: { readonly start: number; readonly end: number };
}

const hint = 'write PATH, REV:PATH, REV:PATH:LINE or REV:PATH:FIRST-LAST, such as HEAD:src/main.ts:10-20';

/** Lines behind a path: `:10`, `:10-20`, sed's `:10,20`, a compiler's `:10:5`, and GitHub's `#L10-L20`. */
const linesAfter = /(?::(\d{1,9})(?:[-,](\d{1,9})|:\d{1,9})?:?|#L(\d{1,9})(?:-L?(\d{1,9}))?)$/;
/** The same after a rev, which no compiler prints: what has colons there is a path. */
const linesAfterRev = /(?::(\d{1,9})(?:[-,](\d{1,9}))?|#L(\d{1,9})(?:-L?(\d{1,9}))?)$/;

/**
 * `[REV:]PATH[:A-B]`; with `isPath` there is no rev in it. The rev ends at the first `:` outside braces (`HEAD@{10:30}`); only `fork:NAME` has one of its
 * own. Lines are a suffix of digits, so a path may hold colons too.
 */
export function parseShowTarget(target: string, isPath = false): ShowTarget {
  const at = isPath ? -1 : revEnd(target);
  // `src/app.ts:10` is lines of a file: no path is a number, or two.
  if (at < 0 || (/[./]/.test(target.slice(0, at)) && linesAfter.exec(target)?.index === at)) {
    return { rev: undefined, ...pathAndLines(target, target, linesAfter) };
  }
  const rev = target.slice(0, at);
  if (rev === '') throw new CoppiceError('USAGE', `'${target}' names no rev`, { hint: `try HEAD${target}` });
  return { rev, ...pathAndLines(target.slice(at + 1), target, linesAfterRev) };
}

function pathAndLines(given: string, target: string, form: RegExp): Omit<ShowTarget, 'rev'> {
  let path = given;
  const suffix = form.exec(path);
  if (suffix === null) return { path: nonEmpty(path, target) };
  path = path.slice(0, suffix.index);
  const start = Number(suffix[1] ?? suffix[3]);
  const end = Number(suffix[2] ?? suffix[4] ?? start);
  if (start < 1 || end < start) {
    throw new CoppiceError('USAGE', `'${suffix[0].slice(1)}' is no range of lines`, {
      hint: 'lines count from 1, and the first comes before the last',
    });
  }
  return { path: nonEmpty(path, target), lines: { start, end } };
}

function nonEmpty(path: string, target: string): string {
  if (path !== '') return path;
  throw new CoppiceError('USAGE', `'${target}' names no path`, {
    hint: target.endsWith(':') ? `coppice files --rev ${target.slice(0, -1)} lists the files; ${hint}` : hint,
  });
}

/** Where the path of `REV:PATH` begins: at its `:`, or -1 when there is none. */
export function revEnd(target: string): number {
  let braces = 0;
  for (let i = target.startsWith('fork:') ? 'fork:'.length : 0; i < target.length; i++) {
    const char = target[i];
    if (char === '{') braces++;
    else if (char === '}') braces--;
    else if (char === ':' && braces <= 0) return i;
  }
  return -1;
}
