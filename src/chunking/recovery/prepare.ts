import { blank, blankMacros } from './blank-macros.js';
import { keepFirstBranches } from './conditional-branches.js';
import type { Prepared } from './conditional-branches.js';
import { functionBodies, withoutStretches } from './function-bodies.js';
import type { Stretch } from './function-bodies.js';

const byteOrderMark = '\ufeff';

/** A text's lines, as rules for lines want them: without what ends them, or a byte order mark, which no rule expects. */
export const linesOf = (text: string): string[] =>
  (text.startsWith(byteOrderMark) ? text.slice(1) : text).split(/\r?\n/);

/** On a line of its own after the class's name the grammar knows no constructor of two modifiers: `internal actual constructor(`. */
const platformConstructor = /\b(?:actual|expect)(?=(?:[ \t]+\w+)*[ \t]+constructor\b)/g;

/** Lua 5.5 declares what is global, which grammars of older versions do not know: what is declared stays, if it is a function or is assigned to. */
const globalDeclaration = /^([ \t]*)global(?=[ \t<*])([ \t]*(?:<\w+>)?[ \t]*)([^\n]*)/gm;
const attributedNames = /^\w+(?:[ \t]*<\w+>)?(?:[ \t]*,[ \t]*\w+(?:[ \t]*<\w+>)?)*(?=[ \t]*(=(?!=)|--|\r?$))/;

function withoutGlobals(text: string): string {
  return text.replace(globalDeclaration, (line: string, indent: string, attribute: string, declared: string) => {
    const head = indent + blank(`global${attribute}`);
    if (/^function\b/.test(declared)) return head + declared;
    if (/^\*[ \t]*(?:--|\r?$)/.test(declared)) return head + blank(declared);
    const names = attributedNames.exec(declared);
    if (names === null) return line;
    if (names[1] !== '=') return head + blank(names[0]) + declared.slice(names[0].length);
    return head + names[0].replace(/<\w+>/g, blank) + declared.slice(names[0].length);
  });
}

/** To grammars of C a comment ends the macro that it stands in, and what the macro goes on with on its next line is code. */
const macroComments = /\/\*(?:[^*\n]|\*(?!\/))*\*\/(?=[^\n]*\\\r?$)/gm;

const withoutMacroComments = (text: string): string =>
  /\*\/[^\n]*\\\r?$/m.test(text) ? text.replace(macroComments, blank) : text;

/** What a grammar is given to read instead of a text, without what is skipped. */
export interface PreparedText extends Prepared {
  /** Stretches of the text that are left out, as nothing is defined in them. The rest has its length. */
  readonly skipped: readonly Stretch[];
}

/**
 * The same text but for blanks where it would mislead the grammar. A function of the text and of what the language's hint says of it, which
 * `holds` tells.
 */
export function prepareText(
  whole: string,
  language: string,
  holds: (from: number, to: number) => boolean,
): PreparedText {
  const text = whole.startsWith(byteOrderMark) ? ` ${whole.slice(1)}` : whole; // a directive may follow it
  switch (language) {
    case 'c':
    case 'cpp': {
      const { text: kept, dropped } = keepFirstBranches(withoutMacroComments(text), false);
      const skipped = language === 'c' ? functionBodies(kept, holds) : [];
      return { text: blankMacros(withoutStretches(kept, skipped)), dropped, skipped };
    }
    case 'csharp':
      return { ...keepFirstBranches(text, true), skipped: [] };
    case 'kotlin':
      return { text: text.replace(platformConstructor, blank), dropped: [], skipped: [] };
    case 'lua':
      return { text: withoutGlobals(text), dropped: [], skipped: [] };
    default:
      return { text, dropped: [], skipped: [] };
  }
}
