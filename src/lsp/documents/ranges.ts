import type { Range } from 'vscode-languageserver/node';

/** `line` and `column` from 1 and `length` in UTF-16 units, as a range of the protocol, which counts from 0 in the same units. */
export function rangeOf(line: number, column: number, length: number): Range {
  const start = { line: line - 1, character: column - 1 };
  return { start, end: { line: start.line, character: start.character + length } };
}

/** The range of a text that begins with line `startLine` (from 1). */
export function rangeOfText(startLine: number, text: string): Range {
  const lines = text.split('\n');
  const end = { line: startLine - 1 + lines.length - 1, character: lines.at(-1)!.length };
  return { start: { line: startLine - 1, character: 0 }, end };
}

/** Where a name stands in line `line` (from 1); the whole line where it does not stand as it is written. */
export function rangeOfName(line: number, text: string, name: string): Range {
  const whole = text.replace(/\r$/, '');
  const column = findWord(whole, name);
  return column < 0 ? rangeOf(line, 1, whole.length) : rangeOf(line, column + 1, name.length);
}

/** The first place of `word` that is not a part of a longer one, else the first at all, else -1. */
function findWord(text: string, word: string): number {
  if (word === '') return -1;
  const isPart = (character: string | undefined): boolean =>
    character !== undefined && /[\p{L}\p{N}_$]/u.test(character);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isPart(text[at - 1]) && !isPart(text[at + word.length])) return at;
  }
  return text.indexOf(word);
}
