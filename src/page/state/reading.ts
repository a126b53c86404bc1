import { effect } from '@preact/signals';
import type { WireScope } from '../api/protocol.js';
import { epoch } from './epoch.js';
import { connection, repository, scope } from './session.js';

/** Something that is read for what the place shows. */
export interface Wanted {
  /** What tells it from another, beside the scope. */
  readonly key: readonly string[];
  readonly read: (scope: WireScope, controller: AbortController) => Promise<void>;
}

/**
 * Reads what is wanted whenever it is another, or its scope has changed, and gives up what was wanted before. Nothing is wanted: null, and
 * `forget` is called; undefined leaves what was read.
 */
export function keepReading(wanted: () => Wanted | null | undefined, forget: () => void = () => undefined): void {
  let key = '';
  let controller = new AbortController();
  effect(() => {
    if (connection.value.state !== 'ready' || repository.value === '') return;
    const what = wanted();
    if (what === undefined) return;
    const next = what === null ? '' : JSON.stringify([epoch.value, scope.value, ...what.key]);
    if (next === key) return;
    key = next;
    controller.abort();
    controller = new AbortController();
    if (what === null) forget();
    else void what.read(scope.value, controller);
  });
}
