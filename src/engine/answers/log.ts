import { CoppiceError, GenerationCache, throwIfAborted } from '../../base/index.js';
import type { Ref, Repository } from '../../git/index.js';
import { HistoryReader, RefTips, findLineHistories, findOccurrenceChanges } from '../../history/index.js';
import type { HistoryScope, LineEvent, RefTip } from '../../history/index.js';
import { asOid, parseRevRange } from '../../model/index.js';
import type { CommitId, Oid, RepositoryId } from '../../model/index.js';
import { Deadline, compilePattern } from '../../pattern/index.js';
import type { Pattern } from '../../pattern/index.js';
import { compileFileFilter, fileMask } from '../../search/index.js';
import type { FileTest } from '../../search/index.js';
import type { SegmentList } from '../../segment/index.js';
import type { FarHistory } from '../../cluster/index.js';
import { ensureRecorded } from '../indexing/history.js';
import { notPublished } from '../revs/not-published.js';
import { checkCount, checkDeadline } from '../limits.js';
import { resolveTarget, withRev, worktreeRev } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import { untilHere } from '../session/until-here.js';
import type { SharedStore } from '../shared/shared-store.js';
import { unsearchedFiles } from './unsearched.js';
import type { CallOptions, CommitInfo, LineChange, LineHistory, LogOptions, OccurrenceChange } from '../types.js';

const commitsCachedMax = 50_000;
/** Results whose commits are read from git together: few at first, so that the first line is out soon. */
const firstGroup = 8;
const laterGroup = 64;

/** What the searches of one session share. */
class HistorySearch {
  private readonly infos = new GenerationCache<Oid, CommitInfo>(commitsCachedMax);
  private lastTips: { segments: SegmentList; refs: readonly Ref[]; tips: RefTips } | null = null;
  private readonly ids = new WeakMap<SegmentList, Map<Oid, CommitId | null>>();

  constructor(
    private readonly session: Session,
    readonly reader: HistoryReader,
  ) {}

  /** The number of a commit, or null when it is not recorded. */
  idOf(segments: SegmentList, repo: RepositoryId, commit: Oid): CommitId | null {
    let ids = this.ids.get(segments);
    if (ids === undefined) this.ids.set(segments, (ids = new Map()));
    let id = ids.get(commit);
    if (id === undefined) {
      id = this.session.recordedCommit(segments, repo, commit);
      ids.set(commit, id);
    }
    return id;
  }

  /** The refs of which history is recorded. */
  tips(segments: SegmentList, repo: RepositoryId, refs: readonly Ref[]): RefTips {
    if (this.lastTips?.segments !== segments || this.lastTips.refs !== refs) {
      const known = namedTips(refs, (commit) => this.idOf(segments, repo, commit));
      this.lastTips = { segments, refs, tips: new RefTips(this.reader.graph(segments), known) };
    }
    return this.lastTips.tips;
  }

  /** Who made commits, when and why; asked for at once, as git answers many sooner than one by one. */
  async infosOf(commits: ReadonlySet<Oid>, repository: Repository): Promise<ReadonlyMap<Oid, CommitInfo>> {
    const infos = new Map<Oid, CommitInfo>();
    const missing: Promise<void>[] = [];
    for (const commit of commits) {
      const known = this.infos.get(commit);
      if (known !== undefined) infos.set(commit, known);
      else {
        const reading = readInfo(commit, repository).then((info) => {
          this.infos.set(commit, info);
          infos.set(commit, info);
        });
        missing.push(reading);
      }
    }
    await Promise.all(missing);
    return infos;
  }
}

const readers = new WeakMap<SharedStore, HistoryReader>();
const searches = new WeakMap<Session, HistorySearch>();

/** What it keeps is of the store, whatever the repository. */
function readerOf(shared: SharedStore): HistoryReader {
  let reader = readers.get(shared);
  if (reader === undefined) readers.set(shared, (reader = new HistoryReader(shared.snapshots.caches)));
  return reader;
}

function searchOf(session: Session): HistorySearch {
  let search = searches.get(session);
  if (search === undefined) searches.set(session, (search = new HistorySearch(session, readerOf(session.shared))));
  return search;
}

const farSearches = new WeakMap<FarHistory, WeakMap<Session, HistorySearch>>();

/** What it keeps is of that history alone. */
function farSearchOf(session: Session, history: FarHistory): HistorySearch {
  let own = farSearches.get(history);
  if (own === undefined) farSearches.set(history, (own = new WeakMap<Session, HistorySearch>()));
  let search = own.get(session);
  if (search === undefined) own.set(session, (search = new HistorySearch(session, new HistoryReader(history.caches))));
  return search;
}

async function readInfo(commit: Oid, repository: Repository): Promise<CommitInfo> {
  try {
    const { author, authorTime, committerTime, subject } = await repository.readCommit(commit);
    return { commit, author, date: isoDate(authorTime), committed: isoDate(committerTime), subject };
  } catch (error) {
    // It was here when it was recorded; what it changed is known still.
    if (!(error instanceof CoppiceError) || error.code !== 'OBJECT_MISSING') throw error;
    return { commit, author: '', date: isoDate(0), committed: isoDate(0), subject: '' };
  }
}

/** Broken histories have times that no calendar knows: it ends so many seconds before and after 1970. */
const calendarSeconds = 8.64e12;
const isoDate = (seconds: number): string =>
  new Date(Math.max(-calendarSeconds, Math.min(seconds, calendarSeconds)) * 1000).toISOString().replace('.000Z', 'Z');

/** See `Engine.log`. */
export async function* logLines(
  session: Session,
  pattern: string,
  revs: readonly string[],
  options: LogOptions,
): AsyncGenerator<LineHistory, void, undefined> {
  const request = compile(pattern, options);
  const { repository } = session;
  const refs = repository.refs(options.signal); // git lists them while chunks are searched
  refs.catch(() => undefined);
  const { opened, found } = await findIn(session, revs, options, async ({ search, segments, scope, repo, chunks }) =>
    findLineHistories(search.reader, segments, {
      ...request,
      deadline: new Deadline(request.deadlineMs),
      scope,
      chunks,
      refs: search.tips(segments, repo, await refs),
    }),
  );
  const { search } = opened;
  try {
    yield* inGroups(found, options, async (group) => {
      const commits = new Set<Oid>();
      for (const { appeared, disappeared } of group)
        for (const events of [appeared, disappeared]) for (const { commit } of events) commits.add(commit);
      const infos = await search.infosOf(commits, repository);
      const toChange = ({ commit, paths, firstParent, graph }: LineEvent): LineChange => {
        const { author, date, committed, subject } = infos.get(commit)!;
        return { commit, author, date, committed, subject, paths, firstParent, graph };
      };
      return group.map(({ line, appeared, disappeared, refs }) => ({
        line,
        appeared: appeared.map(toChange),
        disappeared: disappeared.map(toChange),
        refs,
      }));
    });
    await noteUnsearched(session, revs, options);
  } finally {
    opened.segments.release();
  }
}

/** See `Engine.logCommits`. */
export async function* logCommits(
  session: Session,
  pattern: string,
  revs: readonly string[],
  options: LogOptions,
): AsyncGenerator<OccurrenceChange, void, undefined> {
  const request = compile(pattern, options);
  const { repository } = session;
  const { opened, found } = await findIn(session, revs, options, ({ search, segments, scope, chunks }) =>
    findOccurrenceChanges(search.reader, segments, {
      ...request,
      deadline: new Deadline(request.deadlineMs),
      scope,
      chunks,
    }),
  );
  const { search } = opened;
  try {
    yield* inGroups(found, options, async (group) => {
      const infos = await search.infosOf(new Set(group.map(({ commit }) => commit)), repository);
      return group.map(({ commit, paths, delta }) => ({ ...infos.get(commit)!, paths, delta }));
    });
    await noteUnsearched(session, revs, options);
  } finally {
    opened.segments.release();
  }
}

const unsearchedTold = 5;

/** Tells of the files of the revs themselves that were not looked into: a line that never came may be in one of them. */
async function noteUnsearched(session: Session, revs: readonly string[], options: LogOptions): Promise<void> {
  const told = new Set<string>();
  for (const rev of revs.length === 0 ? ['HEAD'] : revs) {
    const at = parseRevRange(rev)?.to ?? rev;
    await withRev(session, at, options, async (opened) => {
      const files = unsearchedFiles(opened, await fileMask(opened.snapshot, options, options.signal));
      for (const { path, reason } of files)
        told.add(`${path} (${reason === 'missing' ? 'its blob is missing' : 'too large'})`);
    });
  }
  if (told.size === 0) return;
  const more = told.size > unsearchedTold ? ` and ${told.size - unsearchedTold} more` : '';
  session.shared.note(`not searched: ${[...told].slice(0, unsearchedTold).join(', ')}${more}`);
}

interface Compiled {
  readonly pattern: Pattern;
  readonly passes: FileTest | null;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  readonly firstParentOnly: boolean;
}

function compile(pattern: string, options: LogOptions): Compiled {
  return {
    pattern: compilePattern(pattern, options),
    passes: compileFileFilter(options),
    deadlineMs: checkDeadline(options.deadlineMs),
    signal: options.signal,
    firstParentOnly: options.firstParent ?? false,
  };
}

/** Commits whose history is recorded: in the store, or in memory as it is published in a cluster. */
interface OpenedScope {
  /** Release them after use. */
  readonly segments: SegmentList;
  readonly search: HistorySearch;
  readonly scope: HistoryScope;
  readonly repo: RepositoryId;
  /** Where chunks are that do not lie in the segments. */
  readonly chunks: FarHistory | null;
}

/** Opens what revs name and looks through it. What was cleaned up in a cluster since it was read is read anew. */
async function findIn<T>(
  session: Session,
  revs: readonly string[],
  call: CallOptions,
  find: (opened: OpenedScope) => Promise<T>,
): Promise<{ opened: OpenedScope; found: T }> {
  for (let tries = 1; ; tries++) {
    const opened = await openScope(session, revs, call);
    const { chunks, segments } = opened;
    try {
      const ask = (): Promise<T> => untilHere(call.signal, () => find(opened));
      return { opened, found: chunks === null ? await find(opened) : await chunks.use(ask) };
    } catch (error) {
      segments.release();
      const isGone = error instanceof CoppiceError && error.code === 'REMOTE_INVALID';
      if (chunks === null || !isGone || tries > 1) throw error;
      const { forgetFarHistory } = await import('../remotes/far-history.js');
      await forgetFarHistory(session);
    }
  }
}

/** The commits that revs name, recorded first if need be. */
async function openScope(session: Session, revs: readonly string[], call: CallOptions): Promise<OpenedScope> {
  const tips: Oid[] = [];
  const excluded: Oid[] = [];
  for (const rev of revs.length === 0 ? ['HEAD'] : revs) {
    const range = parseRevRange(rev);
    if (range !== undefined) excluded.push(await commitOf(session, range.from, call));
    tips.push(await commitOf(session, range?.to ?? rev, call));
  }
  const repo = await session.repositoryId();
  const chunks = await ensureRecorded(session, [...new Set([...tips, ...excluded])], call);
  if (session.isPublished && chunks !== null && session.repository.isShallow)
    session.shared.note(
      'history as far as commits are published: `coppice push REMOTE --history` publishes what was before',
    );
  const segments = (chunks ?? session.snapshots).segments().retain();
  try {
    const search = chunks === null ? searchOf(session) : farSearchOf(session, chunks);
    const ids = (commits: readonly Oid[]): CommitId[] =>
      commits.map((commit) => {
        const id = search.idOf(segments, repo, commit);
        if (id !== null) return id;
        if (chunks !== null) throw notPublished(commit);
        throw new CoppiceError('OBJECT_MISSING', `the tree of commit ${commit} is missing`, { data: { oid: commit } });
      });
    return { segments, search, scope: search.reader.graph(segments).scope(ids(tips), ids(excluded)), repo, chunks };
  } catch (error) {
    segments.release();
    throw error;
  }
}

async function commitOf(session: Session, rev: string, call: CallOptions): Promise<Oid> {
  if (session.repository.isPlain) {
    throw new CoppiceError('USAGE', `${session.repository.name} is a folder without git, which has no history`, {
      hint: 'coppice grep searches its files as they lie',
    });
  }
  if (rev === worktreeRev) {
    throw new CoppiceError('USAGE', 'the work tree has no history', {
      hint: 'history search takes commits: give HEAD for what the work tree was made from',
    });
  }
  const { resolved, fork } = await resolveTarget(session, rev, call);
  if (resolved.commit !== null) return asOid(resolved.commit);
  if (fork === null) {
    throw new CoppiceError('USAGE', `'${rev}' names a tree, which has no history`, {
      hint: 'history search takes commits; --path looks at some files of each',
      data: { rev },
    });
  }
  throw new CoppiceError('USAGE', `the fork "${fork.name}" was edited, and its edits have no history`, {
    hint: `history search takes commits: it was made from ${fork.rev}`,
    data: { rev },
  });
}

/** Branches, tags, remote branches. */
function namedTips(refs: readonly Ref[], idOf: (commit: Oid) => CommitId | null): RefTip[] {
  const kinds = ['branch', 'tag', 'remote'];
  const known = refs.flatMap((ref) => {
    const commit = ref.commit === null ? null : idOf(ref.commit);
    return commit === null ? [] : [{ ...ref, commit }];
  });
  const times = new Map<string, number>();
  for (const { shortName } of refs) times.set(shortName, (times.get(shortName) ?? 0) + 1);
  return known
    .sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))
    .map(({ name, shortName, commit }) => ({
      // Where a tag and a branch share their name git says `tags/x` and `heads/x`.
      name: times.get(shortName) === 1 ? shortName : name.replace(/^refs\//, ''),
      commit,
    }));
}

/** Completes results by groups, one group ahead of what is asked for. */
async function* inGroups<Found, Result>(
  found: Iterable<Found>,
  { maxCount, signal }: LogOptions,
  complete: (group: readonly Found[]) => Promise<Result[]>,
): AsyncGenerator<Result, void, undefined> {
  const iterator = found[Symbol.iterator]();
  let left = checkCount('maxCount', maxCount, Infinity);
  const nextGroup = (size: number): Promise<Result[]> => {
    const group: Found[] = [];
    while (group.length < Math.min(size, left)) {
      const next = iterator.next();
      if (next.done === true) break;
      group.push(next.value);
    }
    left -= group.length;
    const results = group.length === 0 ? Promise.resolve([]) : complete(group);
    results.catch(() => undefined); // awaited in turn
    return results;
  };
  for (let coming = nextGroup(firstGroup); ;) {
    const group = await coming;
    if (group.length === 0) return;
    throwIfAborted(signal);
    coming = nextGroup(laterGroup);
    yield* group;
  }
}
