import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { defaultRangeExtractor, type Range } from '@tanstack/virtual-core';
import type { Item } from '../../search/item.js';
import type { Row } from '../../search/rows.js';
import { follow, hrefOf } from '../../state/navigation.js';
import { results } from '../../state/shown/results.js';
import { activeRow, listOffset, moveActive, rows } from '../../state/shown/shown-results.js';
import { FileRow } from './file-row.js';
import { HistoryRow } from './history-row.js';
import { HitRow } from './hit-row.js';
import { LineRow } from './line-row.js';
import { MoreResults } from './more-results.js';
import { PathName } from '../parts/path-name.js';
import { SideName } from './side-name.js';
import { SymbolRow } from './symbol-row.js';
import { useVirtualizer } from './use-virtualizer.js';

/** The list has the focus, and names the row that the keys are at by `aria-activedescendant`. */
const rowId = (index: number): string => `row-${index}`;

/** Results as a grid of one column, of which only what can be seen is in the document. */
export function ResultList(): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const shown = rows.value;
  const active = activeRow.value;
  const virtualizer = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimateHeight(shown[index]!),
    getItemKey: (index) => shown[index]?.key ?? index,
    overscan: 8,
    initialOffset: () => listOffset.peek(),
    // The active row stays in the document, wherever it was scrolled to: it is what the focus is at.
    rangeExtractor: (range) => withRow(defaultRangeExtractor(range), active, range),
  });

  useLayoutEffect(() => {
    scroller.current!.scrollTop = listOffset.peek();
  }, [results.value.id]);
  useEffect(() => {
    if (active !== null) virtualizer.scrollToIndex(active, { align: 'auto' });
  }, [active]);

  return (
    <div
      class="result-list"
      ref={scroller}
      onScroll={({ currentTarget }) => (listOffset.value = currentTarget.scrollTop)}
    >
      <div
        class="result-rows"
        role="grid"
        aria-label="Results"
        aria-rowcount={shown.length}
        aria-busy={results.value.status === 'running'}
        tabIndex={0}
        {...(active === null ? {} : { 'aria-activedescendant': rowId(active) })}
        style={{ height: `${virtualizer.getTotalSize()}px` }}
        onFocus={() => {
          if (activeRow.peek() === null) moveActive(1);
        }}
      >
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const row = shown[index];
          if (row === undefined) return null;
          return (
            <div
              key={key}
              id={rowId(index)}
              ref={virtualizer.measureElement}
              data-index={index}
              class={index === active ? `row row-${row.type} active` : `row row-${row.type}`}
              role="row"
              aria-rowindex={index + 1}
              aria-selected={index === active}
              style={{ transform: `translateY(${start}px)` }}
              onClick={(event) => openClicked(event, index)}
            >
              <div role="gridcell">
                <RowContent row={row} />
              </div>
            </div>
          );
        })}
      </div>
      <MoreResults />
    </div>
  );
}

function RowContent({ row }: { readonly row: Row }): JSX.Element {
  switch (row.type) {
    case 'side':
      return (
        <h2 class="side-head">
          <SideName side={row.side} /> <span class="count">{row.count.toLocaleString()}</span>
        </h2>
      );
    case 'path':
      return (
        <div class="path-head">
          <a href={hrefOf({ file: { path: row.path, rev: row.rev, lines: null } })} tabIndex={-1}>
            <PathName path={row.path} />
          </a>
          <span class="count">{row.count.toLocaleString()}</span>
        </div>
      );
    case 'item':
      return <ItemContent item={row.item} />;
  }
}

function ItemContent({ item }: { readonly item: Item }): JSX.Element {
  switch (item.type) {
    case 'hit':
      return <HitRow item={item} />;
    case 'line':
      return <LineRow item={item} />;
    case 'symbol':
      return <SymbolRow item={item} />;
    case 'history':
      return <HistoryRow item={item} />;
    case 'file':
      return <FileRow item={item} />;
  }
}

/** A click on code opens it, unless it is text that one has just selected. */
function openClicked(event: MouseEvent, index: number): void {
  if (rows.peek()[index]?.type === 'item') activeRow.value = index;
  const target = event.target as Element;
  if (target.closest('a, button') !== null || getSelection()?.isCollapsed === false) return;
  const href = target.closest<HTMLElement>('[data-href]')?.dataset['href'];
  if (href !== undefined) follow(href);
}

function withRow(indexes: number[], row: number | null, { count }: Range): number[] {
  if (row === null || row >= count || indexes.includes(row)) return indexes;
  return [...indexes, row].sort((a, b) => a - b);
}

/** In pixels. Rows are measured once they are in the document; a good guess keeps the scroll bar quiet. */
function estimateHeight(row: Row): number {
  if (row.type !== 'item') return row.type === 'side' ? 40 : 36;
  switch (row.item.type) {
    case 'hit':
      return 48 + 20 * Math.min(7, row.item.hit.endLine - row.item.hit.startLine + 1);
    case 'history':
      return 50 + 22 * Math.min(4, row.item.history.appeared.length + row.item.history.disappeared.length);
    case 'symbol':
    case 'file':
      return 30;
    case 'line':
      return 20;
  }
}
