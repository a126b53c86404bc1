import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Hit } from '../api/protocol.js';
import { excerptOf } from '../code/excerpt.js';
import { highlighter } from '../code/highlighter.js';
import { fileOfItem } from '../search/item-links.js';
import type { Item } from '../search/item.js';
import { hrefOf } from '../state/navigation.js';
import { CodeLine } from './code-line.js';
import { PathName } from './path-name.js';

/** A ranked hit: where it is, and the lines of it that tell most. */
export function HitRow({ item }: { readonly item: Extract<Item, { type: 'hit' }> }): JSX.Element {
  const { hit } = item;
  return (
    <article class="hit">
      <header class="hit-head">
        <a class="hit-path" href={hrefOf({ file: fileOfItem(item) })} tabIndex={-1}>
          <PathName path={hit.path} />
        </a>
        {hit.symbol !== '' && <span class="symbol-name">{hit.symbol}</span>}
        {hit.kind !== '' && <span class="kind">{hit.kind}</span>}
        {hit.firstSeen !== null && (
          <span class="hit-since" title={`first seen in ${hit.firstSeen.commit}`}>
            since {hit.firstSeen.date.slice(0, 10)}
          </span>
        )}
        <span class="hit-lines">
          {hit.startLine}–{hit.endLine}
        </span>
      </header>
      <HitExcerpt hit={hit} rev={item.rev} />
    </article>
  );
}

function HitExcerpt({ hit, rev }: { readonly hit: Hit; readonly rev: string }): JSX.Element {
  const excerpt = useMemo(() => excerptOf(hit), [hit]);
  const runs = highlighter.runsOf(hit.text, hit.language).value;
  return (
    <div class="excerpt">
      {excerpt.lines.map((line) => {
        const lines = { start: line.number, end: line.number };
        const href = hrefOf({ file: { path: hit.path, rev, lines } });
        return (
          <div class={line.afterGap ? 'excerpt-line after-gap' : 'excerpt-line'} key={line.number} data-href={href}>
            <a class="line-number" href={href} tabIndex={-1} aria-label={`Line ${line.number}`}>
              {line.number}
            </a>
            <code>
              {line.cutBefore && <span class="cut">…</span>}
              <CodeLine text={hit.text} part={line} runs={runs} marks={excerpt.marks} />
              {line.cutAfter && <span class="cut">…</span>}
            </code>
          </div>
        );
      })}
    </div>
  );
}
