import { signal } from '@preact/signals';
import type { Freshness, OutlineSymbol, Progress, ResolvedRev, WireScope } from '../../api/protocol.js';
import { asRequestError, type RequestError } from '../../api/request-error.js';
import { decodeText } from '../../api/wire-text.js';
import { languageOfPath } from '../../code/language-of-path.js';
import { setActivity } from '../activity.js';
import { place } from '../navigation.js';
import { keepReading } from '../reading.js';
import { api } from '../session.js';

/** The file that is open. */
export interface FileContent {
  /** As in the place; empty while none is open. */
  readonly path: string;
  readonly status: 'loading' | 'done' | 'failed';
  readonly rev: ResolvedRev | null;
  readonly language: string;
  /** Null until it is there, and for a file that is no text. */
  readonly text: string | null;
  readonly sizeBytes: number;
  readonly freshness: Freshness;
  readonly symbols: readonly OutlineSymbol[];
  readonly error: RequestError | null;
}

const closed: FileContent = {
  path: '',
  status: 'loading',
  rev: null,
  language: 'text',
  text: null,
  sizeBytes: 0,
  freshness: 'exact',
  symbols: [],
  error: null,
};

export const fileContent = signal<FileContent>(closed);

/** Reads whatever file the place opens. */
export function startReadingFiles(): void {
  keepReading(
    () => {
      const { file } = place.value;
      if (file === null) return null;
      const { rev, path } = file;
      return { key: [rev, path], read: (scope, controller) => read(scope, rev, path, controller) };
    },
    () => (fileContent.value = closed),
  );
}

async function read(scope: WireScope, rev: string, path: string, controller: AbortController): Promise<void> {
  const { signal } = controller;
  const options = {
    signal,
    onProgress: (progress: Progress) => setActivity('file', { progress, cancel: () => controller.abort() }),
  };
  const publish = (change: Partial<FileContent>): void => {
    if (!signal.aborted) fileContent.value = { ...fileContent.peek(), ...change };
  };
  const before = fileContent.peek();
  // Another rev of the same file takes its place when it is there; another file is not to be mistaken for this one.
  publish(
    before.path === path ? { status: 'loading', error: null } : { ...closed, path, language: languageOfPath(path) },
  );
  // The definitions may take longer than the text, and a file without any is still shown.
  const outline = api()
    .call('outline', { ...scope, rev, path }, options)
    .then(
      ({ result }) => result.symbols,
      () => [],
    );
  try {
    const { result } = await api().call('show', { ...scope, rev, path }, options);
    publish({ status: 'done', rev: result.rev, freshness: result.freshness, ...decodeText(result) });
    publish({ symbols: await outline });
  } catch (error) {
    const failure = asRequestError(error);
    if (failure !== null) publish({ ...closed, path, status: 'failed', error: failure });
  } finally {
    if (!signal.aborted) setActivity('file', null);
  }
}
