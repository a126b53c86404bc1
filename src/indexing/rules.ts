import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CoppiceError, systemErrorCode } from '../base/index.js';

/** Which text is left out of the index. Binary files (a NUL in the first 8,000 bytes, git's rule) always are. */
export interface IndexingRules {
  /** Larger files are skipped as `too-large`. */
  readonly maxFileBytes: number;
  /** Skip minified text; otherwise it is found by exact search and ranked low. */
  readonly skipMinified: boolean;
  /** Skip generated text (lock files, protobuf output, `DO NOT EDIT`); otherwise as minified text. */
  readonly skipGenerated: boolean;
}

export const defaultRules: IndexingRules = { maxFileBytes: 2 * 1024 * 1024, skipMinified: false, skipGenerated: false };

/** The rules in `config.json` of the store's folder, which a user may write; defaults where it says nothing. */
export function readRules(storePath: string): IndexingRules {
  const path = join(storePath, 'config.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return defaultRules;
    throw new CoppiceError('CONFIG_INVALID', `${path} cannot be read`, { cause: error });
  }
  const invalid = (what: string): CoppiceError =>
    new CoppiceError('CONFIG_INVALID', `${path}: ${what}`, {
      hint: `it may hold ${JSON.stringify(defaultRules)}`,
    });
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'not JSON');
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalid('not a JSON object');
  for (const [name, value] of Object.entries(given)) {
    const expected: unknown = defaultRules[name as keyof IndexingRules];
    if (expected === undefined) throw invalid(`unknown setting "${name}"`);
    if (typeof value !== typeof expected) throw invalid(`"${name}" must be a ${typeof expected}`);
    if (name === 'maxFileBytes' && !(Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= 2 ** 30)) {
      throw invalid('"maxFileBytes" must be a whole number from 1 to 1073741824');
    }
  }
  return { ...defaultRules, ...given };
}

/** Names the rules in keys (see snapshot's KeyContext). The leading number grows when chunking or analysis changes. */
export const rulesFingerprint = ({ maxFileBytes, skipMinified, skipGenerated }: IndexingRules): string =>
  `1:${maxFileBytes}:${skipMinified ? 1 : 0}${skipGenerated ? 1 : 0}`;
