import { createHash, type Hash } from 'node:crypto';
import { asOid, type Oid, type TreeEntry } from '../../model/index.js';
import { encodeTree } from './tree-object.js';

/** The hash that names a repository's objects. */
export type ObjectFormat = 'sha1' | 'sha256';

export const oidBytes = (format: ObjectFormat): number => (format === 'sha1' ? 20 : 32);

/** The oid that git gives a blob with this content. */
export function hashBlob(content: Uint8Array, format: ObjectFormat = 'sha1'): Oid {
  return asOid(startObjectHash('blob', content.length, format).update(content).digest('hex'));
}

/** The oid that git gives a tree with these entries, in whatever order they come. */
export function hashTree(entries: readonly TreeEntry[], format: ObjectFormat = 'sha1'): Oid {
  const bytes = encodeTree(entries);
  return asOid(startObjectHash('tree', bytes.length, format).update(bytes).digest('hex'));
}

/** The oid that git gives a commit object. */
export function hashCommit(raw: Uint8Array, format: ObjectFormat = 'sha1'): Oid {
  return asOid(startObjectHash('commit', raw.length, format).update(raw).digest('hex'));
}

/** A hash of an object whose content is still to come, in pieces. */
export function startObjectHash(type: 'blob' | 'tree' | 'commit', sizeBytes: number, format: ObjectFormat): Hash {
  return createHash(format).update(`${type} ${sizeBytes}\0`);
}
