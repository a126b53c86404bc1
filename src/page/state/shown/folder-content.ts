import { computed, signal } from '@preact/signals';
import type { FolderEntry, Freshness, LastChange, Progress, ResolvedRev, WireScope } from '../../api/protocol.js';
import { asRequestError, type RequestError } from '../../api/request-error.js';
import { decodeText } from '../../api/wire-text.js';
import { setActivity } from '../activity.js';
import { place } from '../navigation.js';
import { keepReading } from '../reading.js';
import { api } from '../session.js';

/** The folder that is shown. */
export interface FolderContent {
  /** Without a slash at its end; empty: the root. */
  readonly path: string;
  readonly status: 'loading' | 'done' | 'failed';
  readonly rev: ResolvedRev | null;
  readonly freshness: Freshness;
  readonly entries: readonly FolderEntry[];
  /** Which commit changed an entry last, by the entry's first name; they come after the entries. */
  readonly changes: ReadonlyMap<string, LastChange>;
  readonly readme: { readonly path: string; readonly text: string } | null;
  readonly error: RequestError | null;
}

const closed: FolderContent = {
  path: '',
  status: 'loading',
  rev: null,
  freshness: 'exact',
  entries: [],
  changes: new Map(),
  readme: null,
  error: null,
};

export const folderContent = signal<FolderContent>(closed);

/** Nothing is asked, compared or open: the folders are shown. */
export const showsFolder = computed(() => {
  const { query, against, file } = place.value;
  return query === '' && against === '' && file === null;
});

/** Larger ones are no introduction. */
const readmeBytesMax = 400_000;

/** Reads whatever folder the place shows. */
export function startReadingFolders(): void {
  keepReading(() => {
    const { rev, folder } = place.value;
    const path = folder.replace(/\/+$/, '');
    // What was shown stays for who comes back to it.
    if (!showsFolder.value) return undefined;
    return { key: [rev, path], read: (scope, controller) => read(scope, rev, path, controller) };
  });
}

async function read(scope: WireScope, rev: string, path: string, controller: AbortController): Promise<void> {
  const { signal } = controller;
  const publish = (change: Partial<FolderContent>): void => {
    if (!signal.aborted) folderContent.value = { ...folderContent.peek(), ...change };
  };
  const onProgress = (progress: Progress): void =>
    setActivity('folder', { progress, cancel: () => controller.abort() });
  const before = folderContent.peek();
  publish(before.path === path ? { status: 'loading', error: null } : { ...closed, path });
  try {
    const { items, result } = await api().call('folder', { ...scope, rev, path }, { signal, onProgress });
    publish({ ...closed, path, status: 'done', rev: result.rev, freshness: result.freshness, entries: items });
    const readme = readmeOf(items);
    await Promise.all([
      readme === undefined ? null : readReadme(scope, rev, path, readme.name, publish, signal),
      readChanges(scope, rev, path, publish, signal),
    ]);
  } catch (error) {
    const failure = asRequestError(error);
    if (failure !== null) publish({ ...closed, path, status: 'failed', error: failure });
  } finally {
    if (!signal.aborted) setActivity('folder', null);
  }
}

type Publish = (change: Partial<FolderContent>) => void;

async function readReadme(
  scope: WireScope,
  rev: string,
  folder: string,
  name: string,
  publish: Publish,
  signal: AbortSignal,
): Promise<void> {
  const path = folder === '' ? name : `${folder}/${name}`;
  try {
    const { text } = decodeText((await api().call('show', { ...scope, rev, path }, { signal })).result);
    if (text !== null && text.trim() !== '') publish({ readme: { path, text } });
  } catch {
    // The folder is shown without it.
  }
}

async function readChanges(
  scope: WireScope,
  rev: string,
  path: string,
  publish: Publish,
  signal: AbortSignal,
): Promise<void> {
  const changes = new Map<string, LastChange>();
  try {
    await api().stream(
      'last-changes',
      { ...scope, rev, path },
      (items) => {
        for (const change of items) changes.set(change.name, change);
        publish({ changes: new Map(changes) });
      },
      { signal },
    );
  } catch {
    // A bare tree, a fork: there is no history to tell of.
  }
}

const readmeNames = [/^readme\.(?:md|markdown|mkd)$/i, /^readme$/i, /^readme\.(?:txt|rst|adoc|org)$/i];

/** The file that introduces a folder: Markdown before plain text. */
export function readmeOf(entries: readonly FolderEntry[]): FolderEntry | undefined {
  const files = entries.filter(
    ({ kind, skipped, sizeBytes }) => kind === 'file' && skipped === null && sizeBytes <= readmeBytesMax,
  );
  return readmeNames.flatMap((pattern) => files.filter(({ name }) => pattern.test(name)))[0];
}
