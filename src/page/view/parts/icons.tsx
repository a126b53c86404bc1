import type { JSX } from 'preact';

const paths = {
  arrow: 'M10 3 5 8l5 5',
  branch:
    'M5 5.5v5M5 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zm0 8a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM11 7a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zm0 0c0 2.5-6 1.5-6 3.5',
  close: 'm4 4 8 8m0-8-8 8',
  compare: 'M4 4h8m-3-3 3 3-3 3M12 12H4m3 3-3-3 3-3',
  check: 'm3 8.5 3.5 3.5L13 4.5',
  file: 'M4 1.5h5.5L12 4v10.5H4zM9.5 1.5V4H12',
  filter: 'M2.5 4h11M4.5 8h7M6.5 12h3',
  folder: 'M2 4.5h4l1.5 1.5H14v6.5H2z',
  history: 'M8 4.5V8l2.5 1.5M2.5 8a5.5 5.5 0 1 0 1.6-3.9L2.5 5.7m0-3v3h3',
  keyboard: 'M1.5 4.5h13v7h-13zM4 7h.01M6.7 7h.01M9.3 7h.01M12 7h.01M5 9.5h6',
  link: 'M6.5 9.5a2.5 2.5 0 0 0 3.5 0l2.5-2.5A2.5 2.5 0 0 0 9 3.5L8 4.5m1.5 2a2.5 2.5 0 0 0-3.5 0L3.5 9A2.5 2.5 0 0 0 7 12.5l1-1',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.5L13 6m0-3v3h-3',
  search: 'm10.5 10.5 3 3M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9z',
  sun: 'M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM8 1.5v1.5m0 10v1.5M1.5 8H3m10 0h1.5M3.4 3.4l1.1 1.1m7 7 1.1 1.1m0-9.2-1.1 1.1m-7 7-1.1 1.1',
  system: 'M2 3h12v8H2zM6 13.5h4M8 11v2.5',
} as const;

export type IconName = keyof typeof paths;

/** A picture beside or instead of words; says nothing to who cannot see it. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
