import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { cut } from '../../code/excerpt.js';
import { highlighter } from '../../code/highlighter.js';
import { diffLines, diffRows, type DiffLine } from '../../code/line-diff.js';
import { hrefOf, place } from '../../state/navigation.js';
import { CodeLine } from '../parts/code-line.js';

export interface DiffViewProps {
  readonly before: string;
  readonly after: string;
  readonly language: string;
  readonly path: string;
}

const around = 3;
/** Rows that are in the document at once; more on demand. */
const rowsShown = 2000;

/** What changed in a file between two revs, with some lines around it; of a line that took another's place what is new in it. */
export function DiffView({ before, after, language, path }: DiffViewProps): JSX.Element {
  const lines = useMemo(() => diffLines(before, after), [before, after]);
  const [whole, setWhole] = useState(false);
  const [limit, setLimit] = useState(rowsShown);
  const rows = useMemo(() => (whole ? lines : diffRows(lines, around)), [lines, whole]);
  const added = lines.filter(({ sign }) => sign === '+').length;
  const removed = lines.filter(({ sign }) => sign === '-').length;
  return (
    <div class="diff" tabIndex={0} role="region" aria-label={`Changes of ${path}`}>
      <p class="diff-summary" role="status">
        <span class="added">+{added.toLocaleString()}</span> <span class="removed">−{removed.toLocaleString()}</span>{' '}
        {added + removed === 0 ? 'no line differs' : 'lines'}
        <button type="button" class="link-button" aria-pressed={whole} onClick={() => setWhole(!whole)}>
          {whole ? 'only the changes' : 'the whole file'}
        </button>
      </p>
      <div class="diff-lines">
        {rows.slice(0, limit).map((row) =>
          'hidden' in row ? (
            <button type="button" class="diff-gap" key={`gap ${row.from}`} onClick={() => setWhole(true)}>
              {row.hidden.toLocaleString()} {row.hidden === 1 ? 'line' : 'lines'} as before
            </button>
          ) : (
            <DiffRow key={`${row.sign}${row.old ?? ''}:${row.new ?? ''}`} line={row} language={language} />
          ),
        )}
      </div>
      {rows.length > limit && (
        <button type="button" class="link-button" onClick={() => setLimit(limit + rowsShown)}>
          {(rows.length - limit).toLocaleString()} more lines
        </button>
      )}
    </div>
  );
}

const classes = { ' ': '', '+': ' diff-added', '-': ' diff-removed' } as const;
const signs = { ' ': '', '+': '+', '-': '−' } as const;
const spoken = { ' ': '', '+': 'added: ', '-': 'removed: ' } as const;

function DiffRow({ line, language }: { readonly line: DiffLine; readonly language: string }): JSX.Element {
  const { sign, old, text, changed } = line;
  const part = cut({ start: 0, end: text.length }, 0, changed);
  const { file, rev, against } = place.value;
  const number = line.new ?? old!;
  const at = line.new === null ? against : rev;
  const href = hrefOf({ file: { ...file!, rev: at, lines: { start: number, end: number } } });
  const link = (
    <a class="diff-number" href={href} tabIndex={-1} aria-label={`Line ${number} at ${at}`}>
      {number}
    </a>
  );
  return (
    <div class={`diff-line${classes[sign]}`}>
      {line.new === null ? (
        <>
          {link}
          <span class="diff-number" />
        </>
      ) : (
        <>
          <span class="diff-number" aria-hidden="true">
            {old ?? ''}
          </span>
          {link}
        </>
      )}
      <span class="diff-sign" aria-hidden="true">
        {signs[sign]}
      </span>
      <code>
        {sign !== ' ' && <span class="visually-hidden">{spoken[sign]}</span>}
        <CodeLine text={text} part={part} runs={highlighter.runsOf(text, language).value} marks={changed} />
        {part.cutAfter && <span class="cut">…</span>}
      </code>
    </div>
  );
}
