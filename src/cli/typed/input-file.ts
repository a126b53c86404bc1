import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CoppiceError } from '../../base/index.js';
import type { Io } from '../io.js';

/** The bytes of a file that the command line names, `-` being standard input. USAGE when it cannot be read. */
export function readInput(io: Io, file: string): Promise<Uint8Array> | Uint8Array {
  if (file === '-') return io.readStdin();
  try {
    return readFileSync(resolve(io.cwd, file));
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/, \w+ '.*$/, '') : String(error);
    throw new CoppiceError('USAGE', `cannot read '${file}': ${reason}`, {
      hint: 'name a file that can be read',
      cause: error,
    });
  }
}
