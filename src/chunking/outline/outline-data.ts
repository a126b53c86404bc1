import { cleanName } from '../symbol-name.js';
import type { OutlineEntry } from './outline-nest.js';

// Outlines of data formats: their keys of the first two levels. Far faster than a grammar, and these files are many.

const quote = 0x22;
const backslash = 0x5c;
const slash = 0x2f;
const newline = 0x0a;

/** Keys of JSON with or without comments. */
export function outlineJson(lines: readonly string[]): OutlineEntry[] {
  const entries: OutlineEntry[] = [];
  // What is open: `{` or `[`. Only objects within objects have keys we want.
  const open: number[] = [];
  let inComment = false;
  for (let line = 0; line < lines.length; line++) {
    const text = lines[line]!;
    for (let at = 0; at < text.length; at++) {
      if (inComment) {
        const end = text.indexOf('*/', at);
        if (end < 0) break;
        inComment = false;
        at = end + 1;
        continue;
      }
      const c = text.charCodeAt(at);
      if (c === quote) {
        const end = stringEnd(text, at);
        if (open.length <= 2 && open[0] === 0x7b && open[open.length - 1] === 0x7b) {
          let next = end + 1;
          while (text.charCodeAt(next) === 32) next++;
          if (text.charCodeAt(next) === 0x3a) {
            const name = cleanName(text.slice(at, end + 1));
            if (name !== '') entries.push({ name, kind: 'key', line, startLine: line, level: open.length });
          }
        }
        at = end;
      } else if (c === 0x7b || c === 0x5b) open.push(c);
      else if (c === 0x7d || c === 0x5d) open.pop();
      else if (c === slash) {
        const next = text.charCodeAt(at + 1);
        if (next === slash) break;
        inComment = next === 0x2a;
      }
    }
  }
  return entries;
}

/** Where the string that begins at `at` ends; the last character when it does not on this line. */
function stringEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === backslash) i++;
    else if (c === quote || c === newline) return i;
  }
  return text.length - 1;
}

const yamlKey =
  /^( *)("[^"]*"|'[^']*'|[^\s#&*!|>@`%[\]{},"'?:-][^#:]*(?::[^\s#:][^#:]*)*|-[^\s#:][^#:]*)\s*:(?=\s|$)(.*)$/;

/** Keys of block mappings, the first two levels. */
export function outlineYaml(lines: readonly string[]): OutlineEntry[] {
  const entries: OutlineEntry[] = [];
  /** Indentation of the key whose block scalar we are in; its lines are text. */
  let scalarIndent = -1;
  /** Indentation of the second level below the current key; -1 until its first line. */
  let childIndent = -1;
  for (let line = 0; line < lines.length; line++) {
    const text = lines[line]!;
    const indent = text.search(/\S/);
    if (indent < 0) continue;
    if (scalarIndent >= 0) {
      if (indent > scalarIndent) continue;
      scalarIndent = -1;
    }
    if (text[indent] === '#') continue;
    const scalar = /[:-]\s+[|>][-+\d]*\s*(?:#.*)?$/.test(text);
    if (scalar) scalarIndent = indent;
    const isItem = text[indent] === '-' && !/\S/.test(text[indent + 1] ?? ' ');
    if (isItem && childIndent < 0) childIndent = Infinity;
    else if (indent > 0 && childIndent < 0) childIndent = indent;
    if (indent !== 0 && indent !== childIndent) continue;
    const key = yamlKey.exec(text);
    if (key === null) continue;
    const above = line > 0 && entries.length > 0 ? entries[entries.length - 1]!.line : -1;
    let startLine = line;
    while (startLine - 1 > above && commentAt(lines[startLine - 1]!, indent)) startLine--;
    entries.push({ name: cleanName(key[2]!), kind: 'key', line, startLine, level: indent === 0 ? 1 : 2 });
    if (indent === 0) childIndent = -1;
  }
  return entries;
}

const commentAt = (text: string, indent: number): boolean => text[indent] === '#' && text.search(/\S/) === indent;
