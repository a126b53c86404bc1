import type { LineRange } from '../lines/line-rules.js';
import { blank } from './blank-macros.js';

/** A text of the same length for the grammar, and the lines that were taken out of it. */
export interface Prepared {
  readonly text: string;
  readonly dropped: readonly LineRange[];
}

interface Branch {
  /** Lines of the branch, without its directive: start inclusive, end exclusive. */
  readonly from: number;
  to: number;
  braces: number;
  /** The last character of its code; empty while it has none. */
  last: string;
  /** Whether it is whole statements or members. */
  isWhole: boolean;
}

interface Group {
  readonly directives: number[];
  readonly branches: Branch[];
  readonly isDead: boolean;
  /** The line before begins nothing that the branches go on with. */
  readonly beginsFresh: boolean;
}

/**
 * Where the branches of an `#if` split what a grammar wants whole (a brace opened in each, a base class in one), the first branch
 * alone is kept and the others become blanks. Branches of whole statements stay: both define something.
 * `always`: directives are blanked everywhere, for grammars that trip over them (C#).
 */
export function keepFirstBranches(text: string, always: boolean): Prepared {
  if (!/^[ \t]*#[ \t]*if/m.test(text)) return { text, dropped: [] };
  const lines = text.split('\n');
  const drop = new Set<number>();
  const silence = new Set<number>();
  const open: Group[] = [];
  let lastCode = '';
  let inComment = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const directive = inComment || !isDirective(line) ? null : directives.exec(line);
    if (directive !== null) {
      const word = directive[1]!;
      if (word.startsWith('if')) {
        const isDead = /^\s*(?:0|false|FALSE)\s*$/.test(directive[2]!.replace(/\/\/.*|\/\*.*?\*\//g, ''));
        const beginsFresh = lastCode === '' || /[;{}\]:>),]$/.test(lastCode);
        open.push({
          directives: [i],
          branches: [newBranch(i + 1)],
          isDead,
          beginsFresh,
        });
      } else if (word.startsWith('el')) {
        const group = open[open.length - 1];
        if (group !== undefined) {
          close(group, i);
          group.directives.push(i);
          group.branches.push(newBranch(i + 1));
        }
      } else if (word === 'endif') {
        const group = open.pop();
        if (group !== undefined) {
          close(group, i);
          group.directives.push(i);
          settle(group, always, drop, silence);
        }
      } else if (always) silence.add(i);
      while (always === false && /\\\r?$/.test(lines[i] ?? '') && i + 1 < lines.length) i++;
      continue;
    }
    const code = codeOf(line, inComment);
    inComment = code.inComment;
    if (code.text !== '') lastCode = code.text;
    if (code.braces !== 0 || code.text !== '')
      for (const { branches } of open) branches[branches.length - 1]!.braces += code.braces;
  }
  if (drop.size === 0 && silence.size === 0) return { text, dropped: [] };
  const dropped: LineRange[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (!drop.has(i) && !silence.has(i)) continue;
    if (drop.has(i)) {
      const last = dropped[dropped.length - 1];
      if (last?.to === i - 1) dropped[dropped.length - 1] = { from: last.from, to: i };
      else dropped.push({ from: i, to: i });
    }
    lines[i] = blank(lines[i]!);
  }
  return { text: lines.join('\n'), dropped };
}

const newBranch = (from: number): Branch => ({ from, to: from, braces: 0, last: '', isWhole: true });

function close(group: Group, line: number): void {
  const branch = group.branches[group.branches.length - 1]!;
  branch.to = line;
  branch.isWhole = /^[;}\]{,>:)]?$/.test(branch.last);
}

/** Decides which branches of a finished group are left. */
function settle(group: Group, always: boolean, drop: Set<number>, silence: Set<number>): void {
  const { branches, directives, isDead, beginsFresh } = group;
  const isSplit = branches.some(({ braces }) => braces !== 0);
  const isPart = !beginsFresh || branches.some(({ isWhole }) => !isWhole);
  if (isSplit || (isPart && branches.length > 1)) {
    const kept = isDead && branches.length > 1 ? 1 : 0;
    branches.forEach(({ from, to }, i) => {
      for (let line = from; i !== kept && line < to; line++) drop.add(line);
    });
  }
  if (isSplit || isPart || always) for (const line of directives) silence.add(line);
}

const directives =
  /^[ \t]*#[ \t]*(if|ifdef|ifndef|else|elif|elifdef|elifndef|elseif|endif|region|endregion|pragma|nullable|define|undef|warning|error|line)\b([^]*)$/;

const [tab, space, quote, hash, apostrophe, star, slash, backslash, openBrace, closeBrace] =
  Buffer.from('\t "#\'*/\\{}');

function isDirective(line: string): boolean {
  let at = 0;
  for (let code = line.charCodeAt(0); code === space || code === tab; code = line.charCodeAt(++at));
  return line.charCodeAt(at) === hash;
}

const character = /'(?:\\.[^']{0,4}|[^'\\])'/y;

/** The last character of a line's code without comments and strings, and how many braces it opens more than it closes. Every line of a file is read. */
function codeOf(line: string, inComment: boolean): { text: string; braces: number; inComment: boolean } {
  let braces = 0;
  let last = -1;
  let within = inComment;
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (within) {
      if (code === star && line.charCodeAt(i + 1) === slash) {
        within = false;
        i++;
      }
    } else if (code === slash && line.charCodeAt(i + 1) === slash) break;
    else if (code === slash && line.charCodeAt(i + 1) === star) {
      within = true;
      i++;
    } else if (code === quote) {
      last = i;
      for (i++; i < line.length && line.charCodeAt(i) !== quote; i++) if (line.charCodeAt(i) === backslash) i++;
    } else if (code === apostrophe && isCharacter(line, i)) {
      last = i;
      i = line.indexOf("'", line.charCodeAt(i + 1) === backslash ? i + 3 : i + 2);
    } else {
      if (code === openBrace) braces++;
      else if (code === closeBrace) braces--;
      if (code > space!) last = i;
    }
  }
  return { text: last < 0 ? '' : line[last]!, braces, inComment: within };
}

/** Whether a character literal begins here, not a digit separator. */
function isCharacter(line: string, at: number): boolean {
  character.lastIndex = at;
  return character.test(line);
}
