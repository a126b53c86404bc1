import type { SymbolKind } from '../../model/index.js';
import type { Definition } from '../definition.js';
import { outlineCss } from './outline-css.js';
import { outlineJson, outlineYaml } from './outline-data.js';
import { nestEntries } from './outline-nest.js';
import type { OutlineEntry } from './outline-nest.js';
import { outlineCode } from './outline-code.js';
import { cleanName } from '../symbol-name.js';

/**
 * Languages whose definitions a line or two of rules find as well as a grammar would, or for which no grammar is to
 * be had. Takes the lines of a text; returns its definitions in document order.
 */
export function outlineOf(language: string): ((lines: readonly string[]) => Definition[]) | undefined {
  const rules = lineRules[language];
  const entriesOf =
    rules === undefined ? scanners[language] : (lines: readonly string[]) => outlineByRules(lines, rules);
  return entriesOf === undefined ? outlineCode(language) : (lines) => nestEntries(entriesOf(lines), lines.length);
}

const scanners: Readonly<Record<string, (lines: readonly string[]) => OutlineEntry[]>> = {
  css: outlineCss,
  json: outlineJson,
  less: outlineCss,
  markdown: outlineMarkdown,
  scss: outlineCss,
  yaml: outlineYaml,
};

/** A longer line is no title, and its blanks are not looked through from each of them. */
const headingUnitsMax = 1000;

function outlineMarkdown(lines: readonly string[]): OutlineEntry[] {
  const entries: OutlineEntry[] = [];
  let fence = '';
  let line = 0;
  // Front matter is not a set-off heading.
  if (/^---\s*$/.test(lines[0] ?? '')) {
    const end = lines.findIndex((text, i) => i > 0 && /^(?:---|\.\.\.)\s*$/.test(text));
    if (end > 0) line = end + 1;
  }
  for (; line < lines.length; line++) {
    const text = lines[line]!;
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(text)?.[1];
    if (fence !== '') {
      if (mark !== undefined && mark.startsWith(fence) && /^[\s`~]*$/.test(text)) fence = '';
      continue;
    }
    if (mark !== undefined) {
      fence = mark;
      continue;
    }
    const heading =
      text.length > headingUnitsMax ? null : /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t\r]*$/.exec(text);
    if (heading !== null) {
      const name = plainHeading(heading[2] ?? '');
      if (name !== '') entries.push({ name, kind: 'section', line, startLine: line, level: heading[1]!.length });
      continue;
    }
    const above = lines[line - 1] ?? '';
    if (/^ {0,3}(?:=+|-+)[ \t\r]*$/.test(text) && /^ {0,3}[^\s#>*+\-`|=<]/.test(above)) {
      const level = text.trimStart().startsWith('=') ? 1 : 2;
      entries.push({ name: plainHeading(above), kind: 'section', line: line - 1, startLine: line - 1, level });
    }
  }
  return entries;
}

/** Without emphasis, code marks, link targets and trailing anchors. */
function plainHeading(text: string): string {
  return cleanName(
    text
      .replace(/\{#[^}]*\}\s*$/, '')
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[*`]+|<[^>]*>/g, ''),
  );
}

interface LineRule {
  readonly pattern: RegExp;
  readonly kind: SymbolKind;
  readonly level?: number;
}

/** Group 1 (or the first that matched) is the name. */
const lineRules: Readonly<Record<string, readonly LineRule[]>> = {
  sql: [
    rule(/^\s*create\s+(?:or\s+replace\s+)?(?:(?:global|local)\s+)?(?:temp(?:orary)?\s+|unlogged\s+|external\s+)?table\s+(?:if\s+not\s+exists\s+)?([\w."`[\]$]+)/i, 'struct'),
    rule(/^\s*create\s+(?:or\s+(?:replace|alter)\s+)?(?:definer\s*=\s*\S+\s+)?(?:aggregate\s+)?(?:function|procedure|proc)\s+(?:if\s+not\s+exists\s+)?([\w."`[\]$]+)/i, 'function'),
    rule(/^\s*create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?(?:recursive\s+)?(?:materialized\s+)?view\s+(?:if\s+not\s+exists\s+)?([\w."`[\]$]+)/i, 'class'),
    rule(/^\s*create\s+(?:or\s+replace\s+)?(?:constraint\s+)?trigger\s+(?:if\s+not\s+exists\s+)?([\w."`[\]$]+)/i, 'function'),
    rule(/^\s*create\s+(?:unique\s+)?(?:clustered\s+|nonclustered\s+)?index\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?([\w."`[\]$]+)/i, 'key'),
    rule(/^\s*create\s+(?:type|domain)\s+([\w."`[\]$]+)/i, 'type'),
    rule(/^\s*create\s+(?:schema|database)\s+(?:if\s+not\s+exists\s+)?([\w."`[\]$]+)/i, 'namespace'),
    rule(/^\s*create\s+sequence\s+(?:if\s+not\s+exists\s+)?([\w."`[\]$]+)/i, 'variable'),
  ],
  ini: [rule(/^\s*\[([^\]]+)\]/, 'section'), rule(/^([\w.-]+)\s*[=:]/, 'key', 2)],
  make: [rule(/^(?!\.PHONY|\.SUFFIXES)([^\s:#=$][^:#=]*?)\s*::?(?![=:])/, 'rule'), rule(/^define\s+(\S+)/, 'macro')],
  dockerfile: [rule(/^from\s+\S+\s+as\s+(\S+)/i, 'section')],
  protobuf: [
    rule(/^message\s+(\w+)/, 'struct'), rule(/^enum\s+(\w+)/, 'enum'), rule(/^service\s+(\w+)/, 'interface'),
    rule(/^\s+rpc\s+(\w+)/, 'method', 2), rule(/^\s+message\s+(\w+)/, 'struct', 2), rule(/^\s+enum\s+(\w+)/, 'enum', 2),
    rule(/^\s+(\w+)\s*=\s*-?(?:0x)?[\da-f]+\s*(?:\[.*|;.*)$/i, 'constant', 3),
  ],
  graphql: [
    rule(/^(?:extend\s+)?(?:type|input)\s+(\w+)/, 'struct'), rule(/^(?:extend\s+)?interface\s+(\w+)/, 'interface'),
    rule(/^(?:extend\s+)?enum\s+(\w+)/, 'enum'), rule(/^(?:union|scalar)\s+(\w+)/, 'type'),
    rule(/^(?:query|mutation|subscription|fragment)\s+(\w+)/, 'function'),
  ],
  cmake: [rule(/^\s*(?:function|macro)\s*\(\s*(\w+)/i, 'function'), rule(/^\s*add_(?:executable|library|custom_target)\s*\(\s*(\S+)/i, 'rule')],
  latex: [rule(/^\\(?:chapter|section)\*?\{([^}]*)\}/, 'section'), rule(/^\\(?:sub)+section\*?\{([^}]*)\}/, 'section', 2)],
}; // prettier-ignore

function rule(pattern: RegExp, kind: SymbolKind, level = 1): LineRule {
  return { pattern, kind, level };
}

const commentLine = /^\s*(?:--|#|\/\/|;|%|"|\/\*|\*)/;

function outlineByRules(lines: readonly string[], rules: readonly LineRule[]): OutlineEntry[] {
  const entries: OutlineEntry[] = [];
  for (let line = 0; line < lines.length; line++) {
    const text = lines[line]!;
    if (text.length > 1000) continue;
    for (const { pattern, kind, level } of rules) {
      const name = pattern.exec(text)?.[1];
      if (name === undefined) continue;
      let startLine = line;
      const floor = (entries[entries.length - 1]?.line ?? -1) + 1;
      while (startLine > floor && commentLine.test(lines[startLine - 1]!)) startLine--;
      entries.push({ name: cleanName(name.replace(/["`[\]]/g, '')), kind, line, startLine, level: level ?? 1 });
      break;
    }
  }
  return entries;
}
