import type { JSX } from 'preact';
import type { ScopeRuns } from '../../code/highlighted-html.js';
import { segmentsOf, type Span } from '../../code/line-segments.js';

export interface CodeLineProps {
  readonly text: string;
  readonly part: Span;
  readonly runs: ScopeRuns | null;
  readonly marks: readonly Span[];
}

/** A line of code, or a part of one, in its colours. */
export function CodeLine({ text, part, runs, marks }: CodeLineProps): JSX.Element {
  return (
    <>
      {segmentsOf(text, part, runs, marks).map(({ text, scope, marked }) => {
        if (marked) return <mark>{text}</mark>;
        return scope === '' ? text : <span class={`code-${scope}`}>{text}</span>;
      })}
    </>
  );
}
