import type { Tree, TreeCursor } from 'web-tree-sitter';
import type { SymbolKind } from '../model/index.js';
import { qualifiedName, wholeBytesMax, wholeLinesMax } from './definition.js';
import type { Definition } from './definition.js';
import { Action } from './grammar.js';
import type { Grammar, Rule } from './grammar.js';
import { lineAt } from './lines.js';
import { followPath } from './node-path.js';
import { cleanName, splitName } from './symbol-name.js';

/** The definitions of a parsed text; `starts` are the starts of its `lineCount` lines in UTF-16 units. */
export function findDefinitions(
  tree: Tree,
  text: string,
  grammar: Grammar,
  starts: Uint32Array,
  lineCount: number,
): Definition[] {
  const cursor = tree.walk();
  const walk = new Walk(cursor, text, grammar, starts, lineCount);
  walk.children({ scope: '', kind: undefined, local: false, depth: 0 }, -1, 0);
  cursor.delete();
  return walk.definitions;
}

/** Kinds whose functions are methods and whose variables are fields. */
const methodOwners: ReadonlySet<SymbolKind> = new Set(['class', 'struct', 'interface', 'trait', 'enum', 'impl']);
const functionLike: ReadonlySet<SymbolKind> = new Set(['function', 'method', 'constructor', 'macro', 'test']);
/** Inside a function, data is not worth a symbol. */
const notLocal: ReadonlySet<SymbolKind> = new Set(['constant', 'variable', 'field', 'property', 'key']);

/** A local statement shorter than this holds nothing worth a symbol; most of them are calls. */
const localUnitsMin = 60;

/** Deeper than any sane code; broken code can nest without end. */
const nestingMax = 100;

/** What surrounds the nodes being looked at. */
interface Surroundings {
  readonly scope: string;
  /** Kind of the innermost definition around. */
  readonly kind: SymbolKind | undefined;
  readonly local: boolean;
  /** How many definitions are around. */
  readonly depth: number;
}

/**
 * Visits only nodes that can hold definitions, never the insides of ordinary functions. It goes by numeric node
 * types and takes positions of interesting nodes only: every step into WebAssembly costs some 50 ns.
 */
class Walk {
  readonly definitions: Definition[] = [];

  constructor(
    private readonly cursor: TreeCursor,
    private readonly text: string,
    private readonly grammar: Grammar,
    private readonly starts: Uint32Array,
    private readonly lineCount: number,
  ) {}

  /**
   * Looks at the children of the cursor's node. `leadLine` is where the first definition inside begins if not at its
   * own node (-1: there), as an `export` or a decorator around it wants.
   */
  children(around: Surroundings, leadLine: number, nesting: number): void {
    const { cursor } = this;
    if (nesting > nestingMax || !cursor.gotoFirstChild()) return;
    const { actions } = this.grammar;
    let lead = leadLine;
    // Comments and attributes waiting for a definition right below them.
    let aboveStart = -1;
    let aboveEnd = -1;
    let sibling = -1;
    do {
      const type = cursor.nodeTypeId;
      const action = actions[type]!;
      if (action === 0) {
        aboveStart = -1;
        continue;
      }
      if (action & Action.above) {
        const start = this.line(cursor.startIndex);
        const previous = this.definitions[sibling];
        if (previous === undefined || start > previous.endLine) {
          if (aboveStart < 0 || start > aboveEnd + 1) aboveStart = start;
          aboveEnd = this.line(cursor.endIndex - 1);
        }
        if (!(action & Action.into)) continue;
      }
      if (action & Action.tail && sibling >= 0) {
        this.extend(sibling, this.line(cursor.endIndex - 1));
        continue;
      }
      const before = this.definitions.length;
      let first = lead;
      if (aboveStart >= 0 && aboveEnd + 1 >= this.line(cursor.startIndex)) {
        first = first < 0 ? aboveStart : Math.min(first, aboveStart);
      }
      const rule = action & Action.define ? this.grammar.rules[type] : undefined;
      const defined = rule !== undefined && this.define(rule, around, first, sibling, nesting);
      const skip = around.local && around.kind !== 'test' && cursor.endIndex - cursor.startIndex < localUnitsMin;
      if (!defined && !skip && action & Action.into) {
        if (action & Action.wrap && first < 0) first = this.line(cursor.startIndex);
        const inside = action & Action.local && !around.local ? { ...around, local: true } : around;
        this.children(inside, first, nesting + 1);
      }
      if (this.definitions.length > before) {
        sibling = before;
        lead = -1;
      }
      aboveStart = -1;
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
  }

  /** Records the cursor's node if the rule holds, and what is defined in it. */
  private define(rule: Rule, around: Surroundings, leadLine: number, sibling: number, nesting: number): boolean {
    if (around.depth >= rule.depthMax) return false;
    const { cursor } = this;
    // Most calls are no definitions: their first word tells before anything is made of the node.
    const word = rule.texts === undefined ? '' : wordAt(this.text, cursor.startIndex);
    if (rule.texts !== undefined && !rule.texts.has(word)) return false;
    const node = cursor.currentNode;
    if (rule.needs !== undefined && followPath(node, rule.needs) === undefined) return false;
    const at = rule.kindAt === undefined ? undefined : followPath(node, rule.kindAt);
    let kind = (at === undefined ? rule.texts?.get(word) : rule.types?.get(at.type)) ?? rule.kind;
    if (kind !== undefined && around.local && notLocal.has(kind)) return false;
    if (kind === undefined && (rule.kindAt !== undefined || rule.types === undefined)) return false;
    const nameNode = followPath(node, rule.name, (step) => {
      if (rule.kindAt === undefined) kind = kind === rule.kind ? (rule.types?.get(step.type) ?? kind) : kind;
    });
    if (kind === undefined || nameNode === undefined || (around.local && notLocal.has(kind))) return false;
    const nameStart = nameNode.startIndex;
    const raw = this.text.slice(nameStart, Math.min(nameNode.endIndex, nameStart + 400));
    const split = rule.split === undefined ? undefined : splitName(raw, rule.split);
    const name = cleanName(split?.name ?? raw, rule.strip);
    if (name === '' || rule.match?.test(name) === false) return false;

    let scope = around.scope;
    const inner = rule.scope === undefined ? undefined : followPath(node, rule.scope);
    if (inner !== undefined) scope = join(scope, cleanName(this.text.slice(inner.startIndex, inner.endIndex)));
    if (split !== undefined && split.scope !== '') scope = join(scope, split.scope);
    kind = this.kindInside(kind, name, around, split?.scope ?? '');

    const ownLine = this.line(cursor.startIndex);
    const startLine = leadLine < 0 ? ownLine : Math.min(leadLine, ownLine);
    const endLine = this.line(Math.max(cursor.endIndex - 1, cursor.startIndex));
    const previous = this.definitions[sibling];
    if (this.grammar.merge && previous !== undefined && previous.next === this.definitions.length) {
      if (previous.name === name && previous.kind === kind && previous.scope === scope) {
        this.extend(sibling, endLine);
        return true;
      }
    }
    const definition: Definition = { name, kind, scope, nameLine: this.line(nameStart), startLine, endLine, next: 0 };
    const position = this.definitions.push(definition) - 1;
    definition.next = position + 1;
    const large = endLine - ownLine > wholeLinesMax || cursor.endIndex - cursor.startIndex > wholeBytesMax;
    if (rule.nest ?? (large || !functionLike.has(kind) || rule.nestTexts?.has(word) === true)) {
      const local = around.local || functionLike.has(kind);
      // The scope of what is inside is the whole name: `Outer.Inner`.
      this.children({ scope: qualifiedName(definition), kind, local, depth: around.depth + 1 }, -1, nesting + 1);
      definition.next = this.definitions.length;
    }
    return true;
  }

  private kindInside(kind: SymbolKind, name: string, around: Surroundings, scope: string): SymbolKind {
    const inClass = around.kind !== undefined && methodOwners.has(around.kind);
    const isCallable = kind === 'function' || kind === 'method';
    if (isCallable && inClass && this.grammar.constructors.has(name)) return 'constructor';
    if (kind === 'function' && (inClass || scope !== '')) return 'method';
    if (kind === 'variable' && inClass) return 'field';
    return kind;
  }

  private extend(position: number, endLine: number): void {
    for (let i = position; i < this.definitions.length; i = this.definitions[i]!.next) {
      const definition = this.definitions[i]!;
      if (endLine > definition.endLine && definition.next === this.definitions.length) definition.endLine = endLine;
    }
  }

  private line(index: number): number {
    return lineAt(this.starts, this.lineCount, index);
  }
}

const join = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`);

const words = /[\w.]+/y;

function wordAt(text: string, index: number): string {
  words.lastIndex = index;
  return words.exec(text)?.[0] ?? '';
}
