import { gunzipSync } from 'node:zlib';
import { CoppiceError } from '../../base/index.js';
import { isInside } from '../file-rule.js';

/** What a downloaded archive may unpack to, in bytes. */
const unpackedBytesMax = 512 * 1024 * 1024;
const blockBytes = 512;

/** A file of a tar archive. */
export interface TarFile {
  readonly path: string;
  readonly executable: boolean;
  readonly content: Buffer;
}

/**
 * The regular files of a packed tar archive (`.tgz`), without the folder that all of them are in, as npm packs. Links and devices are left out. One that names paths
 * outside of itself, or unpacks to more than it may, is PACKAGE_UNREADABLE.
 */
export function tarFiles(what: string, packed: Buffer): TarFile[] {
  let bytes: Buffer;
  try {
    bytes = gunzipSync(packed, { maxOutputLength: unpackedBytesMax });
  } catch (error) {
    throw broken(what, 'it cannot be unpacked', error);
  }
  const files: TarFile[] = [];
  let at = 0;
  let longName: string | null = null;
  while (at + blockBytes <= bytes.length && bytes[at] !== 0) {
    const size = numberAt(bytes, at + 124, 12);
    const start = at + blockBytes;
    if (Number.isNaN(size) || start + size > bytes.length) throw broken(what, 'it is cut off');
    const content = bytes.subarray(start, start + size);
    const type = String.fromCharCode(bytes[at + 156]!);
    if (type === 'x') longName = paxPath(content) ?? longName;
    else if (type === 'L') longName = textAt(content, 0, content.length);
    else if (type !== 'g') {
      const prefix = textAt(bytes, at + 257, 5) === 'ustar' ? textAt(bytes, at + 345, 155) : '';
      const name: string = longName ?? (prefix === '' ? textAt(bytes, at, 100) : `${prefix}/${textAt(bytes, at, 100)}`);
      longName = null;
      if (type === '0' || type === '\0') {
        if (!isInside(name)) throw broken(what, `it names ${JSON.stringify(name)}, which is outside of it`);
        const slash = name.indexOf('/');
        const executable = (numberAt(bytes, at + 100, 8) & 0o100) !== 0;
        if (slash > 0) files.push({ path: name.slice(slash + 1), executable, content });
      }
    }
    at = start + Math.ceil(size / blockBytes) * blockBytes;
  }
  return files;
}

function textAt(bytes: Buffer, start: number, length: number): string {
  const end = bytes.indexOf(0, start);
  return bytes.toString('utf8', start, end < 0 || end > start + length ? start + length : end);
}

const numberAt = (bytes: Buffer, start: number, length: number): number =>
  parseInt(textAt(bytes, start, length).trim() || '0', 8);

/** The path of an extended header: records `<length> <name>=<value>\n`. */
function paxPath(content: Buffer): string | null {
  let found: string | null = null;
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = Number(content.toString('latin1', at, Math.max(space, at)));
    if (space < 0 || !Number.isSafeInteger(length) || length <= space - at) break;
    const record = content.toString('utf8', space + 1, at + length - 1);
    if (record.startsWith('path=')) found = record.slice('path='.length);
    at += length;
  }
  return found;
}

const broken = (what: string, why: string, cause?: unknown): CoppiceError =>
  new CoppiceError('PACKAGE_UNREADABLE', `the archive of ${what}: ${why}`, {
    hint: 'ask the registry who published it',
    cause,
  });
