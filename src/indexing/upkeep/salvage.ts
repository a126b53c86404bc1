import { hashTree } from '../../git/index.js';
import type { Repository } from '../../git/index.js';
import type { Oid, TreeEntry, TreeId } from '../../model/index.js';
import type { SegmentList } from '../../segment/index.js';
import { contentOf } from '../../snapshot/index.js';
import { OverlaySource, repositorySource } from '../object-source.js';

/**
 * An edited tree of which a part is lost, made whole from the repository: what was edited is read from what is left of the store,
 * and where a directory or file is lost, it is taken to be what `base` has there. Only when every directory then has git's hash
 * is it the very tree. Null when it is not, or when an edit itself is lost. Content that is in the repository is left there.
 */
export async function salvageTree(
  segments: SegmentList,
  root: TreeId,
  repository: Repository,
  base: Oid,
): Promise<OverlaySource | null> {
  const salvage = new Salvage(segments, repository);
  return (await salvage.takeTree(root, base)) ? salvage.source : null;
}

class Salvage {
  readonly source: OverlaySource;
  private readonly blobs = new Set<Oid>();

  constructor(
    private readonly segments: SegmentList,
    private readonly repository: Repository,
  ) {
    this.source = new OverlaySource(repositorySource(repository), 'kept');
  }

  async takeTree(id: TreeId, base: Oid | null): Promise<boolean> {
    const node = orNull(() => this.segments.tree(id));
    if (node === null) return false;
    if (this.source.trees.has(node.oid)) return true;
    const others = new Map<string, TreeEntry>();
    for (const entry of base === null ? [] : await this.readTree(base)) others.set(entry.name, entry);
    const entries: TreeEntry[] = [];
    for (const { name, kind, file, tree, oid } of node.entries) {
      const other = others.get(name);
      let own = oid ?? null;
      if (file !== undefined) own = orNull(() => this.segments.file(file))?.oid ?? null;
      else if (tree !== undefined) own = orNull(() => this.segments.tree(tree))?.oid ?? null;
      const isLost = own === null;
      own ??= other?.kind === kind ? other.oid : null;
      if (own === null) return false;
      entries.push({ name, kind, oid: own });
      if (isLost) continue; // what the base has there is in the repository
      if (file !== undefined && !(await this.takeBlob(own, () => contentOf(this.segments.file(file), this.segments))))
        return false;
      if (tree !== undefined && !(await this.takeTree(tree, other?.kind === 'tree' ? other.oid : null))) return false;
    }
    if (hashTree(entries, this.repository.objectFormat) !== node.oid) return false;
    this.source.trees.set(node.oid, entries);
    return true;
  }

  /** False when it is nowhere any more. */
  private async takeBlob(oid: Oid, read: () => Buffer | null): Promise<boolean> {
    if (this.blobs.has(oid)) return true;
    this.blobs.add(oid);
    for await (const { size } of this.repository.readBlobs([oid], { maxBytes: 0 })) if (size >= 0) return true;
    const content = orNull(read);
    if (content === null) return false;
    this.source.blobs.set(oid, { content, size: content.length });
    return true;
  }

  private readTree(oid: Oid): Promise<readonly TreeEntry[]> {
    return this.repository.readTree(oid).catch(() => []);
  }
}

/** What is damaged or gone is null. */
function orNull<T>(read: () => T | null): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
