import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LineChange } from '../../api/protocol.js';
import { cut } from '../../code/excerpt.js';
import { highlighter } from '../../code/highlighter.js';
import { fileOfItem } from '../../search/item-links.js';
import type { Item } from '../../search/item.js';
import { marksOfText } from '../../search/marks.js';
import { hrefOf } from '../../state/navigation.js';
import { results } from '../../state/shown/results.js';
import { CodeLine } from '../parts/code-line.js';
import { PathName } from '../parts/path-name.js';
import { refsText } from '../choose/refs-text.js';

const changesShown = 4;

interface SidedChange {
  readonly side: '+' | '-';
  readonly change: LineChange;
}

/** A line of the history: the commits that brought it and took it away, newest first, and who has it now. */
export function HistoryRow({ item }: { readonly item: Extract<Item, { type: 'history' }> }): JSX.Element {
  const { line, appeared, disappeared, refs } = item.history;
  const [all, setAll] = useState(false);
  const changes = [
    ...appeared.map((change): SidedChange => ({ side: '+', change })),
    ...disappeared.map((change): SidedChange => ({ side: '-', change })),
  ].sort((a, b) => (a.change.committed < b.change.committed ? 1 : a.change.committed > b.change.committed ? -1 : 0));
  const shown = all ? changes : changes.slice(0, changesShown);
  const marks = marksOfText(line, results.peek().place) ?? [];
  const indent = /^\s*/.exec(line)![0].length;
  const part = cut({ start: 0, end: line.length }, indent, marks);
  return (
    <article class="history">
      <header class="history-head" data-href={hrefOf({ file: fileOfItem(item) })}>
        <code>
          {part.cutBefore && <span class="cut">…</span>}
          <CodeLine text={line} part={part} runs={highlighter.runsOf(line, item.language).value} marks={marks} />
          {part.cutAfter && <span class="cut">…</span>}
        </code>
        <span class="history-refs">{refsText(refs)}</span>
      </header>
      <ul class="changes">
        {shown.map(({ side, change }) => (
          <ChangeLine key={`${side}${change.commit}`} side={side} change={change} />
        ))}
      </ul>
      {changes.length > shown.length && (
        <button type="button" class="link-button" tabIndex={-1} onClick={() => setAll(true)}>
          {changes.length - shown.length} more commits
        </button>
      )}
    </article>
  );
}

function ChangeLine({ side, change }: SidedChange): JSX.Element {
  const { commit, date, author, subject, paths } = change;
  const path = paths[0] ?? '';
  // A line that went is still there before that commit.
  const rev = side === '+' ? commit : `${commit}^`;
  return (
    <li class="change-line">
      <span class={side === '+' ? 'sign added' : 'sign removed'} title={side === '+' ? 'appeared' : 'disappeared'}>
        {side === '+' ? '+' : '−'}
      </span>
      <time dateTime={date}>{date.slice(0, 10)}</time>
      <a href={hrefOf({ file: { path, rev, lines: null } })} tabIndex={-1} class="commit">
        {commit.slice(0, 9)}
      </a>
      <span class="subject" title={`${subject}\n${author}`}>
        {subject}
      </span>
      <span class="author">{author.replace(/ <.*/, '')}</span>
      <span class="change-path">
        <PathName path={path} />
        {paths.length > 1 && <span class="path-folder"> +{paths.length - 1}</span>}
      </span>
    </li>
  );
}
