import type { JSX } from 'preact';
import { fileOfItem } from '../../search/item-links.js';
import type { Item } from '../../search/item.js';
import { hrefOf } from '../../state/navigation.js';
import { PathName } from '../parts/path-name.js';

/** A definition: its name, and where it is. */
export function SymbolRow({ item }: { readonly item: Extract<Item, { type: 'symbol' }> }): JSX.Element {
  const { name, scope, kind, path, line } = item.symbol;
  const href = hrefOf({ file: fileOfItem(item) });
  return (
    <div class="symbol-row" data-href={href}>
      <span class="kind">{kind}</span>
      <a class="symbol-name" href={href} tabIndex={-1}>
        {scope !== '' && (
          <>
            <span class="path-folder">{scope}.</span>
            <wbr />
          </>
        )}
        {name}
      </a>
      <span class="symbol-place">
        <PathName path={path} />
        <span class="path-folder">:{line}</span>
      </span>
    </div>
  );
}
