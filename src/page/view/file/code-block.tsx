import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ScopeRuns } from '../../code/highlighted-html.js';
import { lineSpan, type Span } from '../../code/line-segments.js';
import { hrefOf, place } from '../../state/navigation.js';
import type { LineRange } from '../../state/place.js';
import { CodeLine } from '../parts/code-line.js';

export const linesPerBlock = 100;
/** How far outside of what can be seen a block gets its colours. */
const nearMargin = '1000px 0px';

export interface CodeBlockProps {
  readonly text: string;
  readonly starts: readonly number[];
  /** Index of its first line. */
  readonly from: number;
  readonly runs: ScopeRuns | null;
  readonly marks: readonly Span[];
  readonly selected: LineRange | null;
}

/** Some lines of a file: as mere text while they are far away. */
export function CodeBlock(props: CodeBlockProps): JSX.Element {
  const { text, starts, from } = props;
  const element = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  const to = Math.min(from + linesPerBlock, starts.length);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)!.isIntersecting), {
      root: element.current!.closest('.code-view'),
      rootMargin: nearMargin,
    });
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  const height = `calc(${to - from} * var(--line-height))`;
  return (
    <div class="code-block" ref={element} style={{ height }}>
      {near ? <NearLines {...props} to={to} /> : <pre class="far-lines">{text.slice(starts[from], starts[to])}</pre>}
    </div>
  );
}

function NearLines({
  text,
  starts,
  from,
  to,
  runs,
  marks,
  selected,
}: CodeBlockProps & { readonly to: number }): JSX.Element {
  const file = place.peek().file!;
  const start = starts[from]!;
  const end = starts[to] ?? text.length;
  const own = marks.filter((mark) => mark.end > start && mark.start < end);
  const lines: JSX.Element[] = [];
  for (let index = from; index < to; index++) {
    const number = index + 1;
    const isSelected = selected !== null && number >= selected.start && number <= selected.end;
    lines.push(
      <div class={isSelected ? 'code-row selected' : 'code-row'} key={index}>
        <a
          class="line-number"
          href={hrefOf({ file: { ...file, lines: { start: number, end: number } } })}
          data-line={number}
          aria-label={`Line ${number}`}
          tabIndex={-1}
        />
        <code>
          <CodeLine text={text} part={lineSpan(text, starts, index)} runs={runs} marks={own} />
          {'\n'}
        </code>
      </div>,
    );
  }
  return <>{lines}</>;
}
