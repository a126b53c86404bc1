import { TimeSlices, compareBytewise } from '../../base/index.js';
import { languageId } from '../../model/index.js';
import type { EntryKind } from '../../model/index.js';
import { compileFileFilter, fileMask } from '../../search/index.js';
import type { FileFilter, FileTest } from '../../search/index.js';
import type { Snapshot, SnapshotFile } from '../../snapshot/index.js';
import { checkCount } from '../limits.js';
import { placeOf, placed } from './places.js';
import { leastFresh, withRev, withRevs } from '../revs/revs.js';
import type { Scope } from '../session/scope.js';
import type { CallOptions, CompareResult, ComparedFile, FileEntry, FilesOptions, FilesResult } from '../types.js';

const limitDefault = 1000;

/** See `Engine.files`. */
export async function listFiles(scope: Scope, options: FilesOptions): Promise<FilesResult> {
  const limit = checkCount('limit', options.limit, limitDefault);
  return withRev(scope, options.rev, options, async ({ rev, snapshot, freshness, origin }) => {
    const mask = await fileMask(snapshot, options, options.signal);
    const matching = mask === null ? snapshot.files : snapshot.files.filter((_, i) => mask[i] === 1);
    const files = matching.slice(0, limit).map(({ path, record }): FileEntry => {
      const { language, sizeBytes, skipped } = record;
      return placed(placeOf(origin(path)), { language: languageId(language), sizeBytes, skipped });
    });
    return { rev, files, total: matching.length, freshness: await freshness() };
  });
}

/** See `Engine.compare`. */
export async function compareRevs(
  scope: Scope,
  from: string,
  to: string,
  options: CallOptions & FileFilter & { limit?: number },
): Promise<CompareResult> {
  const limit = checkCount('limit', options.limit, limitDefault);
  return withRevs(scope, from, to, options, async (before, after) => {
    const passes = compileFileFilter(options, after.snapshot.mounts ?? before.snapshot.mounts);
    const changed = await differences(before.snapshot, after.snapshot, passes);
    const files = changed.slice(0, limit).map(({ path, change }): ComparedFile => {
      const { origin } = change === 'removed' ? before : after;
      return placed(placeOf(origin(path)), { change });
    });
    const freshness = await leastFresh(before, after);
    return { from: before.rev, to: after.rev, files, total: changed.length, freshness };
  });
}

/** What a path holds. Links and submodules, which are not searched, are compared as well: they have no language. */
interface Entry {
  readonly path: string;
  readonly kind: EntryKind;
  readonly oid: string;
  readonly language: number;
}

/** In order of path. A file counts when it passes at either end. */
async function differences(from: Snapshot, to: Snapshot, passes: FileTest | null): Promise<ComparedFile[]> {
  if (from.root === to.root) return [];
  const slices = new TimeSlices();
  const changed: ComparedFile[] = [];
  const note = (change: ComparedFile['change'], ...ends: readonly Entry[]): void => {
    const { path } = ends[0]!;
    if (passes === null || ends.some(({ language }) => passes(path, language))) changed.push({ path, change });
  };
  const before = entryFinder(from);
  for (const entry of entriesOf(to)) {
    if (slices.isOver) await slices.next();
    const old = before(entry.path);
    if (old === undefined) note('added', entry);
    else if (old.oid !== entry.oid || old.kind !== entry.kind) note('modified', old, entry);
  }
  const after = entryFinder(to);
  for (const entry of entriesOf(from)) {
    if (slices.isOver) await slices.next();
    if (after(entry.path) === undefined) note('removed', entry);
  }
  return changed.sort((a, b) => compareBytewise(a.path, b.path));
}

function* entriesOf({ files, unfollowed }: Snapshot): Generator<Entry, void, undefined> {
  for (const file of files) yield entryOf(file);
  for (const { path, kind, oid } of unfollowed) yield { path, kind, oid, language: -1 };
}

function entryFinder(snapshot: Snapshot): (path: string) => Entry | undefined {
  const links = new Map(snapshot.unfollowed.map((link) => [link.path, { ...link, language: -1 }]));
  return (path) => {
    const file = snapshot.fileAt(path);
    return file === undefined ? links.get(path) : entryOf(file);
  };
}

const entryOf = ({ path, kind, record }: SnapshotFile): Entry => ({
  path,
  kind,
  oid: record.oid,
  language: record.language,
});
