import type { CommitInfo, LineChange, LineHistory, OccurrenceChange } from '../../engine/index.js';
import { printable, shortCommit } from '../terminal/format.js';
import { highlightSpans } from './grep-output.js';
import type { Span } from './match-finder.js';
import { quotePath } from '../terminal/quote-path.js';
import type { Paint } from '../terminal/style.js';

const subjectLength = 72;
const pathsShown = 3;
const refsShown = 5;

/** A line as a heading, its changes newest first, and where it is now. */
export function formatLineHistory(
  { line, appeared, disappeared, refs }: LineHistory,
  paint: Paint,
  spans: readonly Span[],
): string {
  let text = `${highlightSpans(paint, line, spans, printable)}
`;
  for (const { sign, change } of newestFirst(appeared, disappeared)) {
    const marked = sign === '+' ? paint('green', sign) : paint('red', sign);
    text += `  ${marked} ${formatCommit(change, paint)}  ${formatPaths(change.paths, paint)}\n`;
  }
  const now =
    refs.length === 0 ? 'no branch or tag' : listSome(refs, refsShown, (ref) => paint('cyan', printable(ref)));
  return `${text}  ${paint('dim', 'now in')} ${now}\n`;
}

/** A commit, what it did to the number of occurrences, and where. */
export function formatOccurrenceChange(change: OccurrenceChange, paint: Paint): string {
  const { delta } = change;
  const shown = delta > 0 ? paint('green', `+${delta}`) : delta < 0 ? paint('red', String(delta)) : paint('dim', '±0');
  return `${formatCommit(change, paint)}  ${shown}  ${formatPaths(change.paths, paint)}\n`;
}

interface SignedChange {
  readonly sign: '+' | '-';
  readonly change: LineChange;
}

/** Each list is in order already. Of two changes in one second the one that took a line is taken for the later. */
function newestFirst(appeared: readonly LineChange[], disappeared: readonly LineChange[]): SignedChange[] {
  const merged: SignedChange[] = [];
  let next = 0;
  for (const change of appeared) {
    while (next < disappeared.length && disappeared[next]!.committed >= change.committed)
      merged.push({ sign: '-', change: disappeared[next++]! });
    merged.push({ sign: '+', change });
  }
  for (const change of disappeared.slice(next)) merged.push({ sign: '-', change });
  return merged;
}

function formatCommit(
  { commit, date, author, subject, ...flags }: CommitInfo & Partial<LineChange>,
  paint: Paint,
): string {
  const name = printable(author.replace(/\s*<.*>$/, ''));
  const cut = subject.length > subjectLength ? `${subject.slice(0, subjectLength - 1)}…` : subject;
  // Only a merge changes what its first parent has and none of its own is new.
  const merge = flags.graph === false ? `${paint('yellow', '(merge)')} ` : '';
  return [paint('yellow', shortCommit(commit)), paint('dim', date.slice(0, 10)), name, merge + printable(cut)].join(
    '  ',
  );
}

const formatPaths = (paths: readonly string[], paint: Paint): string =>
  listSome(paths, pathsShown, (path) => paint('magenta', quotePath(path)));

/** `a, b, c … (N more)` */
function listSome(items: readonly string[], count: number, show: (item: string) => string): string {
  const shown = items.slice(0, count).map(show).join(', ');
  return items.length > count ? `${shown} … (${String(items.length - count)} more)` : shown;
}
