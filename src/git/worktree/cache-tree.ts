import { decodeBytes } from '../../base/index.js';
import { asOid, type Oid } from '../../model/index.js';

/** What git's index remembers of the tree that its entries of a folder make. */
export interface CachedTree {
  /** Null when some of them have changed since. */
  readonly oid: Oid | null;
  /** By name. */
  readonly folders: ReadonlyMap<string, CachedTree>;
}

/** Reads the extension `TREE`: `<name>\0<entries> <folders>\n<oid>` of each folder, those in it after it. Null when it is broken. */
export function parseCacheTree(bytes: Buffer, oidLength: number): CachedTree | null {
  let at = 0;
  const read = (): [name: string, tree: CachedTree] => {
    const nameEnd = bytes.indexOf(0, at);
    const lineEnd = bytes.indexOf(10, nameEnd);
    if (nameEnd < 0 || lineEnd < 0) throw new RangeError();
    const name = decodeBytes(bytes.subarray(at, nameEnd));
    const [entries, folderCount] = bytes
      .toString('latin1', nameEnd + 1, lineEnd)
      .split(' ')
      .map(Number) as [number, number];
    at = lineEnd + 1;
    let oid: Oid | null = null;
    if (entries >= 0) {
      oid = asOid(bytes.toString('hex', at, at + oidLength));
      at += oidLength;
    }
    const folders = new Map<string, CachedTree>();
    for (let i = 0; i < folderCount; i++) folders.set(...read());
    return [name, { oid, folders }];
  };
  try {
    return read()[1];
  } catch (error) {
    if (error instanceof RangeError) return null; // cut off, or deeper than can be
    throw error;
  }
}
