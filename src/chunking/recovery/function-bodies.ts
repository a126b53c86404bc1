/** A stretch of a text: start inclusive, end exclusive. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Shorter ones are parsed as fast as they are looked at, and are no shorter than what takes their place (`fillingLength`). */
const bodyUnitsMin = 40;

const [newline, space, quote, hash, apostrophe, star, slash, backslash, openBrace, closeBrace, closeParenthesis] =
  Buffer.from('\n "#\'*/\\{})');

/**
 * The insides of functions of C in which nothing can be defined, for a grammar to pass over: between a brace that follows `)` and begins or ends a line
 * of the outermost level, and the next one that begins a line, if braces in between are balanced, all lines in between are indented (but for
 * labels, directives and blank ones), conditions of the preprocessor end where they begin, and `holds` says of none that it may define something. What a text
 * of another layout has is parsed.
 */
export function functionBodies(text: string, holds: (from: number, to: number) => boolean): Stretch[] {
  const bodies: Stretch[] = [];
  for (let close = text.indexOf('\n}'), end = 0; close >= 0; close = text.indexOf('\n}', close + 1)) {
    const before = end;
    end = close + 2;
    const open = openingOf(text, before, close);
    if (open < 0 || close - open <= bodyUnitsMin) continue;
    const stretch = { from: open + 1, to: close + 1 };
    if (holds(stretch.from, stretch.to) || membersFollow.test(text.slice(Math.max(before, open - headUnits), open)))
      continue;
    const inside = text.slice(stretch.from, stretch.to);
    if (isBalanced(inside) && hasWholeConditions(inside)) bodies.push(stretch);
  }
  return bodies;
}

/** The brace that opens what is closed after `close`, going up by lines to the first that is not indented; -1 where that is no function's. */
function openingOf(text: string, before: number, close: number): number {
  for (let end = close; end > before;) {
    const start = text.lastIndexOf('\n', end - 1) + 1;
    if (start < before) return -1;
    const first = text.charCodeAt(start);
    if (start < end && first > space! && first !== hash && !isLabel(text, start, end)) {
      let at = end - 1;
      while (at > start && text.charCodeAt(at) <= space!) at--;
      if (text.charCodeAt(at) !== openBrace || (first === openBrace && at > start)) return -1;
      let last = at - 1;
      while (last > before && text.charCodeAt(last) <= space!) last--;
      return text.charCodeAt(last) === closeParenthesis ? at : -1;
    }
    end = start - 1;
  }
  return -1;
}

function isLabel(text: string, start: number, end: number): boolean {
  let at = start;
  for (; at < end; at++) {
    const unit = text.charCodeAt(at) | 0x20;
    const isWord = (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x30 && unit <= 0x39) || unit === 0x7f;
    if (!isWord) break;
  }
  return at > start && at < end && text[at] === ':';
}

/** What opens members and not statements, though it ends as a function's head does: `enum __attribute__((packed))`, `struct name ALIGNED(8)`. */
const membersFollow = /\b(?:struct|union|enum)(?:\s+[A-Za-z_]\w*)?\s+(?:__\w+|[A-Z][A-Z0-9_]+)\s*\([^;{}]*$/;
/** Heads of that kind are no longer. */
const headUnits = 300;

const conditions = /^[ \t]*#[ \t]*(if|el|endif)/gm;

/** Whether each `#if` is closed and nothing else is: what is left must not lack an end. */
function hasWholeConditions(text: string): boolean {
  let depth = 0;
  if (text.includes('#'))
    for (const [, word] of text.matchAll(conditions)) {
      if (word === 'if') depth++;
      else if (depth === 0) return false;
      else if (word === 'endif') depth--;
    }
  return depth === 0;
}

/** Whether braces outside of comments and literals are balanced, each opened before it is closed, and no literal or comment is left open. */
function isBalanced(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case openBrace:
        depth++;
        break;
      case closeBrace:
        if (--depth < 0) return false;
        break;
      case quote:
      case apostrophe:
        at = literalEnd(text, at);
        if (at < 0) return false;
        break;
      case star:
        if (text.charCodeAt(at + 1) === slash) return false;
        break;
      case slash:
        if (text.charCodeAt(at + 1) === star) {
          at = text.indexOf('*/', at + 2) + 1;
          if (at === 0) return false;
        } else if (text.charCodeAt(at + 1) === slash) at = text.indexOf('\n', at);
        break;
    }
  }
  return depth === 0;
}

/** The place of the quote that ends the literal; -1 where the line ends before it. */
function literalEnd(text: string, start: number): number {
  const closing = text.charCodeAt(start);
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === backslash) at++;
    else if (unit === closing) return at;
    else if (unit === newline) return -1;
  }
  return -1;
}

/**
 * How many ends of lines a stretch becomes. Where a parser stumbles it passes over what is cheapest, and there a line costs what sixteen letters do: a function
 * must cost about what it did with its inside, or it becomes what is dropped, with all that follows, to go on elsewhere.
 */
const fillingLength = ({ from, to }: Stretch): number => Math.max(24, (to - from) >> 3);

/** A text without some stretches of it, which are in order. */
export function withoutStretches(text: string, stretches: readonly Stretch[]): string {
  let left = '';
  let at = 0;
  for (const stretch of stretches) {
    left += text.slice(at, stretch.from) + '\n'.repeat(fillingLength(stretch));
    at = stretch.to;
  }
  return at === 0 ? text : left + text.slice(at);
}

/** Where lines begin in what `withoutStretches` left; those within a stretch, where it was. */
export function startsWithout(starts: Uint32Array, lineCount: number, stretches: readonly Stretch[]): Uint32Array {
  if (stretches.length === 0) return starts;
  const left = new Uint32Array(lineCount + 1);
  let next = 0;
  let removed = 0;
  for (let line = 0; line <= lineCount; line++) {
    const start = starts[line]!;
    for (; next < stretches.length && stretches[next]!.to <= start; next++)
      removed += stretches[next]!.to - stretches[next]!.from - fillingLength(stretches[next]!);
    left[line] = Math.min(start, stretches[next]?.from ?? start) - removed;
  }
  return left;
}
