import type { JSX } from 'preact';
import { fileOfItem } from '../search/item-links.js';
import type { Item } from '../search/item.js';
import { hrefOf } from '../state/navigation.js';
import { PathName } from './path-name.js';

/** A file of a rev, or one that differs between two. */
export function FileRow({ item }: { readonly item: Extract<Item, { type: 'file' }> }): JSX.Element {
  const href = hrefOf({ file: fileOfItem(item) });
  return (
    <div class="file-row" data-href={href}>
      {item.change !== null && <span class={`change change-${item.change}`}>{item.change}</span>}
      <a href={href} tabIndex={-1}>
        <PathName path={item.path} />
      </a>
      {item.skipped !== null && <span class="kind">{item.skipped}</span>}
    </div>
  );
}
