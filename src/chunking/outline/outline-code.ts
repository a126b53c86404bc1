import { LineExtents } from '../lines/line-extents.js';
import { nestByLines, withoutComments } from '../lines/line-rules.js';
import type { Definition } from '../definition.js';
import { cleanName } from '../symbol-name.js';
import { codeRules } from './code-rules.js';
import { selectorAt } from './selector.js';

/** The definitions of a text in a language that has no grammar here; undefined where there are no rules for it either. */
export function outlineCode(language: string): ((lines: readonly string[]) => Definition[]) | undefined {
  const rules = codeRules[language];
  if (rules === undefined) return undefined;
  return (lines) => {
    const texts = withoutComments(lines, [{ from: 0, to: lines.length - 1 }], language);
    const isProse = proseOf(language, lines);
    const extents = new LineExtents(lines);
    const definitions: Definition[] = [];
    /** Definitions that last until something else says so. */
    const open: { readonly definition: Definition; readonly until: RegExp | null }[] = [];
    const close = (line: number): void => {
      const last = open.pop();
      if (last !== undefined) last.definition.endLine = Math.max(line, last.definition.nameLine);
    };
    for (let line = 0; line < lines.length; line++) {
      const text = texts(line);
      if (text.length > lineUnitsMax || isProse(line) || !/\S/.test(text)) continue;
      if (open[open.length - 1]?.until?.test(text) === true) {
        close(line);
        continue;
      }
      const selector = language === 'objc' ? selectorAt(lines, line) : undefined;
      const found = selector === undefined ? undefined : { name: selector, kind: 'method' as const, until: undefined };
      const match = found ?? matchRule(rules, text);
      if (match === undefined) continue;
      const { name, kind, until } = match;
      const previous = definitions[definitions.length - 1];
      const endLine = extents.endOf(line);
      // Clauses of one function are one definition.
      if (clauses.has(language) && previous?.name === name && previous.kind === kind) {
        previous.endLine = endLine;
        continue;
      }
      let startLine = line;
      const floor = previous === undefined ? 0 : previous.nameLine + 1;
      while (startLine > floor && /\S/.test(lines[startLine - 1]!) && texts(startLine - 1) === '') startLine--;
      const definition = {
        name,
        kind,
        scope: '',
        nameLine: line,
        startLine,
        ownLine: line,
        endLine,
        next: 0,
        inner: false,
      };
      definitions.push(definition);
      // With a block of its own it ends where that ends.
      if (until === undefined || (until === null && endLine > line)) continue;
      close(startLine - 1);
      open.push({ definition, until });
    }
    close(lines.length - 1);
    return nestByLines([], definitions, extents);
  };
}

const lineUnitsMax = 1000;
const clauses = new Set(['erlang', 'prolog']);

function matchRule(
  rules: (typeof codeRules)[string],
  text: string,
): { name: string; kind: Definition['kind']; until: RegExp | null | undefined } | undefined {
  for (const { pattern, kind, until } of rules) {
    const match = pattern.exec(text);
    const name = match?.slice(1).find((group) => group !== undefined);
    if (name !== undefined) return { name: cleanName(name), kind, until };
  }
  return undefined;
}

/** Whether a line is documentation among code: Perl's POD, and what follows the end of a program. */
function proseOf(language: string, lines: readonly string[]): (line: number) => boolean {
  if (language !== 'perl' && language !== 'raku') return () => false;
  const prose = new Set<number>();
  let inside = false;
  for (let line = 0; line < lines.length; line++) {
    const text = lines[line]!;
    if (/^=[a-zA-Z]/.test(text)) inside = !/^=(?:cut|end)\b/.test(text) || prose.add(line) === undefined;
    if (/^__(?:END|DATA)__\s*$/.test(text)) {
      for (; line < lines.length; line++) prose.add(line);
      break;
    }
    if (inside) prose.add(line);
  }
  return (line) => prose.has(line);
}
