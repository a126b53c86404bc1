import { nowMs } from '../../base/index.js';
import type { Oid, RepositoryId } from '../../model/index.js';
import type { JournalRecord, JournalState } from './journal.js';

/** Half-open range of dense ids. */
export type IdRange = readonly [from: number, to: number];

/** A live segment file and the ids whose data it holds. Ids in a range may be empty after garbage collection. */
export interface SegmentEntry {
  readonly id: string;
  readonly docs: IdRange;
  readonly files: IdRange;
  readonly trees: IdRange;
  readonly commits: IdRange;
  /** Size of the file. */
  readonly bytes: number;
  /** Text of its chunks, uncompressed. */
  readonly textBytes: number;
}

/** The order of ids. */
export const compareSegments = (a: SegmentEntry, b: SegmentEntry): number =>
  a.trees[0] - b.trees[0] || a.files[0] - b.files[0] || a.docs[0] - b.docs[0] || a.commits[0] - b.commits[0];

export interface RepositoryEntry {
  readonly id: RepositoryId;
  /** Where it was seen: its common git folder, or the folder itself. */
  readonly path: string;
  readonly name: string;
  /** It is a folder without git. Absent: a repository. */
  readonly kind?: 'folder';
}

/** A name that was indexed: a branch, a tag, or a rev as the user wrote it. */
export interface RevEntry {
  readonly repo: RepositoryId;
  readonly name: string;
  readonly kind: 'branch' | 'tag' | 'worktree' | 'rev';
  readonly commit: Oid | null;
  /** Oid of the root tree. */
  readonly tree: Oid;
  readonly at: number;
}

/** A fork, or a lease: a fork that nobody moves, under a name that no user can give. */
export interface ForkEntry {
  readonly repo: RepositoryId;
  readonly name: string;
  /** What it was made of, as written. */
  readonly rev: string;
  /** The commit it equals; null once edited. */
  readonly commit: Oid | null;
  readonly tree: Oid;
  /** Key of its root tree in the store, base64url (see snapshot's rootKey): an edited tree is nowhere else. */
  readonly root: string;
  readonly at: number;
  /** When it is no longer there, in milliseconds since 1970; absent: it stays. */
  readonly until?: number;
}

/** A name for several roots that are searched as one. */
export interface ViewEntry {
  readonly name: string;
  /** Places of repositories and folders, as engine's `Where` has them. */
  readonly roots: readonly string[];
  /** With the packages that they depend on. */
  readonly deps?: true;
  readonly at: number;
}

export const leasePrefix = 'lease:';
export const isLease = ({ name }: Pick<ForkEntry, 'name'>): boolean => name.startsWith(leasePrefix);

/** Next free id of each kind; ids are never used twice. */
export interface NextIds {
  readonly doc: number;
  readonly file: number;
  readonly tree: number;
  readonly commit: number;
  readonly segment: number;
}

/** What a record of the writer's has to agree with to count. */
interface Fence {
  /** Counts only while this is the last `writer`: it was written by who still has the writer lock. Absent: by Coppice 0.2, or for tests. */
  readonly w?: string;
}

type CatalogRecord =
  | ({ t: 'repository' } & RepositoryEntry)
  | ({ t: 'rev' } & RevEntry)
  | { t: 'forget-rev'; repo: RepositoryId; name: string }
  | { t: 'incomplete'; tree: Oid; root: string }
  | ({ t: 'fork'; n: string } & ForkEntry)
  | ({
      t: 'move';
      n: string;
      repo: RepositoryId;
      name: string;
      from: string;
      commit: Oid | null;
      tree: Oid;
      root: string;
    } & Fence)
  /** With `at`: only if it has expired by then. */
  | { t: 'drop'; n: string; repo: RepositoryId; name: string; at?: number }
  /** Counts only if it has not expired at `at`, when it was asked for. */
  | { t: 'renew'; n: string; repo: RepositoryId; name: string; at: number; until: number }
  /** Somebody has taken the writer lock: records of who had it before count no more, and new segments get numbers of their own. */
  | { t: 'writer'; n: string }
  | ({ t: 'view'; n: string } & ViewEntry)
  | { t: 'drop-view'; n: string; name: string }
  | ({
      t: 'segments';
      add: readonly SegmentEntry[];
      remove: readonly string[];
      next: NextIds;
      /** With `n`: counts only while `forkChanges` is still this. */
      forkChanges?: number;
      n?: string;
      /** What a journal takes over from the one before: its last writer, and its `forkChanges` less the forks that follow. */
      from?: { readonly writer: string; readonly forkChanges: number };
    } & Fence);

/** Segments of one writer are numbered from a multiple of this, so that two who both believe to hold the lock never write one file. */
export const segmentsPerWriter = 1_000_000;

const nameKey = (repo: string, name: string): string => `${repo}/${name}`;

const hasExpired = ({ until }: ForkEntry, atMs: number): boolean => until !== undefined && until <= atMs;

/**
 * The store's names and its list of live segments: what the journal's records add up to. The order of records decides
 * between writers: the first of two forks of one name exists, a move counts only from the tree it was made from, garbage
 * is collected only if no fork came meanwhile, and of what the writer alone may record only that of the last one counts. Records alone decide, never the clock of who reads them: so a fork that has
 * expired is not seen, but its name is taken until a record drops it.
 */
export class Catalog implements JournalState {
  /** By identity and place: clones share an identity and not their refs. */
  readonly repositories = new Map<string, RepositoryEntry>();
  readonly revs = new Map<string, RevEntry>();
  /** Keys (base64url) of roots that were stored while the repository lacked some object, by the oid of the tree. */
  readonly incompleteRoots = new Map<Oid, string>();
  readonly views = new Map<string, ViewEntry>();
  private readonly forkMap = new Map<string, ForkEntry>();
  private readonly segmentMap = new Map<string, SegmentEntry>();
  private readonly refused = new Set<string>();
  nextIds: NextIds = { doc: 0, file: 0, tree: 0, commit: 0, segment: 0 };
  /** Grows with every fork made, moved or renewed: what garbage collection found to be unreachable may be so no longer. */
  forkChanges = 0;
  /** Nonce of the last who took the writer lock. */
  writer = '';
  /** Grows with every change of the segment list. */
  segmentsVersion = 0;

  reset(): void {
    this.repositories.clear();
    this.revs.clear();
    this.incompleteRoots.clear();
    this.views.clear();
    this.forkMap.clear();
    this.segmentMap.clear();
    this.nextIds = { doc: 0, file: 0, tree: 0, commit: 0, segment: 0 };
    this.forkChanges = 0;
    this.writer = '';
    this.segmentsVersion++;
  }

  apply(record: JournalRecord): void {
    const entry = record as unknown as CatalogRecord;
    if ('w' in entry && entry.w !== this.writer) {
      this.refused.add(entry.n ?? '');
      return;
    }
    switch (entry.t) {
      case 'repository': {
        const { t: _, ...repository } = entry;
        this.repositories.set(nameKey(entry.id, entry.path), repository);
        return;
      }
      case 'rev': {
        const { t: _, ...rev } = entry;
        this.revs.set(nameKey(entry.repo, entry.name), rev);
        return;
      }
      case 'incomplete':
        this.incompleteRoots.set(entry.tree, entry.root);
        return;
      case 'forget-rev':
        this.revs.delete(nameKey(entry.repo, entry.name));
        return;
      case 'fork': {
        const key = nameKey(entry.repo, entry.name);
        if (this.forkMap.has(key)) this.refused.add(entry.n);
        else {
          const { t: _, n: __, ...fork } = entry;
          this.forkMap.set(key, fork);
          this.forkChanges++;
        }
        return;
      }
      case 'move': {
        const key = nameKey(entry.repo, entry.name);
        const fork = this.forkMap.get(key);
        if (fork === undefined || fork.root !== entry.from) this.refused.add(entry.n);
        else {
          this.forkMap.set(key, { ...fork, commit: entry.commit, tree: entry.tree, root: entry.root });
          this.forkChanges++;
        }
        return;
      }
      case 'drop': {
        const key = nameKey(entry.repo, entry.name);
        const fork = this.forkMap.get(key);
        if (fork === undefined || (entry.at !== undefined && !hasExpired(fork, entry.at))) this.refused.add(entry.n);
        else this.forkMap.delete(key);
        return;
      }
      case 'renew': {
        const key = nameKey(entry.repo, entry.name);
        const fork = this.forkMap.get(key);
        if (fork?.until === undefined || hasExpired(fork, entry.at)) this.refused.add(entry.n);
        else {
          this.forkMap.set(key, { ...fork, until: entry.until });
          this.forkChanges++;
        }
        return;
      }
      case 'view': {
        const { t: _, n, ...view } = entry;
        if (this.views.has(view.name)) this.refused.add(n);
        else this.views.set(view.name, view);
        return;
      }
      case 'drop-view':
        if (!this.views.delete(entry.name)) this.refused.add(entry.n);
        return;
      case 'writer': {
        const { segment } = this.nextIds;
        this.writer = entry.n;
        this.nextIds = { ...this.nextIds, segment: (Math.floor(segment / segmentsPerWriter) + 1) * segmentsPerWriter };
        return;
      }
      case 'segments':
        if (entry.forkChanges !== undefined && entry.forkChanges !== this.forkChanges) {
          this.refused.add(entry.n ?? '');
          return;
        }
        for (const id of entry.remove) this.segmentMap.delete(id);
        for (const segment of entry.add) this.segmentMap.set(segment.id, segment);
        this.nextIds = entry.next;
        this.segmentsVersion++;
        if (entry.from !== undefined) ({ writer: this.writer, forkChanges: this.forkChanges } = entry.from);
        return;
    }
  }

  compact(): JournalRecord[] {
    const forks = this.forks();
    const from = { writer: this.writer, forkChanges: this.forkChanges - forks.length };
    const records: CatalogRecord[] = [
      { t: 'segments', add: [...this.segmentMap.values()], remove: [], next: this.nextIds, from },
      ...[...this.repositories.values()].map((entry) => ({ t: 'repository' as const, ...entry })),
      ...[...this.revs.values()].map((entry) => ({ t: 'rev' as const, ...entry })),
      ...[...this.incompleteRoots].map(([tree, root]) => ({ t: 'incomplete' as const, tree, root })),
      ...Array.from(forks, (entry) => ({ t: 'fork' as const, n: '', ...entry })),
      ...Array.from(this.views.values(), (entry) => ({ t: 'view' as const, n: '', ...entry })),
    ];
    return records as unknown as JournalRecord[];
  }

  /** Live segments in order of their ids' ranges, any of which may be empty. */
  segments(): SegmentEntry[] {
    return [...this.segmentMap.values()].sort(compareSegments);
  }

  /** The fork or lease of a name, unless it has expired. */
  fork(repo: string, name: string): ForkEntry | undefined {
    const fork = this.forkMap.get(nameKey(repo, name));
    return fork === undefined || hasExpired(fork, nowMs()) ? undefined : fork;
  }

  /** Forks and leases that have not expired. */
  forks(): ForkEntry[] {
    const atMs = nowMs();
    return [...this.forkMap.values()].filter((fork) => !hasExpired(fork, atMs));
  }

  /** The forks of a repository, without its leases. */
  forksOf(repo: string): ForkEntry[] {
    return this.forks().filter((fork) => fork.repo === repo && !isLease(fork));
  }

  /** Those that had expired at a moment. */
  expiredForks(atMs: number): ForkEntry[] {
    return [...this.forkMap.values()].filter((fork) => hasExpired(fork, atMs));
  }

  /** Whether the record with nonce `n` came too late to have its effect; asked once. */
  wasRefused(n: string): boolean {
    return this.refused.delete(n);
  }
}

export type { CatalogRecord };
