import { CoppiceError } from '../../base/index.js';

/** The REV where a range makes no sense. */
export function singleRev(rev: string | undefined, command: string): string | undefined {
  if (rev?.includes('..') === true) {
    throw new CoppiceError('USAGE', `coppice ${command} takes one rev, not the range '${rev}'`, {
      hint: 'coppice grep PATTERN --rev A..B tells what changed between two revs',
    });
  }
  return rev;
}
