import { effect, signal } from '@preact/signals';

const storageKey = 'coppice.theme';
const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export const theme = signal<Theme>(themes.find((name) => name === localStorage.getItem(storageKey)) ?? 'system');

/** Shows the chosen theme and keeps it for the next time. */
export function startTheme(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
    localStorage.setItem(storageKey, theme.value);
  });
}

export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!;
}
