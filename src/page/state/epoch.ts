import { signal } from '@preact/signals';

/** Grows when what is shown is to be asked for again. */
export const epoch = signal(0);

export function refresh(): void {
  epoch.value++;
}
