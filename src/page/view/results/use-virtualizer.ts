import {
  Virtualizer,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualizerOptions,
} from '@tanstack/virtual-core';
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

type Own = 'scrollToFn' | 'observeElementRect' | 'observeElementOffset' | 'onChange';
type Options = Omit<VirtualizerOptions<HTMLElement, HTMLElement>, Own>;

/** Tells which rows of a long list are to be in the document, and renders again when these change. */
export function useVirtualizer(options: Options): Virtualizer<HTMLElement, HTMLElement> {
  const [, render] = useReducer((count: number) => count + 1, 0);
  const complete: VirtualizerOptions<HTMLElement, HTMLElement> = {
    ...options,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => render(undefined),
  };
  const reference = useRef<Virtualizer<HTMLElement, HTMLElement> | undefined>(undefined);
  const virtualizer = (reference.current ??= new Virtualizer(complete));
  virtualizer.setOptions(complete);
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  return virtualizer;
}
