import { Fragment, type JSX } from 'preact';
import type { DefinitionHit, ReferenceGroup } from '../../api/protocol.js';
import { cut } from '../../code/excerpt.js';
import { highlighter } from '../../code/highlighter.js';
import { go, hrefOf, place } from '../../state/navigation.js';
import { nameInfo } from '../../state/shown/name-info.js';
import { notNarrowed } from '../../state/place.js';
import { pathInScope } from '../../state/session.js';
import { CodeLine } from '../parts/code-line.js';
import { Icon } from '../parts/icons.js';
import { PathName } from '../parts/path-name.js';

/** Below a file: where a name of it is defined, and which lines use it, by the function around them. */
export function NamePanel(): JSX.Element | null {
  const info = nameInfo.value;
  if (info === null) return null;
  const { name, status, definitions, near, groups, lines, truncated, error } = info;
  return (
    <section class="name-panel" aria-label={`About ${name}`} aria-busy={status === 'loading'}>
      <header class="name-head">
        <h2>
          <code>{name}</code>
        </h2>
        <span class="muted" role="status">
          {status === 'loading' && 'Looking…'}
          {status === 'done' && summaryOf(definitions.length, lines, truncated)}
          {error?.summary}
        </span>
        <a
          class="button"
          href={hrefOf({
            ...notNarrowed,
            file: null,
            name: '',
            query: name,
            mode: 'exact',
            wholeWord: true,
            matchCase: true,
            regex: false,
          })}
        >
          all lines
        </a>
        <button type="button" class="icon-button" aria-label="Close" title="Close (Esc)" onClick={closeName}>
          <Icon name="close" />
        </button>
      </header>
      <div class="name-body" tabIndex={0} role="group" aria-label={`Definitions and references of ${name}`}>
        {definitions.map((definition, index) => (
          <Definition key={index} definition={definition} />
        ))}
        {near.length > 0 && (
          <p class="muted">
            Alike:{' '}
            {near.map((other, index) => (
              <Fragment key={other}>
                {index > 0 && ', '}
                <a href={hrefOf({ name: other })}>{other}</a>
              </Fragment>
            ))}
          </p>
        )}
        {groups.map((group) => (
          <Group key={`${group.repo ?? ''} ${group.path} ${group.startLine} ${group.symbol}`} group={group} />
        ))}
      </div>
    </section>
  );
}

export const closeName = (): void => go({ name: '' });

function summaryOf(definitions: number, lines: number | null, truncated: boolean): string {
  const count = (of: number, one: string): string => `${of.toLocaleString()} ${one}${of === 1 ? '' : 's'}`;
  const used = lines === null ? '' : `, ${count(lines, 'line')} of code${truncated ? ' at least' : ''}`;
  return `${count(definitions, 'definition')}${used}`;
}

const hrefOfLine = (found: { readonly repo?: string; readonly path: string }, line: number): string => {
  const { rev } = place.value.file!;
  return hrefOf({ file: { path: pathInScope(found), rev, lines: { start: line, end: line } } });
};

function Definition({ definition }: { readonly definition: DefinitionHit }): JSX.Element {
  const { kind, scope, name, line, signature, doc, text, language } = definition;
  const shown = signature || text.trim();
  const href = hrefOfLine(definition, line);
  return (
    <div class="name-definition" data-href={href}>
      <div>
        <span class="kind">{kind}</span>{' '}
        <a href={href}>
          {scope !== '' && `${scope}.`}
          {name}
        </a>{' '}
        <span class="name-place">
          <PathName path={pathInScope(definition)} />
          <span class="path-folder">:{line}</span>
        </span>
      </div>
      <code>
        <CodeLine
          text={shown}
          part={{ start: 0, end: shown.length }}
          runs={highlighter.runsOf(shown, language).value}
          marks={[]}
        />
      </code>
      {doc !== '' && <p class="muted">{doc}</p>}
    </div>
  );
}

function Group({ group }: { readonly group: ReferenceGroup }): JSX.Element {
  const { symbol, language, references } = group;
  return (
    <div class="name-group">
      <div class="name-place">
        <PathName path={pathInScope(group)} />
        {symbol !== '' && <span class="symbol-name"> {symbol}</span>}
      </div>
      {references.map(({ line, column, length, text, isDefinition }) => {
        const indent = /^\s*/.exec(text)![0].length;
        const mark = { start: column - 1, end: column - 1 + length };
        const part = cut({ start: 0, end: text.length }, indent, [mark]);
        return (
          <div class="excerpt-line" key={line}>
            <a class="line-number" href={hrefOfLine(group, line)} aria-label={`Line ${line}`}>
              {line}
            </a>
            <code>
              {part.cutBefore && <span class="cut">…</span>}
              <CodeLine text={text} part={part} runs={highlighter.runsOf(text, language).value} marks={[mark]} />
              {part.cutAfter && <span class="cut">…</span>}
              {isDefinition === true && <span class="kind"> definition</span>}
            </code>
          </div>
        );
      })}
    </div>
  );
}
