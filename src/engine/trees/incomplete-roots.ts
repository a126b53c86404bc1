import { elapsedMs } from '../../base/index.js';
import type { ObjectSource, StoredRoot } from '../../indexing/index.js';
import { isProvisional } from '../../model/index.js';
import type { Oid, TreeId } from '../../model/index.js';
import { rootKey } from '../../snapshot/index.js';
import type { Session } from '../session/session.js';
import type { SharedStore } from '../shared/shared-store.js';

/** Missing objects are looked for again, and files that fell back analysed again, once so many times as long has passed as that took. */
const askedAgainFactor = 20;

/** A file that fell back for a reason that is not in it. */
export interface ProvisionalFile {
  readonly path: string;
  readonly message: string;
}

/**
 * Trees that were stored while the repository lacked some of their objects, as a partial or damaged clone does, or with files that fell back for
 * a reason that is not in them.
 */
export class IncompleteRoots {
  /** Known until the segments change. */
  private readonly known = { version: -1, found: new Map<Oid, StoredRoot>() };
  /** Until when a tree's missing objects are taken to be missing still, and what fell back is not tried again. */
  private readonly sameUntilMs = new Map<Oid, number>();

  constructor(private readonly session: Session) {}

  /**
   * The tree as it was stored while objects were missing, if all of those still are. The repository is not asked each
   * time: in a partial clone that question comes with every search, and can be long. Null where files fell back, unless that was just now: they
   * are to be analysed again.
   */
  async find(oid: Oid, source: ObjectSource, commit: Oid | null): Promise<StoredRoot | null> {
    const root = await this.stored(oid, commit);
    if (root === null) return null;
    const startMs = elapsedMs();
    if (startMs < (this.sameUntilMs.get(oid) ?? 0)) return root;
    if (root.provisional) return null;
    const snapshot = await this.session.snapshots.open(root.id);
    const missing = snapshot.files.filter(({ record }) => record.skipped === 'missing').map(({ record }) => record.oid);
    snapshot.release();
    if (missing.length === 0) return null; // a directory is missing: only planning can tell
    for await (const { size } of source.readBlobs(missing, { maxBytes: 0 })) if (size >= 0) return null;
    this.rest(oid, startMs);
    return root;
  }

  /** A tree was stored incomplete, after work that began then. */
  remember(oid: Oid, { key, provisional }: StoredRoot, startMs: number): void {
    const root = key.toString('base64url');
    const { store } = this.session;
    if (store.catalog.incompleteRoots.get(oid) !== root) store.record({ t: 'incomplete', tree: oid, root });
    if (provisional) this.rest(oid, startMs);
  }

  /** What fell back is tried again when it is next met, however soon. */
  forgetTries(): void {
    this.sameUntilMs.clear();
  }

  private rest(oid: Oid, startMs: number): void {
    const endMs = elapsedMs();
    this.sameUntilMs.set(oid, endMs + askedAgainFactor * (endMs - startMs));
  }

  /** As it was remembered, or as the commit was recorded. */
  private async stored(oid: Oid, commit: Oid | null): Promise<StoredRoot | null> {
    this.session.snapshots.segments();
    const { segmentsVersion } = this.session.store.catalog;
    if (this.known.version !== segmentsVersion) {
      this.known.found.clear();
      this.known.version = segmentsVersion;
    }
    const known = this.known.found.get(oid);
    if (known !== undefined) return known;
    const found = await this.findStored(oid, commit);
    if (found !== null) this.known.found.set(oid, found);
    return found;
  }

  private async findStored(oid: Oid, commit: Oid | null): Promise<StoredRoot | null> {
    const { store, snapshots } = this.session;
    const encoded = store.catalog.incompleteRoots.get(oid);
    if (encoded !== undefined) {
      const key = Buffer.from(encoded, 'base64url');
      const id = snapshots.findRoot(key);
      return id === null ? null : { id, key, provisional: await isRootProvisional(this.session.shared, id) };
    }
    const id = commit === null ? null : await this.session.recordedTree(commit);
    if (id === null) return null;
    const key = snapshots.segments().treeKey(id);
    return key === null ? null : { id, key, provisional: await isRootProvisional(this.session.shared, id) };
  }
}

/** The files of a root that fell back for a reason that is not in them. */
export async function provisionalFiles({ snapshots }: SharedStore, root: TreeId): Promise<ProvisionalFile[]> {
  const snapshot = await snapshots.open(root);
  try {
    return snapshot.files.flatMap(({ path, record: { diagnostics } }) => {
      const reason = diagnostics.find(isProvisional);
      return reason === undefined ? [] : [{ path, message: reason.message }];
    });
  } finally {
    snapshot.release();
  }
}

async function isRootProvisional(shared: SharedStore, root: TreeId): Promise<boolean> {
  return (await provisionalFiles(shared, root)).length > 0;
}

/** Of trees that are not stored whole, as far as they are stored. */
export function incompleteRoots({ store, snapshots, fingerprint }: SharedStore): { oid: Oid; id: TreeId }[] {
  return [...store.catalog.incompleteRoots].flatMap(([oid, encoded]) => {
    if (snapshots.findRoot(rootKey(oid, fingerprint)) !== null) return [];
    const id = snapshots.findRoot(Buffer.from(encoded, 'base64url'));
    return id === null ? [] : [{ oid, id }];
  });
}

/** A root tree as it is stored: whole, else incomplete. */
export function storedRoot({ store, snapshots, fingerprint }: SharedStore, oid: Oid): TreeId | null {
  const whole = snapshots.findRoot(rootKey(oid, fingerprint));
  if (whole !== null) return whole;
  const encoded = store.catalog.incompleteRoots.get(oid);
  return encoded === undefined ? null : snapshots.findRoot(Buffer.from(encoded, 'base64url'));
}
