import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { assertNotExhausted, decodeBytes, encodeBytes } from '../base/index.js';

/** More is in no file that makes a folder a repository. */
const bytesMax = 4096;

/**
 * A text that changes whenever a folder with a `.git` becomes a repository of its own in git's eyes, or ceases to be one: a
 * `.git` counts only once it has a HEAD, objects and refs, or leads to a folder that has; which may lie anywhere.
 */
export function nestedRepositoryStamp(folder: string): string {
  const dotGit = `${folder}/.git`;
  if (isFolder(dotGit)) return gitFolderStamp(dotGit);
  const text = textOf(dotGit);
  const target = /^gitdir: (.+?)[\r\n]*$/s.exec(text)?.[1];
  return target === undefined ? text : `${text}\n${gitFolderStamp(below(folder, target))}`;
}

function gitFolderStamp(folder: string): string {
  const shared = textOf(`${folder}/commondir`).trimEnd();
  const common = shared === '' ? folder : below(folder, shared);
  const parts = [`${common}/objects`, `${common}/refs`].map((part) => (isFolder(part) ? '1' : '0'));
  return [textOf(`${folder}/HEAD`), shared, ...parts].join('\n');
}

const below = (folder: string, path: string): string => (path.startsWith('/') ? path : `${folder}/${path}`);

function isFolder(path: string): boolean {
  try {
    return statSync(encodeBytes(path), { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

/** A small file's text, or where a link leads that leads to none; empty for anything else. */
function textOf(path: string): string {
  const file = encodeBytes(path);
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) return readlinkSync(file, 'latin1');
    return stats.isFile() && stats.size <= bytesMax ? decodeBytes(readFileSync(file)) : '';
  } catch (error) {
    assertNotExhausted(error, path);
    return '';
  }
}
