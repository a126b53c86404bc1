import { TimeSlices, compareBytewise, decodeBytes } from '../../base/index.js';
import { isBinary } from '../../chunking/index.js';
import { exactBytesMax } from '../../indexing/index.js';
import type { Oid } from '../../model/index.js';
import type { Pattern } from '../../pattern/index.js';
import { compileFileFilter, unmatchedPaths } from '../../search/index.js';
import type { FileFilter, ReadText, ReadTexts } from '../../search/index.js';
import { rootKey } from '../../snapshot/index.js';
import { ensureTarget, resolveTarget, withTarget, worktreeRev } from '../revs/revs.js';
import type { Scope } from '../session/scope.js';
import type { Session } from '../session/session.js';
import type { SkippedFile } from '../store-types.js';
import type { CallOptions, Freshness, ResolvedRev } from '../types.js';

/** Of a work tree with fewer files the index is made as soon as anybody notices. */
const filesMin = 256;
/** A group of files is read and searched at a time; so much is held. */
const groupChars = 4 * 1024 * 1024;
const groupFiles = 128;
/** The list of what the repository's user leaves out of the index, at the root of a tree. */
const ignoreFileName = '.coppiceignore';

/** A rev of a repository that is not indexed, to be read file by file. */
export interface UnindexedRev {
  readonly rev: ResolvedRev;
  /** The files that may have a matching line, in order. */
  readonly paths: readonly string[];
  /** Their texts. */
  readonly texts: ReadTexts;
  /** Whether the index is being made meanwhile, in this process. */
  readonly isBeingIndexed: boolean;
  readonly freshness: Freshness;
  /** Of the files that were read, those that were too large, or missing. */
  unsearched(): SkippedFile[];
  unmatched(): Promise<string[]>;
}

type Options = CallOptions & FileFilter & { readonly invert?: boolean };

/**
 * What a grep of a repository that was never indexed reads instead of waiting for the index: the same files with the same texts. git, which
 * searches with all cores, tells which of them have a text that the pattern needs. Null where there is an index, or it is soon made, or
 * only that can tell (languages, what is left out on purpose, missing objects).
 */
export async function openUnindexed(
  scope: Scope,
  asked: string | undefined,
  pattern: Pattern,
  options: Options,
): Promise<UnindexedRev | null> {
  const { session } = scope;
  // A view, and the packages of a project, are more than the repository's own files.
  if (session === null || scope !== session) return null;
  const { shared, repository } = session;
  const { rules } = shared;
  const rev = asked ?? session.defaultRev;
  if (shared.options.firstUse !== 'read' || repository.isPartialClone) return null;
  if ((options.languages ?? []).length > 0 || rules.skipMinified || rules.skipGenerated) return null;
  const isWorktree = rev === worktreeRev && repository.workTree !== null;
  if (isWorktree ? repository.trackedFiles < filesMin : /^(@worktree$|fork:|lease:|overlay:)/.test(rev)) return null;
  if (known.has(session)) return null;
  if (await isKnown(session)) {
    known.add(session);
    return null;
  }
  const opened = await (isWorktree ? openDisk : openTree)(session, rev, pattern, options);
  if (opened === null) return null;
  const isBeingIndexed =
    shared.options.offThread &&
    shared.inBackground(`index of ${repository.name}`, async (signal) => {
      session.retain();
      try {
        await withTarget(session, rev, { signal }, (target) => ensureTarget(session, target, { signal }));
      } finally {
        session.release();
      }
    });
  return { ...opened, isBeingIndexed };
}

/** Of which nobody needs to ask any more. */
const known = new WeakSet<Session>();

/** Whether what HEAD is, or was before its last commit, is indexed, or some rev was on purpose: what is missing is then a difference. */
async function isKnown({ store, repository, snapshots, fingerprint }: Session): Promise<boolean> {
  store.refresh();
  const { catalog } = store;
  if (catalog.segments().length === 0) return false;
  const ids = [...catalog.repositories.values()].flatMap(({ id, path }) => (path === repository.commonDir ? [id] : []));
  if ([...catalog.revs.values()].some(({ repo }) => ids.includes(repo))) return true;
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

type Opened = Omit<UnindexedRev, 'isBeingIndexed'>;

/** What the files need to have for a line to match; null where that is not known. */
const soughtIn = (pattern: Pattern, { invert }: Options): Pattern['literals'] =>
  invert === true ? null : pattern.literals;

/** Files that are all below one folder are looked for there alone. */
const folderOf = ({ folder = '', pathspecs = [] }: Options): string => (pathspecs.length === 0 ? folder : '');

const narrows = ({ paths = [], pathspecs = [] }: Options): boolean => paths.length + pathspecs.length > 0;

async function openDisk(session: Session, rev: string, pattern: Pattern, options: Options): Promise<Opened | null> {
  const { shared, repository } = session;
  const { signal } = options;
  const maxBytes = exactBytesMax(shared.rules);
  const texts = repository.worktreeTexts();
  if (texts.read(ignoreFileName, 0) !== null) return null;
  const [found, all] = await Promise.all([
    repository.worktreeFiles(soughtIn(pattern, options), folderOf(options), signal),
    narrows(options) ? repository.worktreeFiles(null, '', signal) : [],
  ]);
  if (found === null || all === null) return null;
  const paths = pass(found, (path) => path, options);
  const reading = new Reading();
  const read = async function* (): AsyncGenerator<readonly ReadText[], void, undefined> {
    const slices = new TimeSlices(signal);
    for (const [file, path] of paths.entries()) {
      if (slices.isOver) await slices.next();
      const content = texts.read(path, maxBytes);
      if (content !== null && reading.add(file, path, content)) yield reading.take();
    }
    yield reading.take();
  };
  return {
    // Its tree's oid would take a look at every file.
    rev: { rev, kind: 'worktree', commit: null, tree: '' },
    paths,
    texts: read(),
    freshness: 'live',
    unsearched: () => reading.unsearched(),
    unmatched: () => unmatchedPaths([{ files: all.map((path) => ({ path })) }], options, signal),
  };
}

async function openTree(session: Session, rev: string, pattern: Pattern, options: Options): Promise<Opened | null> {
  const { shared, repository, snapshots, fingerprint } = session;
  const { signal } = options;
  const { resolved, fork, source } = await resolveTarget(session, rev, options);
  if (fork !== null || snapshots.findRoot(rootKey(resolved.tree, fingerprint)) !== null) return null;
  const entries = await source.readTree(resolved.tree);
  if (entries.some(({ name }) => name === ignoreFileName)) return null;
  const listed = await repository.treeFiles(resolved.tree, soughtIn(pattern, options), folderOf(options), signal);
  if (listed === null) return null;
  const { all } = listed;
  const files = pass(listed.found, ({ path }) => path, options);
  const reading = new Reading();
  const read = async function* (): AsyncGenerator<readonly ReadText[], void, undefined> {
    const oids = files.map(({ oid }) => oid);
    let file = 0;
    for await (const blob of source.readBlobs(oids, { maxBytes: exactBytesMax(shared.rules), signal })) {
      if (reading.add(file, files[file]!.path, blob)) yield reading.take();
      file++;
    }
    yield reading.take();
  };
  return {
    rev: resolved,
    paths: files.map(({ path }) => path),
    texts: read(),
    freshness: 'exact',
    unsearched: () => reading.unsearched(),
    unmatched: () => unmatchedPaths([{ files: all }], options, signal),
  };
}

function pass<F>(files: readonly F[], pathOf: (file: F) => string, options: Options): readonly F[] {
  const passes = compileFileFilter(options);
  return passes === null ? files : files.filter((file) => passes(pathOf(file), 0));
}

/** Collects texts, and which files have none. */
class Reading {
  private texts: ReadText[] = [];
  private chars = 0;
  private readonly skipped: SkippedFile[] = [];

  /** Takes a file in, of size -1 when it is missing; true when there are so many that they should be searched. */
  add(
    file: number,
    path: string,
    { size, content }: { readonly size: number; readonly content: Buffer | null },
  ): boolean {
    if (content === null) {
      this.skipped.push({ path, reason: size < 0 ? 'missing' : 'too-large', sizeBytes: size });
    } else if (!isBinary(content)) {
      const text = decodeBytes(content);
      this.texts.push({ file, text });
      this.chars += text.length;
    }
    return this.chars >= groupChars || this.texts.length >= groupFiles;
  }

  take(): readonly ReadText[] {
    const { texts } = this;
    this.texts = [];
    this.chars = 0;
    return texts;
  }

  unsearched(): SkippedFile[] {
    return this.skipped.sort((a, b) => compareBytewise(a.path, b.path));
  }
}
