import { CoppiceError, TimeSlices, elapsedMs, throwIfAborted } from '../base/index.js';
import type { CommitLink } from '../git/index.js';
import type { RepositoryId, TreeId } from '../model/index.js';
import { CommitRecorder } from './commit-recorder.js';
import { FileIndexer } from './file-indexer.js';
import type { FileIndexerOptions } from './file-indexer.js';
import { MissingNotes } from './missing-notes.js';
import type { ObjectSource } from './object-source.js';
import type { PendingFile, PlannedTree } from './planned.js';
import { rulesFingerprint } from './rules.js';
import { storeTree, storeTrees } from './tree-indexer.js';
import { TreePlanner } from './tree-planner.js';

/** A window is full with so many new files, entries of new trees, or commits: what is planned lies in memory. */
const windowFilesMax = 8192;
const windowEntriesMax = 600_000;
const windowCommitsMax = 4096;
/** What was done is published at least so often, between windows: a killed run loses no more. */
const publishedEveryMs = 5000;

export interface HistoryIndexerOptions extends Omit<FileIndexerOptions, 'onFile' | 'missing'> {
  readonly repository: RepositoryId;
  /** After each window, and while files of one are read: commits done, bytes of text read. */
  readonly onProgress?: (commits: number, bytes: number) => void;
}

interface PlannedCommit {
  readonly link: CommitLink;
  readonly plan: TreeId | PlannedTree;
}

interface Window {
  readonly commits: readonly PlannedCommit[];
  readonly files: readonly PendingFile[];
  readonly trees: readonly PlannedTree[];
}

/**
 * Records commits: their trees, and what each changed against its first parent. Commits come parents first, so that of a
 * recorded commit all ancestors are recorded. Goes by windows of some thousand commits; while the files of one are read
 * and analysed, the next is planned.
 *
 * 1. Plan: walk the trees that are not stored (see TreePlanner).
 * 2. Files, in order of path: versions of a file follow one another, as git's deltas have them, and their chunks come to
 *    lie side by side, where they compress best.
 * 3. Trees, deepest first and in order of path for the same reason.
 * 4. Commits, with their changed files and chunks.
 */
export class HistoryIndexer {
  private readonly recorder: CommitRecorder;
  private readonly files: FileIndexer;
  private readonly planner: TreePlanner;
  private readonly missing: MissingNotes;
  private commitsDone = 0;
  private bytesRead = 0;
  private publishedMs = elapsedMs();

  constructor(private readonly options: HistoryIndexerOptions) {
    const fingerprint = rulesFingerprint(options.rules);
    this.recorder = new CommitRecorder(options.sink, options.repository, fingerprint);
    const missing = (this.missing = new MissingNotes(options.onNote));
    this.files = new FileIndexer({
      ...options,
      missing,
      onFile: (_done, _total, bytes) => {
        this.bytesRead += bytes;
        options.onProgress?.(this.commitsDone, this.bytesRead);
      },
    });
    this.planner = new TreePlanner({ ...options, files: this.files, fingerprint, missing });
  }

  /** Records commits that are not recorded. Returns how many there were. */
  async index(commits: AsyncIterable<CommitLink>, source: ObjectSource): Promise<number> {
    const iterator = commits[Symbol.asyncIterator]();
    let planning = this.planWindow(iterator, source);
    try {
      for (;;) {
        const window = await planning;
        if (window === null) break;
        planning = this.planWindow(iterator, source);
        planning.catch(() => undefined); // awaited in turn
        await this.storeWindow(window, source);
      }
    } finally {
      await planning.catch(() => undefined);
      await iterator.return?.();
      this.missing.finish();
    }
    return this.commitsDone;
  }

  private async planWindow(commits: AsyncIterator<CommitLink>, source: ObjectSource): Promise<Window | null> {
    const { signal } = this.options;
    const { planner, recorder } = this;
    const planned: PlannedCommit[] = [];
    while (
      planned.length < windowCommitsMax &&
      planner.fileCount < windowFilesMax &&
      planner.entryCount < windowEntriesMax
    ) {
      throwIfAborted(signal);
      const next = await commits.next();
      if (next.done === true) break;
      const link = next.value;
      if (recorder.find(link.oid) !== null) continue;
      try {
        planned.push({ link, plan: await planner.planRoot(link.tree, source) });
      } catch (error) {
        if (!(error instanceof CoppiceError) || error.code !== 'OBJECT_MISSING') throw error;
        this.missing.add(`the tree of commit ${link.oid}`, 'the commit is left out');
      }
    }
    return planned.length === 0 ? null : { commits: planned, ...planner.take() };
  }

  private async storeWindow(window: Window, source: ObjectSource): Promise<void> {
    const { sink, onProgress } = this.options;
    await this.files.storeFiles([...window.files].sort(byPath), source);
    const provisional = window.files.find((file) => file.provisional);
    if (provisional !== undefined) {
      // A recorded commit is never looked at again.
      throw new CoppiceError('WORKERS_LOST', `${provisional.path} could not be analysed: see the notes`, {
        hint: 'what was indexed is kept: run the command again when the machine has less to do',
        data: { path: provisional.path },
      });
    }
    await storeTrees(window.trees, sink);
    const slices = new TimeSlices();
    for (const { link, plan } of window.commits) {
      if (slices.isOver) await slices.next();
      this.recorder.record(link, storeTree(plan, sink));
      this.commitsDone++;
    }
    this.planner.forgetStored();
    onProgress?.(this.commitsDone, this.bytesRead);
    if (elapsedMs() - this.publishedMs < publishedEveryMs) return;
    await sink.publish();
    this.publishedMs = elapsedMs();
  }
}

const byPath = (a: PendingFile, b: PendingFile): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
