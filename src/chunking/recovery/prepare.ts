import { blank, blankMacros } from './blank-macros.js';
import { keepFirstBranches } from './conditional-branches.js';
import type { Prepared } from './conditional-branches.js';

const byteOrderMark = '\ufeff';

/** A text's lines, as rules for lines want them: without what ends them, or a byte order mark, which no rule expects. */
export const linesOf = (text: string): string[] =>
  (text.startsWith(byteOrderMark) ? text.slice(1) : text).split(/\r?\n/);

/** On a line of its own after the class's name the grammar knows no constructor of two modifiers: `internal actual constructor(`. */
const platformConstructor = /\b(?:actual|expect)(?=(?:[ \t]+\w+)*[ \t]+constructor\b)/g;

/**
 * What a grammar is given to read instead of a text: the same but for blanks where the text would mislead it. A function of the
 * text alone.
 */
export function prepareText(whole: string, language: string): Prepared {
  const text = whole.startsWith(byteOrderMark) ? ` ${whole.slice(1)}` : whole; // a directive may follow it
  switch (language) {
    case 'c':
    case 'cpp': {
      const { text: kept, dropped } = keepFirstBranches(text, false);
      return { text: blankMacros(kept), dropped };
    }
    case 'csharp':
      return keepFirstBranches(text, true);
    case 'kotlin':
      return { text: text.replace(platformConstructor, blank), dropped: [] };
    default:
      return { text, dropped: [] };
  }
}
