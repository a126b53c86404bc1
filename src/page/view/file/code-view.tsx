import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { highlighter } from '../../code/highlighter.js';
import { lineStartsOf, type Span } from '../../code/line-segments.js';
import { marksOfFile } from '../../search/marks.js';
import { fileContent } from '../../state/shown/file-content.js';
import { go, place } from '../../state/navigation.js';
import { results } from '../../state/shown/results.js';
import { fileCursor } from '../../state/file-cursor.js';
import { CodeBlock, linesPerBlock } from './code-block.js';
import { NameCard, wordAtPoint } from './name-card.js';

/** Height of a line, in pixels; the style sheet says the same. */
const lineHeight = 20;

/**
 * The text of a file. All of it is in the document, so that the browser's own search, selection and printing work; only the
 * parts that are near what can be seen have colours, numbers to click, and a layout.
 */
export function CodeView({ text }: { readonly text: string }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const { language, path, rev } = fileContent.value;
  const file = place.value.file!;
  const starts = useMemo(() => lineStartsOf(text), [text]);
  const columns = useMemo(() => columnsOf(text, starts), [text]);
  const { items, revs } = results.value;
  const searched = place.value;
  const marks = useMemo(() => {
    // By whatever name the search knew the same tree.
    const names = [revs?.rev, revs?.against].flatMap((found) => (found && found.tree === rev?.tree ? [found.rev] : []));
    return marksOfFile(text, path, [file.rev, ...names], searched, items);
  }, [text, path, file.rev, searched.mode, searched.query, searched.matchCase, searched.wholeWord, items, revs]);
  const runs = highlighter.runsOf(text, language).value;

  useLayoutEffect(() => {
    fileCursor.value = { lines: starts.length, matches: linesOf(marks, starts) };
  }, [starts, marks]);
  useLayoutEffect(() => {
    element.current!.style.setProperty('--columns', String(columns));
  }, [columns]);
  const first = file.lines?.start ?? fileCursor.value.matches[0] ?? 1;
  useEffect(() => showLine(element.current!, Math.min(first, starts.length)), [first, text]);
  useEffect(() => element.current!.focus({ preventScroll: true }), [path, rev]);

  const blocks: JSX.Element[] = [];
  for (let line = 0; line < starts.length; line += linesPerBlock) {
    blocks.push(
      <CodeBlock key={line} text={text} starts={starts} from={line} runs={runs} marks={marks} selected={file.lines} />,
    );
  }
  return (
    <div class="code-frame">
      <div
        class="code-view"
        ref={element}
        tabIndex={0}
        role="region"
        aria-label={`Text of ${path}`}
        onClick={selectClicked}
        onDblClick={askAboutName}
      >
        <div class="code-blocks">{blocks}</div>
      </div>
      <NameCard view={() => element.current!} text={text} />
    </div>
  );
}

/** A double click on a name tells where it is defined and used; what it selects, as everywhere, can be copied. */
function askAboutName({ clientX, clientY }: MouseEvent): void {
  const found = wordAtPoint(clientX, clientY);
  const { file } = place.peek();
  if (found === null || file === null) return;
  const lines = { start: found.line, end: found.line };
  go({ name: found.word.name, file: { ...file, lines } });
}

/** With Shift, a click on a line's number selects all lines from the selected one to it. */
function selectClicked(event: MouseEvent): void {
  const number = event.target instanceof Element ? event.target.closest<HTMLElement>('.line-number') : null;
  const { file } = place.peek();
  if (number === null || file === null || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  const line = Number(number.dataset['line']);
  const anchor = event.shiftKey && file.lines !== null ? file.lines.start : line;
  const lines = { start: Math.min(anchor, line), end: Math.max(anchor, line) };
  go({ file: { ...file, lines } }, { replace: true });
}

/** Scrolls to a line unless it can be seen. */
function showLine(element: HTMLElement, line: number): void {
  const top = (line - 1) * lineHeight;
  const { scrollTop, clientHeight } = element;
  if (top >= scrollTop && top + lineHeight <= scrollTop + clientHeight) return;
  element.scrollTop = Math.max(0, top - clientHeight / 3);
}

/** Width of the widest line, in characters. */
function columnsOf(text: string, starts: readonly number[]): number {
  let widest = 0;
  starts.forEach((start, index) => {
    const end = starts[index + 1] ?? text.length;
    const length = end - start;
    // Looked at more closely only where it could matter: a tab takes up to four columns.
    if (length * 4 <= widest) return;
    let tabs = 0;
    for (let at = text.indexOf('\t', start); at >= 0 && at < end; at = text.indexOf('\t', at + 1)) tabs++;
    widest = Math.max(widest, length + 3 * tabs);
  });
  return widest;
}

/** The lines that marks are in: 1-based, each once. */
function linesOf(marks: readonly Span[], starts: readonly number[]): number[] {
  const lines: number[] = [];
  let line = 0;
  for (const { start } of marks) {
    while (line + 1 < starts.length && starts[line + 1]! <= start) line++;
    if (lines.at(-1) !== line + 1) lines.push(line + 1);
  }
  return lines;
}
