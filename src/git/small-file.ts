import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { assertNotExhausted, decodeBytes } from '../base/index.js';

/** Of git's own files that are read whole; what is larger was not written by git. */
const bytesMax = 16 << 20;

/**
 * The text of one of git's small files; null for anything else: not there, not to be read, too large, or no file, on which nobody waits (a pipe).
 * SERVER_BUSY when that cannot be told. `no link`: nor is a symbolic link followed, which git never makes of that file.
 */
export function readText(path: string, links: 'follow' | 'no link' = 'follow'): string | null {
  const noLink = links === 'no link' ? (constants.O_NOFOLLOW ?? 0) : 0;
  let fd;
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | noLink);
  } catch (error) {
    assertNotExhausted(error, path);
    return null;
  }
  try {
    const stats = fstatSync(fd);
    return stats.isFile() && stats.size <= bytesMax ? decodeBytes(readFileSync(fd)) : null;
  } catch (error) {
    assertNotExhausted(error, path);
    return null;
  } finally {
    closeSync(fd);
  }
}
