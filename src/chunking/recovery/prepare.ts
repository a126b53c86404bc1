import { blankMacros } from './blank-macros.js';
import { keepFirstBranches } from './conditional-branches.js';
import type { Prepared } from './conditional-branches.js';

/**
 * What a grammar is given to read instead of a text: the same but for blanks where the text would mislead it. A function of the
 * text alone.
 */
export function prepareText(text: string, language: string): Prepared {
  switch (language) {
    case 'c':
    case 'cpp': {
      const { text: kept, dropped } = keepFirstBranches(text, false);
      return { text: blankMacros(kept), dropped };
    }
    case 'csharp':
      return keepFirstBranches(text, true);
    default:
      return { text, dropped: [] };
  }
}
