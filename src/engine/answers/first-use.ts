import { CoppiceError, TimeSlices, compareBytewise, decodeBytes, throwIfAborted } from '../../base/index.js';
import { isBinary } from '../../chunking/index.js';
import { exactBytesMax } from '../../indexing/index.js';
import type { EntryKind, Oid } from '../../model/index.js';
import type { Pattern } from '../../pattern/index.js';
import { compileFileFilter, unmatchedPaths } from '../../search/index.js';
import type { ReadText, ReadTexts } from '../../search/index.js';
import { rootKey } from '../../snapshot/index.js';
import { ensureTarget, resolveTarget, worktreeRev, type Target } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import type { SkippedFile } from '../store-types.js';
import type { CallOptions, FileFilter, Freshness, ResolvedRev } from '../types.js';

/** With fewer files, making the index takes no longer than anybody notices. */
const filesMin = 256;
/** A group of files is read and searched at a time; so much is held. */
const groupBytes = 4 * 1024 * 1024;
const groupFiles = 128;
/** The list of what the repository's user leaves out of the index, at the root of a tree. */
const ignoreFileName = '.coppiceignore';

interface ListedFile {
  readonly path: string;
  readonly oid: Oid;
}

/** A rev of a repository that is not indexed, to be read file by file. */
export interface UnindexedRev {
  readonly rev: ResolvedRev;
  readonly files: readonly ListedFile[];
  /** The texts of the files that may have a matching line, in order of path. */
  readonly texts: ReadTexts;
  /** Whether the index is being made meanwhile, in this process. */
  readonly isBeingIndexed: boolean;
  /** Of what was read until now: files that were too large, or missing. */
  unsearched(): SkippedFile[];
  unmatched(): Promise<string[]>;
  freshness(): Promise<Freshness>;
}

/**
 * What a grep of a repository that was never indexed reads instead of waiting for the index: the same files with the same texts. git, which
 * searches with all cores, tells which of them have a text that the pattern needs. Null where there is an index, or it is soon made, or
 * only that can tell (languages, what is left out on purpose, missing objects).
 */
export async function openUnindexed(
  session: Session,
  rev: string,
  pattern: Pattern,
  options: CallOptions & FileFilter & { readonly invert?: boolean },
): Promise<UnindexedRev | null> {
  const { shared, repository } = session;
  const { rules } = shared;
  if (shared.options.firstUse !== 'read' || repository.isPartialClone) return null;
  if ((options.languages ?? []).length > 0 || rules.skipMinified || rules.skipGenerated) return null;
  if (/^(fork|lease|overlay):/.test(rev) || (await isKnown(session))) return null;
  const { signal } = options;
  if (rev === worktreeRev && repository.trackedFiles < filesMin) return null;
  const sought = options.invert === true ? null : pattern.literals;
  const isWorktree = rev === worktreeRev;
  const found =
    sought === null || !isWorktree ? null : repository.filesWithText(sought, null, signal).catch(() => null);
  const target = await resolveTarget(session, rev, options);
  const { resolved, fork, worktree, source } = target;
  if (fork !== null || session.snapshots.findRoot(rootKey(resolved.tree, session.fingerprint)) !== null) return null;
  const listed = worktree === null ? await listTree(session, resolved.tree, signal) : await walk(target, signal);
  if (listed === null || listed.length < filesMin || listed.some(({ path }) => path === ignoreFileName)) return null;

  const passes = compileFileFilter(options);
  const wanted = passes === null ? listed : listed.filter(({ path }) => passes(path, 0));
  const withText =
    found ?? (sought === null || isWorktree ? null : repository.filesWithText(sought, resolved.tree, signal));
  const having = await withText;
  const maxBytes = exactBytesMax(rules);
  // What differs from git's index git did not look at, or at something else.
  const differs = new Set(worktree === null ? [] : worktree.changes.changed.map(({ path }) => path));
  const large = worktree === null ? listed.filter(({ size }) => size > maxBytes) : [];
  const mayBeLarge = new Set(
    worktree === null ? large.map(({ path }) => path) : repository.largeTracked(Math.min(maxBytes, 2 ** 31)),
  );
  const candidates =
    having === null
      ? wanted
      : wanted.filter(({ path }) => having.has(path) || differs.has(path) || mayBeLarge.has(path));
  const skipped: SkippedFile[] = [];
  const skip = (path: string, reason: SkippedFile['reason'], sizeBytes: number): null => {
    skipped.push({ path, reason, sizeBytes });
    return null;
  };
  const textOf = (path: string, size: number, content: Buffer | null): string | null => {
    if (size < 0) return skip(path, 'missing', size);
    if (content === null) return skip(path, 'too-large', size);
    return isBinary(content) ? null : decodeBytes(content);
  };
  return {
    rev: resolved,
    files: candidates,
    texts:
      worktree === null
        ? readBlobs(candidates, source, maxBytes, signal, textOf)
        : readDisk(candidates, (path) => repository.readWorktreeBytes(path, maxBytes), signal, textOf),
    isBeingIndexed: shared.options.offThread && indexMeanwhile(session, target),
    unsearched: () => skipped.sort((a, b) => compareBytewise(a.path, b.path)),
    unmatched: () => unmatchedPaths([{ files: listed }], options, signal),
    freshness: () => (worktree === null ? Promise.resolve('exact') : session.worktree.freshness(worktree)),
  };
}

/** Whether what HEAD is, or was before its last commit, is indexed, or some rev was on purpose: what is missing is then a difference. */
async function isKnown({ store, repository, snapshots, fingerprint }: Session): Promise<boolean> {
  store.refresh();
  const ids = [...store.catalog.repositories.values()].flatMap(({ id, path }) =>
    path === repository.commonDir ? [id] : [],
  );
  if ([...store.catalog.revs.values()].some(({ repo }) => ids.includes(repo))) return true;
  const { commit } = await repository.head();
  if (commit === null) return false;
  const isStored = (tree: Oid): boolean => snapshots.findRoot(rootKey(tree, fingerprint)) !== null;
  const { tree, parents } = await repository.readCommit(commit);
  if (isStored(tree)) return true;
  const [parent] = parents;
  if (parent === undefined) return false;
  return repository.readCommit(parent).then(
    (before) => isStored(before.tree),
    () => false, // beyond the boundary of a shallow clone
  );
}

const isText = (kind: EntryKind): boolean => kind === 'file' || kind === 'executable';

async function listTree(
  { repository }: Session,
  tree: Oid,
  signal: AbortSignal | undefined,
): Promise<(ListedFile & { readonly size: number })[] | null> {
  try {
    return (await repository.listTree(tree, signal)).filter(({ kind }) => isText(kind));
  } catch (error) {
    throwIfAborted(signal);
    if (error instanceof CoppiceError && error.code === 'GIT_FAILED') return null; // objects are missing
    throw error;
  }
}

/** The files of a work tree in order of path. */
async function walk(
  { resolved, source }: Target,
  signal: AbortSignal | undefined,
): Promise<(ListedFile & { readonly size: number })[]> {
  const files: (ListedFile & { readonly size: number })[] = [];
  const slices = new TimeSlices(signal);
  const open = [{ entries: await source.readTree(resolved.tree), prefix: '', at: 0 }];
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    if (slices.isOver) await slices.next();
    const entry = folder.entries[folder.at++];
    if (entry === undefined) {
      open.pop();
      continue;
    }
    const path = folder.prefix + entry.name;
    if (entry.kind === 'tree') open.push({ entries: await source.readTree(entry.oid), prefix: `${path}/`, at: 0 });
    else if (isText(entry.kind)) files.push({ path, oid: entry.oid, size: 0 });
  }
  return files;
}

type TextOf = (path: string, size: number, content: Buffer | null) => string | null;

/** As the files lie on disk now. */
async function* readDisk(
  files: readonly ListedFile[],
  read: (path: string) => { readonly size: number; readonly content: Buffer | null } | null,
  signal: AbortSignal | undefined,
  textOf: TextOf,
): ReadTexts & AsyncGenerator<readonly ReadText[], void, undefined> {
  const slices = new TimeSlices(signal);
  const group = new Group();
  for (const [file, { path }] of files.entries()) {
    if (slices.isOver) await slices.next();
    const found = read(path);
    const text = found === null ? null : textOf(path, found.size, found.content);
    if (text !== null && group.add({ file, text })) yield group.take();
  }
  yield group.take();
}

async function* readBlobs(
  files: readonly ListedFile[],
  source: Target['source'],
  maxBytes: number,
  signal: AbortSignal | undefined,
  textOf: TextOf,
): ReadTexts & AsyncGenerator<readonly ReadText[], void, undefined> {
  const group = new Group();
  let file = 0;
  for await (const { size, content } of source.readBlobs(
    files.map(({ oid }) => oid),
    { maxBytes, signal },
  )) {
    const text = textOf(files[file]!.path, size, content);
    if (text !== null && group.add({ file, text })) yield group.take();
    file++;
  }
  yield group.take();
}

class Group {
  private texts: ReadText[] = [];
  private chars = 0;

  /** True when it has grown large enough. */
  add(read: ReadText): boolean {
    this.texts.push(read);
    this.chars += read.text.length;
    return this.chars >= groupBytes || this.texts.length >= groupFiles;
  }

  take(): readonly ReadText[] {
    const { texts } = this;
    this.texts = [];
    this.chars = 0;
    return texts;
  }
}

/** Makes the index for the next question. False when it is not being made. */
const indexMeanwhile = (session: Session, target: Target): boolean =>
  session.shared.inBackground(`index of ${session.repository.name}`, async (signal) => {
    session.retain();
    try {
      await ensureTarget(session, target, { signal });
    } finally {
      session.release();
    }
  });
