import { compareBytewise, elapsedMs, throwIfAborted } from '../../base/index.js';
import { asOid, languageId } from '../../model/index.js';
import type { Snapshot, SnapshotFile } from '../../snapshot/index.js';
import { checkCount } from '../limits.js';
import { withRev } from '../revs/revs.js';
import type { OpenedRev, Scope } from '../session/scope.js';
import type { FolderEntry, FolderOptions, FolderResult, LastChange, LastChangesOptions } from '../types.js';
import { missingPath } from './show.js';

const deadlineMsDefault = 3_000;

/** See `Engine.folder`. */
export function listFolder(scope: Scope, path: string, options: FolderOptions): Promise<FolderResult> {
  return withRev(scope, options.rev, options, async (opened) => {
    const folder = folderOf(path);
    const entries = entriesOf(opened, folder);
    return { rev: opened.rev, path: folder, entries, freshness: await opened.freshness() };
  });
}

interface Gathered {
  readonly first: SnapshotFile;
  last: SnapshotFile;
  files: number;
  sizeBytes: number;
}

/** In the order of `FolderResult.entries`. PATH_NOT_FOUND. */
function entriesOf(opened: OpenedRev, folder: string): FolderEntry[] {
  const { snapshot } = opened;
  const prefix = folder === '' ? '' : `${folder}/`;
  const folders = new Map<string, Gathered>();
  const entries: FolderEntry[] = [];
  for (const file of filesBelow(snapshot, prefix)) {
    const { path, record } = file;
    const slash = path.indexOf('/', prefix.length);
    const name = path.slice(prefix.length, slash < 0 ? undefined : slash);
    const known = folders.get(name);
    if (slash < 0) {
      const { sizeBytes, skipped } = record;
      const language = languageId(record.language);
      entries.push({ ...opened.origin(path).labels, name, kind: 'file', files: 1, language, sizeBytes, skipped });
    } else if (known === undefined)
      folders.set(name, { first: file, last: file, files: 1, sizeBytes: record.sizeBytes });
    else {
      known.last = file;
      known.files++;
      known.sizeBytes += record.sizeBytes;
    }
  }
  const lone = new Set<string>();
  for (const { path, kind } of snapshot.unfollowed) {
    if (!path.startsWith(prefix)) continue;
    const slash = path.indexOf('/', prefix.length);
    const name = path.slice(prefix.length, slash < 0 ? undefined : slash);
    if (slash < 0) {
      const what = kind === 'submodule' ? 'submodule' : 'link';
      entries.push({ name, kind: what, files: 1, language: '', sizeBytes: 0, skipped: null });
    } else lone.add(name);
  }
  for (const [name, { first, last, files, sizeBytes }] of folders) {
    const labels = opened.origin(first.path).labels;
    // Of a folder with a link in it, it is not known here where that is.
    const whole = lone.has(name) || snapshot.mounts !== null ? name : commonFolder(first, last).slice(prefix.length);
    entries.push({ ...labels, name: whole, kind: 'folder', files, language: '', sizeBytes, skipped: null });
  }
  for (const name of lone)
    if (!folders.has(name)) entries.push({ name, kind: 'folder', files: 0, language: '', sizeBytes: 0, skipped: null });
  if (entries.length === 0 && folder !== '') throw missingPath(snapshot, folder);
  const rank = ({ kind }: FolderEntry): number => (kind === 'folder' ? 0 : 1);
  return entries.sort((a, b) => rank(a) - rank(b) || compareBytewise(a.name, b.name));
}

/** Files stand in the order of the tree: those of a folder together. */
function* filesBelow({ files }: Snapshot, prefix: string): Generator<SnapshotFile> {
  let begun = false;
  for (const file of files) {
    if (file.path.startsWith(prefix)) {
      begun = true;
      yield file;
    } else if (begun) return;
  }
}

/** The deepest folder that two files are in, of which no other file of theirs is between the two: so all between them are in it too. */
function commonFolder(first: SnapshotFile, last: SnapshotFile): string {
  let at = 0;
  while (at < first.path.length && first.path[at] === last.path[at]) at++;
  return first.path.slice(0, first.path.lastIndexOf('/', at === first.path.length ? at : at - 1));
}

/** See `Engine.lastChanges`. */
export async function* listLastChanges(
  scope: Scope,
  path: string,
  options: LastChangesOptions,
): AsyncGenerator<LastChange, void, undefined> {
  const deadlineMs = elapsedMs() + checkCount('deadlineMs', options.deadlineMs, deadlineMsDefault);
  const found = await withRev(scope, options.rev, options, async (opened) => {
    const folder = folderOf(path);
    const names = new Set(entriesOf(opened, folder).map(({ name }) => name.split('/', 1)[0]!));
    const [file] = filesBelow(opened.snapshot, folder === '' ? '' : `${folder}/`);
    if (file === undefined) return null;
    const { session, rev, path: ownPath } = opened.origin(file.path);
    // Above the roots of a view there is no history.
    const rootLength = file.path.length - ownPath.length;
    if (session === null || rootLength > folder.length + 1) return null;
    const own = folder.slice(rootLength);
    // A work tree's changes are in no commit yet: told is what its HEAD has.
    const commit = rev.commit ?? (rev.kind === 'worktree' ? (await session.repository.head()).commit : null);
    return commit === null ? null : { session, commit: asOid(commit), own, names };
  });
  if (found === null) return;
  const { session, commit, own, names } = found;
  // A folder that seldom changes is looked for in many commits before there is one to tell: git itself is ended in time.
  const within = new AbortController();
  const end = (): void => within.abort();
  const timer = setTimeout(end, Math.max(0, deadlineMs - elapsedMs()));
  options.signal?.addEventListener('abort', end, { once: true });
  try {
    for await (const change of session.repository.changesBelow(commit, own, within.signal)) {
      const { names: changed, ...rest } = change;
      for (const name of changed) if (names.delete(name)) yield { name, ...rest };
      if (names.size === 0 || within.signal.aborted) break;
    }
  } catch (error) {
    if (!within.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', end);
  }
  throwIfAborted(options.signal);
}

/** A folder's path without slashes at its end. Each run of slashes is read once: any user may ask, of a path of any length. */
const folderOf = (path: string): string => path.replace(/(?<!\/)\/+$/, '');
