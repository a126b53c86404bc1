import type { Tag } from './definitions.js';

/**
 * Why a tag is no definition, as its own lines show, or undefined. Each reason is a test on the text, never on what Coppice finds: a
 * definition that is missing stays missing. The bench prints how many were set aside, and recall without that.
 */
export function setAside(tag: Tag, lines: readonly string[]): string | undefined {
  const line = lines[tag.line - 1] ?? '';
  const name = escaped(tag.name);
  const has = (pattern: string): boolean => new RegExp(pattern, 'u').test(line);
  if (keywords.has(tag.name)) return 'a keyword';
  switch (tag.language) {
    case 'Kotlin':
      // Of names in back quotes it writes what happens to lie in its memory.
      if (line.includes('`') && !line.includes(tag.name)) return 'a name that is not in the text';
      if (tag.kind !== 'method') return undefined;
      // `use { handle -> … }`, `for ((key, value) in …)`: parameters and local variables are methods to ctags.
      return has(`\\bfun\\b[^={]*(?<!\\w)${name}\`?\\s*\\(`) || /\bfun\s*(?:<.*>)?\s*$/.test(lines[tag.line - 2] ?? '')
        ? undefined
        : 'a parameter of a lambda or a loop';
    case 'TypeScript':
      // `import { type Name }`, `export { type Name }`, `x.type as string`.
      return tag.kind === 'alias' && !has(`\\btype\\s+${name}\\s*(?:<|=|$)`) ? 'a use of a type' : undefined;
    case 'JavaScript':
      return has(`(?<![\\w$.])(?:[\\w$.]+\\.)?${name}\\s*\\[[^\\]]*\\]\\s*=`) && !has(`\\b${name}\\s*[=(:]`)
        ? 'a computed member'
        : undefined;
    case 'Sh':
      return tag.name.includes('=') ? 'an array' : undefined;
    case 'C#':
      return has(`\\bwhere\\s+${name}\\s*:`) ? 'a parameter of a type' : undefined;
    case 'Ruby':
      return tag.kind === 'constant' && has(`\\b${name}\\s*=>`) ? 'a key' : undefined;
    case 'Haskell':
      return haskellWords.has(tag.name) ? 'a keyword' : undefined;
    case 'Lua':
      // `T['a b'] = function`, of which it takes the last word.
      if (/[\]"'`]/.test(tag.name)) return 'a part of a key';
      if (inside(lines, tag.line, /--\[(=*)\[/, (opened) => `]${opened[1]!}]`) || /^\s*--/.test(line))
        return 'in a comment';
      // `local ok, err = pcall(function() …`, `local x = type(f) == "function"`, `t[name] = function`.
      return has(`function\\s+${name}\\s*\\(`) ||
        has(`(?<![\\w.])${name}\\s*=\\s*(?:[^()]*\\b(?:and|or)\\s+)?\\(?\\s*function\\b`)
        ? undefined
        : 'a result of a call, or a computed member';
    case 'Elixir':
      return inside(lines, tag.line, /"""|'''/, ([opened]) => opened) ? 'in a string' : undefined;
    case 'C':
    case 'C++':
      return tag.kind === 'function' && /^[A-Z][A-Z0-9_]+$/.test(tag.name) && has(`^\\s*(?:static\\s+)?${name}\\s*\\(`)
        ? 'a call of a macro'
        : undefined;
    default:
      return undefined;
  }
}

const keywords = new Set(
  'if else for while do switch case catch return this new function as from extends implements typeof string any null void true false'.split(
    ' ',
  ),
);

const haskellWords = new Set(
  'infix infixl infixr where default deriving pattern do family instance class type data newtype import'.split(' '),
);

const escaped = (name: string): string => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** Whether a line lies in something of several lines: it was opened above, and not closed since. */
function inside(
  lines: readonly string[],
  line: number,
  opener: RegExp,
  closerOf: (opened: RegExpExecArray) => string,
): boolean {
  let closer = '';
  for (const text of lines.slice(0, line - 1)) {
    let rest = text;
    for (;;) {
      if (closer === '') {
        const opened = opener.exec(rest);
        if (opened === null) break;
        closer = closerOf(opened);
        rest = rest.slice(opened.index + opened[0].length);
      } else {
        const at = rest.indexOf(closer);
        if (at < 0) break;
        rest = rest.slice(at + closer.length);
        closer = '';
      }
    }
  }
  return closer !== '';
}
