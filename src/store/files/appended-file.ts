import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';

import { CoppiceError, systemErrorCode } from '../../base/index.js';

/**
 * Appends a line to a file that the user named, which is made if need be, with its folders: below `folder`, whatever links lie on the way, and
 * never through a link. USAGE when it is elsewhere, where nothing is made, or cannot be written.
 */
export function appendLineBelow(folder: string, name: string, line: string): void {
  // Who named it may not be on this machine: where it lies is not told.
  const refuse = (what: string, cause?: unknown): CoppiceError =>
    new CoppiceError('USAGE', `${name} ${what}`, {
      hint: 'name a file that can be written, such as golden.jsonl',
      cause,
    });
  const path = resolve(folder, name);
  const checkPlace = (existing: string): void => {
    const place = relative(realpathSync(folder), realpathSync(existing));
    if (place === '..' || place.startsWith(`..${sep}`)) throw refuse('is not below the folder that it is for');
    if (place.split(sep).includes('.git')) throw refuse('is git’s own');
  };
  try {
    let existing = dirname(path);
    while (!existsSync(existing)) existing = dirname(existing);
    checkPlace(existing);
    mkdirSync(dirname(path), { recursive: true });
    checkPlace(dirname(path));
    const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
    const file = openSync(
      join(realpathSync(dirname(path)), basename(path)),
      O_APPEND | O_CREAT | O_NOFOLLOW | O_RDWR,
      0o644,
    );
    try {
      const { size } = fstatSync(file);
      const last = Buffer.alloc(1, '\n');
      if (size > 0) readSync(file, last, 0, 1, size - 1);
      writeSync(file, `${last[0] === 0x0a ? '' : '\n'}${line}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof CoppiceError) throw error;
    throw refuse(`cannot be written (${systemErrorCode(error) ?? 'unknown'})`, error);
  }
}
