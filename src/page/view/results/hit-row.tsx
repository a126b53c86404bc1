import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Hit, HitLabels } from '../../api/protocol.js';
import { asRequestError } from '../../api/request-error.js';
import { excerptOf } from '../../code/excerpt.js';
import { highlighter } from '../../code/highlighter.js';
import { fileOfItem } from '../../search/item-links.js';
import type { Item } from '../../search/item.js';
import { hrefOf } from '../../state/navigation.js';
import { results } from '../../state/shown/results.js';
import { api, isTogether, mayLabel, roots, wireRepo } from '../../state/session.js';
import { CodeLine } from '../parts/code-line.js';
import { Icon } from '../parts/icons.js';
import { PathName } from '../parts/path-name.js';

/** A ranked hit: where it is, and the lines of it that tell most. */
export function HitRow({ item }: { readonly item: Extract<Item, { type: 'hit' }> }): JSX.Element {
  const { hit } = item;
  return (
    <article class="hit">
      <header class="hit-head">
        <a class="hit-path" href={hrefOf({ file: fileOfItem(item) })} tabIndex={-1}>
          <PathName path={item.path} />
        </a>
        {hit.symbol !== '' && <span class="symbol-name">{hit.symbol}</span>}
        {hit.kind !== '' && <span class="kind">{hit.kind}</span>}
        {hit.package !== undefined && <PackageName {...hit} />}
        {hit.firstSeen !== null && (
          <span class="hit-since" title={`first seen in ${hit.firstSeen.commit}`}>
            since {hit.firstSeen.date.slice(0, 10)}
          </span>
        )}
        <span class="hit-lines">
          {hit.startLine}–{hit.endLine}
        </span>
      </header>
      <HitExcerpt hit={hit} path={item.path} rev={item.rev} />
      {mayLabel.value && <AnswerButton key={results.value.place.query} hit={hit} />}
    </article>
  );
}

interface ExcerptProps {
  readonly hit: Hit;
  readonly path: string;
  readonly rev: string;
}

function HitExcerpt({ hit, path, rev }: ExcerptProps): JSX.Element {
  const excerpt = useMemo(() => excerptOf(hit), [hit]);
  const runs = highlighter.runsOf(hit.text, hit.language).value;
  return (
    <div class="excerpt">
      {excerpt.lines.map((line) => {
        const lines = { start: line.number, end: line.number };
        const href = hrefOf({ file: { path, rev, lines } });
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

function PackageName({ package: name, version, direct, chain = [] }: HitLabels): JSX.Element {
  const title = direct === true ? 'the project asks for it' : `by ${[...chain, name].join(' → ')}`;
  return (
    <span class="kind" title={title}>
      {name} {version}
      {direct === true && ', direct'}
    </span>
  );
}

/** Keeps a hit as the answer to what was asked, in the store's golden set: only where the settings allow it. */
function AnswerButton({ hit }: { readonly hit: Hit }): JSX.Element {
  const [told, setTold] = useState('');
  const keep = (): void => {
    const { path, startLine, endLine, rev } = hit;
    // Of a view the set of the repository that the hit is in.
    const repo = isTogether.peek()
      ? (roots.peek().find((root) => root.endsWith(`/${hit.repo}`)) ?? hit.repo)
      : wireRepo.peek();
    const label = { repo, query: results.peek().place.query, path, startLine, endLine, rev, feedback: true } as const;
    api()
      .call('add-label', label)
      .then(
        ({ result }) => setTold(`kept in ${result.set}`),
        (error: unknown) => setTold(asRequestError(error)?.summary ?? ''),
      );
  };
  return (
    <p class="hit-answer">
      <button type="button" class="link-button" tabIndex={-1} disabled={told !== ''} onClick={keep}>
        <Icon name="check" /> This is the answer
      </button>
      <span class="muted" role="status">
        {told}
      </span>
    </p>
  );
}
