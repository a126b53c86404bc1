import { fileURLToPath, pathToFileURL } from 'node:url';
import { encodeBytes } from '../../base/index.js';

/**
 * The path that a `file:` URI names, or null when it names none on this machine: another scheme, another host, what no path
 * can hold. Drive letters are in upper case, as a client may write either.
 */
export function pathOfUri(uri: string, windows = process.platform === 'win32'): string | null {
  if (!/^file:/i.test(uri)) return null;
  try {
    const path = fileURLToPath(uri, { windows });
    if (path.includes('\0')) return null;
    return windows ? path.replace(/^[a-z]:/, (drive) => drive.toUpperCase()) : path;
  } catch {
    return null; // not a URI, or one with an escaped slash, a host, or bytes that are not UTF-8
  }
}

/** The URI of a path of a repository (with slashes), whose work tree is at `root`. Bytes that are not UTF-8 are kept. */
export function uriOfPath(root: string, path: string): string {
  const base = pathToFileURL(root).href.replace(/\/$/, '');
  return `${base}/${path.split('/').map(encodeSegment).join('/')}`;
}

function encodeSegment(segment: string): string {
  return segment
    .split(/([\ud800-\udfff])/u) // with the flag `u`: lone surrogates only
    .map((part, i) => (i % 2 === 0 ? encodeURIComponent(part) : encodeBytesOf(part)))
    .join('');
}

function encodeBytesOf(text: string): string {
  return [...encodeBytes(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
