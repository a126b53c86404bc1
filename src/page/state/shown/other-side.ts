import { signal } from '@preact/signals';
import type { WireScope } from '../../api/protocol.js';
import { asRequestError } from '../../api/request-error.js';
import { decodeText } from '../../api/wire-text.js';
import { place } from '../navigation.js';
import { keepReading } from '../reading.js';
import { api } from '../session.js';

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
  keepReading(
    () => {
      const { file, rev, against } = place.value;
      if (file === null || against === '') return null;
      const other = file.rev === against ? rev : against;
      const { path } = file;
      if (other === '') return null;
      return { key: [other, path], read: (scope, { signal }) => read(scope, other, path, signal) };
    },
    () => (otherSide.value = null),
  );
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
