/** A name of code in a text. */
export interface Word {
  readonly name: string;
  /** UTF-16 offsets in the text. */
  readonly start: number;
  readonly end: number;
}

const wordCharacter = /[\p{L}\p{N}_$]/u;

/** The name that a place of a text is in or behind; null where there is none. */
export function wordAt(text: string, offset: number): Word | null {
  let start = offset;
  let end = offset;
  while (start > 0 && wordCharacter.test(text[start - 1]!)) start--;
  while (end < text.length && wordCharacter.test(text[end]!)) end++;
  const name = text.slice(start, end);
  return isName(name) ? { name, start, end } : null;
}

/** The names of a text, each once, in order. */
export function wordsOf(text: string): string[] {
  return [...new Set(text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? [])].filter(isName);
}

const isName = (text: string): boolean => /^[\p{L}_$]/u.test(text) && text.length > 1 && text.length <= 200;
