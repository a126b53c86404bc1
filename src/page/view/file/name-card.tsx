import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { DefinitionHit } from '../../api/protocol.js';
import { wordAt, type Word } from '../../code/word-at.js';
import { definitionsOf } from '../../state/shown/name-info.js';
import { place } from '../../state/navigation.js';
import { pathInScope } from '../../state/session.js';

/** The pointer rests so long before anything is asked, in milliseconds. */
const restMs = 350;
/** Between the line and the card, in pixels. */
const gap = 4;

interface Shown {
  readonly word: string;
  readonly definitions: readonly DefinitionHit[];
  readonly left: number;
  /** Of the line that the name is in: the card is above or below it, and never on it. */
  readonly top?: number;
  readonly bottom?: number;
}

/** What a name is, where the pointer rests on it. A double click tells more; who has no pointer asks with `d`. */
export function NameCard({
  view,
  text,
}: {
  readonly view: () => HTMLElement;
  readonly text: string;
}): JSX.Element | null {
  const [shown, setShown] = useState<Shown | null>(null);
  useEffect(() => {
    const element = view();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let controller = new AbortController();
    const hide = (): void => {
      clearTimeout(timer);
      controller.abort();
      setShown(null);
    };
    const onMove = (event: PointerEvent): void => {
      hide();
      if (event.pointerType !== 'mouse' || event.buttons !== 0) return;
      timer = setTimeout(() => {
        const found = wordAtPoint(event.clientX, event.clientY);
        const file = place.peek().file;
        if (found === null || file === null) return;
        controller = new AbortController();
        const { signal } = controller;
        definitionsOf(found.word.name, file.rev, file.path, found.line, signal).then(
          ({ definitions }) => {
            if (signal.aborted || definitions.length === 0) return;
            const { left, top, bottom, height } = element.getBoundingClientRect();
            const row = found.row.getBoundingClientRect();
            setShown({
              word: found.word.name,
              definitions,
              left: Math.max(8, Math.min(event.clientX - left, element.clientWidth - 440)),
              ...(row.top - top < height / 2 ? { top: row.bottom - top + gap } : { bottom: bottom - row.top + gap }),
            });
          },
          () => undefined, // nothing is known of it
        );
      }, restMs);
    };
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerleave', hide);
    element.addEventListener('scroll', hide);
    return () => {
      hide();
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerleave', hide);
      element.removeEventListener('scroll', hide);
    };
  }, [text]);
  if (shown === null) return null;
  const { definitions, left, top, bottom } = shown;
  const pixels = (value: number | undefined): string => (value === undefined ? 'auto' : `${value}px`);
  const [first] = definitions;
  const { signature, text: line, doc, kind } = first!;
  return (
    <div class="name-card" role="tooltip" style={{ left: pixels(left), top: pixels(top), bottom: pixels(bottom) }}>
      <code>{signature || line.trim()}</code>
      {doc !== '' && <p>{doc}</p>}
      <p class="muted">
        {kind} in {pathInScope(first!)}:{first!.line}
        {definitions.length > 1 && `, and ${definitions.length - 1} more`} · double click: where it is used
      </p>
    </div>
  );
}

/** The name at a place of the window, and its line; null where there is none. */
export function wordAtPoint(
  x: number,
  y: number,
): { readonly word: Word; readonly line: number; readonly row: HTMLElement } | null {
  const at = caretAt(x, y);
  const row = at?.node.parentElement?.closest<HTMLElement>('.code-row');
  if (at === null || !row) return null;
  const code = row.querySelector('code')!;
  const range = document.createRange();
  range.selectNodeContents(code);
  range.setEnd(at.node, at.offset);
  const text = code.textContent ?? '';
  const word = wordAt(text, range.toString().length);
  if (word === null) return null;
  return { word, line: Number(row.querySelector<HTMLElement>('.line-number')!.dataset['line']), row };
}

interface Caret {
  readonly node: Node;
  readonly offset: number;
}

function caretAt(x: number, y: number): Caret | null {
  const finder = document as Document & {
    caretPositionFromPoint?: (x: number, y: number) => { offsetNode: Node; offset: number } | null;
    caretRangeFromPoint?: (x: number, y: number) => Range | null;
  };
  const position = finder.caretPositionFromPoint?.(x, y);
  if (position) return { node: position.offsetNode, offset: position.offset };
  const range = finder.caretRangeFromPoint?.(x, y);
  return range ? { node: range.startContainer, offset: range.startOffset } : null;
}
