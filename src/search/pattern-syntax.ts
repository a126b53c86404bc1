import { RegExpParser, RegExpSyntaxError } from '@eslint-community/regexpp';
import type { AST } from '@eslint-community/regexpp';
import { CoppiceError } from '../base/index.js';
import { withCaret } from './caret.js';

/** A parsed pattern: its tree, whose nodes carry offsets into `source`. */
export interface PatternSyntax {
  readonly source: string;
  /** Read, and to be compiled, with the `u` flag. */
  readonly unicode: boolean;
  readonly tree: AST.Pattern;
}

// What the oldest supported Node can compile; a newer grammar would accept patterns which its RegExp refuses.
const parser = new RegExpParser({ ecmaVersion: 2024 });

/** Parses with `u` where the pattern needs it (see `compilePattern`), else as Annex B. Throws PATTERN_INVALID. */
export function parsePattern(source: string): PatternSyntax {
  if (/(?<!\\)(?:\\\\)*\\(?:[pP]|u)\{/.test(source)) return { source, unicode: true, tree: parse(source, true) };
  if (/[\ud800-\udbff][\udc00-\udfff]/.test(source)) {
    try {
      return { source, unicode: true, tree: parse(source, true) };
    } catch (error) {
      if (!(error instanceof CoppiceError)) throw error; // `😀{` needs the lenient syntax
    }
  }
  return { source, unicode: false, tree: parse(source, false) };
}

function parse(source: string, unicode: boolean): AST.Pattern {
  try {
    return parser.parsePattern(source, 0, source.length, { unicode });
  } catch (error) {
    if (!(error instanceof RegExpSyntaxError)) throw error;
    const reason = error.message.slice(`Invalid regular expression: /${source}/${unicode ? 'u' : ''}: `.length);
    // These are found once what is wrong has been read; point at its last character.
    const late = /repeat|out of order/.test(reason) ? 1 : 0;
    throw invalidPattern(source, Math.max(0, error.index - late), reason, error);
  }
}

/**
 * The text which the pattern spells out when it is nothing but characters, else undefined. Half of a surrogate
 * pair under `u` is refused: it must not match inside a pair, and a search for its unit would.
 */
export function literalTextOf(syntax: PatternSyntax): string | undefined {
  const [alternative, ...others] = syntax.tree.alternatives;
  if (alternative === undefined || others.length > 0) return undefined;
  let text = '';
  for (const element of alternative.elements) {
    if (element.type !== 'Character') return undefined;
    if (syntax.unicode && isSurrogate(element.value)) return undefined;
    text += String.fromCodePoint(element.value);
  }
  return text;
}

export const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

/** The error of a pattern that cannot be compiled; `offset` is an index in the pattern. */
export function invalidPattern(source: string, offset: number, reason: string, cause?: unknown): CoppiceError {
  return new CoppiceError('PATTERN_INVALID', `invalid pattern: ${reason}\n${withCaret(source, offset)}`, {
    hint: 'Escape special characters with \\, or search for literal text (-F).',
    data: { offset, reason },
    cause,
  });
}
