import type { JSX } from 'preact';
import { cut } from '../../code/excerpt.js';
import { highlighter } from '../../code/highlighter.js';
import { fileOfItem } from '../../search/item-links.js';
import type { Item } from '../../search/item.js';
import { marksOfText } from '../../search/marks.js';
import { hrefOf } from '../../state/navigation.js';
import { results } from '../../state/shown/results.js';
import { CodeLine } from '../parts/code-line.js';

/** A line that matches a pattern. */
export function LineRow({ item }: { readonly item: Extract<Item, { type: 'line' }> }): JSX.Element {
  const { text, line, column, length } = item.line;
  const href = hrefOf({ file: fileOfItem(item) });
  const marks = marksOfText(text, results.peek().place) ?? [{ start: column - 1, end: column - 1 + length }];
  const part = cut({ start: 0, end: text.length }, 0, marks);
  return (
    <div class="excerpt-line" data-href={href}>
      <a class="line-number" href={href} tabIndex={-1} aria-label={`Line ${line}`}>
        {line}
      </a>
      <code>
        {part.cutBefore && <span class="cut">…</span>}
        <CodeLine text={text} part={part} runs={highlighter.runsOf(text, item.language).value} marks={marks} />
        {part.cutAfter && <span class="cut">…</span>}
      </code>
    </div>
  );
}
