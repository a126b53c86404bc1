import { patternParameters } from '../../api/index.js';
import type { GrepOptions } from '../../engine/index.js';
import { given } from '../command.js';
import type { FlagTable, FlagValues } from '../command.js';

/** How a pattern is read: the flags of grep that have one meaning wherever lines are matched. */
export const patternFlags = {
  'fixed-strings': { type: 'boolean', short: 'F', habits: ['literal', 'Q'], help: patternParameters.literal.help },
  'ignore-case': { type: 'boolean', short: 'i', habits: ['y'], help: patternParameters.ignoreCase.help },
  'word-regexp': { type: 'boolean', short: 'w', help: patternParameters.wholeWord.help },
} as const satisfies FlagTable;

export function patternOptions(
  flags: FlagValues<typeof patternFlags>,
): Pick<GrepOptions, 'literal' | 'ignoreCase' | 'wholeWord'> {
  return given({
    literal: flags['fixed-strings'],
    ignoreCase: flags['ignore-case'],
    wholeWord: flags['word-regexp'],
  });
}
