import type { OutlineEntry } from './outline-nest.js';
import { cleanName } from '../symbol-name.js';

/** Rules of CSS and the languages that extend it, by their braces; `@media` and its like are looked through. */
export function outlineCss(lines: readonly string[]): OutlineEntry[] {
  const entries: OutlineEntry[] = [];
  /** Level of the rules inside each open block. */
  const levels: number[] = [];
  let prelude = '';
  let preludeLine = -1;
  let aboveLine = -1;
  let inComment = false;
  for (let line = 0; line < lines.length; line++) {
    const text = lines[line]!;
    if (!/\S/.test(text)) {
      if (prelude === '') aboveLine = -1;
      continue;
    }
    /** Where the next brace closes, and where the first comment or code is: looked for once, as a line may be all of a file. */
    let closes = -1;
    const begins = text.search(/\S/);
    for (let at = 0; at < text.length; at++) {
      if (inComment) {
        const end = text.indexOf('*/', at);
        if (end < 0) break;
        inComment = false;
        at = end + 1;
        continue;
      }
      const character = text[at]!;
      if (character === '/' && (text[at + 1] === '*' || (text[at + 1] === '/' && !/[:(]/.test(text[at - 1] ?? '')))) {
        // A comment right above a rule belongs to it.
        if (prelude === '' && aboveLine < 0 && at === begins) aboveLine = line;
        if (text[at + 1] === '/') break;
        inComment = true;
        at++;
      } else if (character === '{') {
        // `#{…}` and `@{…}` stand for text in a selector.
        if (text[at - 1] === '#' || text[at - 1] === '@') {
          if (closes < at) closes = text.includes('}', at) ? text.indexOf('}', at) : Infinity;
          if (closes < Infinity) {
            prelude += text.slice(at, closes + 1);
            at = closes;
            continue;
          }
        }
        const level = levels[levels.length - 1] ?? 1;
        const named = nameOf(prelude.trim());
        if (named !== undefined && preludeLine >= 0) {
          const startLine = aboveLine >= 0 && aboveLine < preludeLine ? aboveLine : preludeLine;
          entries.push({ ...named, line: preludeLine, startLine, level });
        }
        levels.push(named === undefined ? level : level + 1);
        prelude = '';
        aboveLine = -1;
      } else if (character === '}' || character === ';') {
        if (character === '}') levels.pop();
        prelude = '';
        aboveLine = -1;
      } else if (prelude !== '' || character > ' ') {
        if (prelude === '') preludeLine = line;
        if (prelude.length < 400) prelude += character;
      }
    }
    if (prelude !== '') prelude += ' ';
  }
  return entries;
}

function nameOf(prelude: string): Pick<OutlineEntry, 'name' | 'kind'> | undefined {
  if (prelude === '' || prelude === '}') return undefined;
  const at = /^@(?:-\w+-)?(keyframes|mixin|function)\s+([\w-]+)/.exec(prelude);
  if (at !== null)
    return { name: at[2]!, kind: at[1] === 'mixin' ? 'macro' : at[1] === 'function' ? 'function' : 'rule' };
  if (prelude.startsWith('@') || /^(?:from|to|[\d.]+%)(?:\s*,|$)/.test(prelude)) return undefined;
  return { name: cleanName(prelude), kind: 'rule' };
}
