import { elapsedMs } from '../base/index.js';
import type { ObjectSource, StoredRoot } from '../indexing/index.js';
import type { Oid } from '../model/index.js';
import type { Session } from './session.js';

/** Missing objects are looked for again once so many times as long has passed as looking took. */
const askedAgainFactor = 20;

/** Trees that were stored while the repository lacked some of their objects, as a partial or damaged clone does. */
export class IncompleteRoots {
  /** Known until the segments change. */
  private readonly known = { version: -1, found: new Map<Oid, StoredRoot>() };
  /** Until when a tree's missing objects are taken to be missing still. */
  private readonly missingUntilMs = new Map<Oid, number>();

  constructor(private readonly session: Session) {}

  /**
   * The tree as it was stored while objects were missing, if all of those still are. The repository is not asked each
   * time: in a partial clone that question comes with every search, and can be long.
   */
  async find(oid: Oid, source: ObjectSource, commit: Oid | null): Promise<StoredRoot | null> {
    const root = await this.stored(oid, commit);
    if (root === null) return null;
    const startMs = elapsedMs();
    if (startMs >= (this.missingUntilMs.get(oid) ?? 0)) {
      const snapshot = await this.session.snapshots.open(root.id);
      const missing = snapshot.files
        .filter(({ record }) => record.skipped === 'missing')
        .map(({ record }) => record.oid);
      snapshot.release();
      if (missing.length === 0) return null; // a directory is missing: only planning can tell
      for await (const { size } of source.readBlobs(missing, { maxBytes: 0 })) if (size >= 0) return null;
      const endMs = elapsedMs();
      this.missingUntilMs.set(oid, endMs + askedAgainFactor * (endMs - startMs));
    }
    return root;
  }

  remember(oid: Oid, { key }: StoredRoot): void {
    const root = key.toString('base64url');
    const { store } = this.session;
    if (store.catalog.incompleteRoots.get(oid) !== root) store.record({ t: 'incomplete', tree: oid, root });
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
      return id === null ? null : { id, key };
    }
    const id = commit === null ? null : await this.session.recordedTree(commit);
    if (id === null) return null;
    const key = snapshots.segments().treeKey(id);
    return key === null ? null : { id, key };
  }
}
