import { CoppiceError, decodeBytes, encodeBytes } from '../../base/index.js';
import { asOid, type EntryKind, type TreeEntry } from '../../model/index.js';

const modes: Readonly<Record<EntryKind, string>> = {
  file: '100644',
  executable: '100755',
  symlink: '120000',
  submodule: '160000',
  tree: '40000',
};

/**
 * What an octal mode of git's means. Old repositories also have files with group permissions (100664): a file is a
 * file, and executable if its owner may execute it, as git itself reads them.
 */
export function kindOfMode(mode: number): EntryKind | null {
  switch (mode & 0o170000) {
    case 0o100000:
      return (mode & 0o100) === 0 ? 'file' : 'executable';
    case 0o120000:
      return 'symlink';
    case 0o160000:
      return 'submodule';
    case 0o040000:
      return 'tree';
    default:
      return null;
  }
}

/** Reads a raw tree object: `<octal mode> <name>\0<oid bytes>`, repeated; entries come in git's order. */
export function decodeTree(raw: Uint8Array, oidLength: number): TreeEntry[] {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const entries: TreeEntry[] = [];
  let at = 0;
  while (at < bytes.length) {
    let mode = 0;
    let digit = bytes[at++];
    while (digit !== undefined && digit >= 0x30 && digit <= 0x37) {
      mode = mode * 8 + digit - 0x30;
      digit = bytes[at++];
    }
    const nameEnd = digit === 0x20 ? bytes.indexOf(0, at) : -1;
    const end = nameEnd + 1 + oidLength;
    const kind = kindOfMode(mode);
    if (nameEnd < 0 || end > bytes.length || kind === null)
      throw new CoppiceError('GIT_FAILED', 'malformed tree object');
    const name = decodeBytes(bytes.subarray(at, nameEnd));
    entries.push({ name, kind, oid: asOid(bytes.toString('hex', nameEnd + 1, end)) });
    at = end;
  }
  return entries;
}

/** The raw tree object of these entries, in whatever order they come. Byte for byte what git writes. */
export function encodeTree(entries: readonly TreeEntry[]): Buffer {
  const rows = entries.map(({ name, kind, oid }) => {
    const nameBytes = encodeBytes(name);
    // Git sorts a folder as if its name ended in a slash.
    const key = kind === 'tree' ? Buffer.concat([nameBytes, Buffer.from('/')]) : nameBytes;
    const mode = Buffer.from(`${modes[kind]} `);
    return { key, bytes: Buffer.concat([mode, nameBytes, Buffer.from([0]), Buffer.from(oid, 'hex')]) };
  });
  rows.sort((a, b) => Buffer.compare(a.key, b.key));
  return Buffer.concat(rows.map((row) => row.bytes));
}
