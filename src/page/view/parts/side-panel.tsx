import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from './icons.js';

export interface SidePanelProps {
  readonly label: string;
  readonly children: ComponentChildren;
}

/** Beside what is read; where there is no room for it, behind a button above. */
export function SidePanel({ label, children }: SidePanelProps): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <aside class={open ? 'side-panel open' : 'side-panel'} aria-label={label}>
      <button type="button" class="side-panel-button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="filter" />
        {label}
      </button>
      <div class="side-panel-body">{children}</div>
    </aside>
  );
}
