import { effect, signal } from '@preact/signals';
import type { WireScope } from '../api/protocol.js';
import { asRequestError } from '../api/request-error.js';
import { decodeText } from '../api/wire-text.js';
import { epoch } from './epoch.js';
import { place } from './navigation.js';
import { api, connection, repository, scope } from './session.js';

/** In a comparison, the file that is open as the rev that is compared with has it. */
export interface OtherSide {
  readonly rev: string;
  readonly path: string;
  /** `absent`: it does not have that file. */
  readonly status: 'loading' | 'done' | 'absent' | 'failed';
  /** Null until it is there, and where it is no text. */
  readonly text: string | null;
}

/** Null while nothing is compared or no file is open. */
export const otherSide = signal<OtherSide | null>(null);

/** Reads the other side of whatever file is open in a comparison. */
export function startReadingOtherSides(): void {
  let key = '';
  let controller = new AbortController();
  effect(() => {
    if (connection.value.state !== 'ready' || repository.value === '') return;
    const { file, rev, against } = place.value;
    const other = file === null || against === '' ? '' : file.rev === against ? rev : against;
    const next = other === '' ? '' : JSON.stringify([epoch.value, repository.value, other, file!.path]);
    if (next === key) return;
    key = next;
    controller.abort();
    controller = new AbortController();
    if (other === '') otherSide.value = null;
    else void read(scope.value, other, file!.path, controller.signal);
  });
}

async function read(scope: WireScope, rev: string, path: string, signal: AbortSignal): Promise<void> {
  const publish = (status: OtherSide['status'], text: string | null = null): void => {
    if (!signal.aborted) otherSide.value = { rev, path, status, text };
  };
  publish('loading');
  try {
    const { result } = await api().call('show', { ...scope, rev, path }, { signal });
    publish('done', decodeText(result).text);
  } catch (error) {
    const failure = asRequestError(error);
    if (failure !== null) publish(failure.code === 'PATH_NOT_FOUND' ? 'absent' : 'failed');
  }
}
