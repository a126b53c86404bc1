import { CoppiceError } from '../base/index.js';

/** `A..B`: both ends are REVs. */
export interface RevRange {
  readonly from: string;
  readonly to: string;
}

/** `A..B` as a range, an empty side being HEAD; undefined for a single REV (git forbids `..` in names). */
export function parseRevRange(rev: string): RevRange | undefined {
  const at = rev.indexOf('..');
  if (at < 0) return undefined;
  if (rev.includes('...')) {
    throw new CoppiceError('USAGE', `a range is written A..B, not '${rev}'`, {
      hint: mergeBaseHint(rev),
    });
  }
  const to = rev.slice(at + 2);
  if (to.includes('..'))
    throw new CoppiceError('USAGE', `a range has two ends, '${rev}' has more`, { hint: 'write A..B' });
  return { from: rev.slice(0, at) || 'HEAD', to: to || 'HEAD' };
}

/** What to type for `A...B`, which is from where two branches part. */
function mergeBaseHint(rev: string): string {
  const [from = '', to = ''] = rev.split('...');
  return `try ${from}..${to}; from where they part: $(git merge-base ${from || 'HEAD'} ${to || 'HEAD'})..${to || 'HEAD'}`;
}
