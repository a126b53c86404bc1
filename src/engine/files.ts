import { compareBytewise } from '../base/index.js';
import { languageId } from '../model/index.js';
import { compileFileFilter, fileMask } from '../search/index.js';
import type { FileFilter, FileTest } from '../search/index.js';
import type { Snapshot } from '../snapshot/index.js';
import { leastFresh, withRev } from './revs.js';
import type { Session } from './session.js';
import type { CallOptions, CompareResult, ComparedFile, FileEntry, FilesOptions, FilesResult } from './types.js';

const limitDefault = 1000;

/** See `Engine.files`. */
export function listFiles(session: Session, options: FilesOptions): Promise<FilesResult> {
  return withRev(session, options.rev ?? 'HEAD', options, async ({ rev, snapshot, freshness }) => {
    const mask = fileMask(snapshot, options);
    const matching = mask === null ? snapshot.files : snapshot.files.filter((_, i) => mask[i] === 1);
    const files = matching.slice(0, options.limit ?? limitDefault).map(({ path, record }): FileEntry => {
      const { language, sizeBytes, skipped } = record;
      return { path, language: languageId(language), sizeBytes, skipped };
    });
    return { rev, files, total: matching.length, freshness: await freshness() };
  });
}

/** See `Engine.compare`. */
export function compareRevs(
  session: Session,
  from: string,
  to: string,
  options: CallOptions & FileFilter & { limit?: number },
): Promise<CompareResult> {
  return withRev(session, from, options, (before) =>
    withRev(session, to, options, async (after) => {
      const passes = compileFileFilter(options);
      const changed = differences(before.snapshot, after.snapshot, passes);
      const files = changed.slice(0, options.limit ?? limitDefault);
      const freshness = await leastFresh(before, after);
      return { from: before.rev, to: after.rev, files, total: changed.length, freshness };
    }),
  );
}

/** What a path holds. Links and submodules, which are not searched, are compared as well: they have no language. */
interface Entry {
  readonly version: string;
  readonly language: number;
}

/** In order of path. A file counts when it passes at either end. */
function differences(from: Snapshot, to: Snapshot, passes: FileTest | null): ComparedFile[] {
  if (from.root === to.root) return [];
  const before = entriesOf(from);
  const after = entriesOf(to);
  const changed: ComparedFile[] = [];
  const note = (path: string, change: ComparedFile['change'], ...ends: readonly Entry[]): void => {
    if (passes === null || ends.some(({ language }) => passes(path, language))) changed.push({ path, change });
  };
  for (const [path, entry] of after) {
    const old = before.get(path);
    if (old === undefined) note(path, 'added', entry);
    else if (old.version !== entry.version) note(path, 'modified', old, entry);
  }
  for (const [path, entry] of before) if (!after.has(path)) note(path, 'removed', entry);
  return changed.sort((a, b) => compareBytewise(a.path, b.path));
}

function entriesOf({ files, unfollowed }: Snapshot): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const { path, kind, record } of files)
    entries.set(path, { version: `${kind} ${record.oid}`, language: record.language });
  for (const { path, kind, oid } of unfollowed) entries.set(path, { version: `${kind} ${oid}`, language: -1 });
  return entries;
}
