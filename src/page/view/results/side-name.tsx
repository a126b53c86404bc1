import type { JSX } from 'preact';
import { place } from '../../state/navigation.js';
import type { Side } from '../../state/place.js';

/** What a side of a comparison is called: `only in main`. */
export function sideName(side: Side): string {
  const { rev, against, query } = place.value;
  // Of files those that differ are listed: one that both have was changed.
  if (side === 'both') return query === '' ? 'changed' : 'in both';
  return `only in ${side === 'a' ? rev : against}`;
}

export function SideName({ side }: { readonly side: Side }): JSX.Element {
  return <span class={`side side-${side}`}>{sideName(side)}</span>;
}
