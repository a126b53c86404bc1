import type { JSX } from 'preact';
import { fileOfItem } from '../../search/item-links.js';
import type { Item } from '../../search/item.js';
import { hrefOf } from '../../state/navigation.js';
import { PathName } from '../parts/path-name.js';

/** A file that differs between two revs. */
export function FileRow({ item }: { readonly item: Extract<Item, { type: 'file' }> }): JSX.Element {
  const href = hrefOf({ file: fileOfItem(item) });
  return (
    <div class="file-row" data-href={href}>
      <span class={`change change-${item.change}`}>{item.change}</span>
      <a href={href} tabIndex={-1}>
        <PathName path={item.path} />
      </a>
    </div>
  );
}
