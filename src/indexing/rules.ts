import { CoppiceError } from '../base/index.js';

/** Which text is left out of the index. Binary files (a NUL in the first 8,000 bytes, git's rule) always are. */
export interface IndexingRules {
  /** Larger files are found by exact search alone: they are not ranked, and have no symbols and no vectors. */
  readonly maxFileBytes: number;
  /** And larger ones than this (or than `maxFileBytes`, if that is more) are left out as `too-large`: every answer names them. */
  readonly maxExactBytes: number;
  /** Skip minified text; otherwise it is found by exact search and ranked low. */
  readonly skipMinified: boolean;
  /** Skip generated text (lock files, protobuf output, `DO NOT EDIT`); otherwise as minified text. */
  readonly skipGenerated: boolean;
}

export const defaultRules: IndexingRules = {
  maxFileBytes: 2 * 1024 * 1024,
  maxExactBytes: 64 * 1024 * 1024,
  skipMinified: false,
  skipGenerated: false,
};

const sizes: readonly string[] = ['maxFileBytes', 'maxExactBytes'];
/** Larger ones are no strings of JavaScript's any more once they are one line. */
const sizeMax = 2 ** 28;

/** Checks the rules among a user's settings, of which the path is given; defaults where they say nothing. CONFIG_INVALID. */
export function parseRules(given: Readonly<Record<string, unknown>>, path: string): IndexingRules {
  const invalid = (what: string): CoppiceError =>
    new CoppiceError('CONFIG_INVALID', `${path}: ${what}`, {
      hint: `it may hold ${JSON.stringify(defaultRules)}, "embedding", "chat", "rerank", "describe", "ranking" and "feedback"`,
    });
  for (const [name, value] of Object.entries(given)) {
    const expected: unknown = defaultRules[name as keyof IndexingRules];
    if (expected === undefined) throw invalid(`unknown setting "${name}"`);
    if (typeof value !== typeof expected) throw invalid(`"${name}" must be a ${typeof expected}`);
    if (sizes.includes(name) && !(Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= sizeMax)) {
      throw invalid(`"${name}" must be a whole number from 1 to ${sizeMax}`);
    }
  }
  return { ...defaultRules, ...given };
}

/** Names the rules in keys (see snapshot's KeyContext). The leading number grows when chunking changes, or analysis (see text's `analysisVersion`). */
export const rulesFingerprint = (rules: IndexingRules): string =>
  `10:${rules.maxFileBytes}:${exactBytesMax(rules)}:${rules.skipMinified ? 1 : 0}${rules.skipGenerated ? 1 : 0}`;

/** The last bound: larger files are left out. */
export const exactBytesMax = ({ maxFileBytes, maxExactBytes }: IndexingRules): number =>
  Math.max(maxFileBytes, maxExactBytes);
