import type { Node } from 'web-tree-sitter';
import type { SymbolKind } from '../model/index.js';
import {
  functionLike,
  methodOwners,
  nestingMax,
  notLocal,
  qualifiedName,
  wholeBytesMax,
  wholeLinesMax,
} from './definition.js';
import type { Definition } from './definition.js';
import { Action } from './grammar.js';
import type { Grammar, Rule } from './grammar.js';
import type { Hints } from './hints.js';
import type { LineRange } from './lines/line-rules.js';
import { lineAt } from './lines/lines.js';
import { ParentPaths, followAll, followPath, repeatsMax } from './node-path.js';
import type { CursorStep, Reached, Step } from './node-path.js';
import type { ParsedText } from './parser-runtime.js';
import { cleanName, operatorName, splitName } from './symbol-name.js';
import type { Cursor } from './tree-cursor.js';

export interface Walked {
  readonly definitions: Definition[];
  /** Lines that the grammar could not read as what they are. */
  readonly unread: readonly LineRange[];
}

/** A text that was parsed. */
export interface WalkedText {
  readonly text: string;
  readonly hints: Hints;
  /** Starts of its lines in UTF-16 units; lines of the file that were left out of it begin where they were. */
  readonly starts: Uint32Array;
  readonly lineCount: number;
}

/** The definitions of a text. */
export function findDefinitions(tree: ParsedText, source: WalkedText, grammar: Grammar): Walked {
  const cursor = tree.walk();
  const walk = new Walk(cursor, source, grammar, tree.hasError);
  if (grammar.actions[cursor.nodeTypeId]! & Action.unread) walk.markUnread();
  walk.children({ scope: '', kind: undefined, local: false, inner: false, inData: false, depth: 0 }, nowhere, 0);
  cursor.delete();
  return walk;
}

/** A local statement shorter than this is no reason to cut a chunk; most of them are calls. */
const localUnitsMin = 60;

/** Kinds whose names are text, not identifiers. */
const titled: ReadonlySet<SymbolKind> = new Set(['section', 'key', 'rule', 'element', 'test']);

/** What surrounds the nodes being looked at. */
interface Surroundings {
  readonly scope: string;
  /** Kind of the innermost definition around. */
  readonly kind: SymbolKind | undefined;
  readonly local: boolean;
  /** What is found is a symbol, and no chunk is cut for it (see `Definition.inner`). */
  readonly inner: boolean;
  /** In data of a function that is a symbol (see `Rule.localTypes`): what is in it is looked at without a hint. */
  readonly inData: boolean;
  /** How many definitions are around. */
  readonly depth: number;
}

/** Where a definition begins if not at its own node, as an `export` or a decorator around it wants; -1: there. */
interface Lead {
  /** With the comments above it. */
  readonly start: number;
  /** Without. */
  readonly own: number;
}

const nowhere: Lead = { start: -1, own: -1 };

/**
 * What became of a node that has a rule: the rule does not hold; it is recorded; it is data of a function, which nobody looks for;
 * or it is a definition without a name, and these are the surroundings of what is in it.
 */
type Outcome = 'none' | 'defined' | 'local-data' | Surroundings;

interface Name {
  readonly text: string;
  readonly start: number;
  readonly kind: SymbolKind;
  /** What the name itself says it belongs to. */
  readonly owner: string;
}

interface Names {
  readonly names: Name[];
  /** Some are such as none can be. */
  misread: boolean;
}

/**
 * Visits only nodes that can hold definitions. It goes by numeric node types and takes positions of interesting nodes
 * only: every step into WebAssembly costs some 50 ns. The inside of a function is visited where the language's hint
 * occurs in it.
 */
class Walk implements Walked {
  readonly definitions: Definition[] = [];
  readonly unread: LineRange[] = [];
  private readonly text: string;
  private readonly hints: Hints;
  private readonly starts: Uint32Array;
  private readonly lineCount: number;
  /** Of the cursor's node and its siblings. */
  private siblings = new ParentPaths();
  private readonly fromParent = (steps: readonly Step[]): Reached => this.siblings.follow(this.cursor, steps);
  /** Where a text occurs next, after the last place where it was looked for. */
  private readonly nextOf = new Map<string, number>();
  private madeHere: ReadonlySet<string> | undefined;

  constructor(
    private readonly cursor: Cursor,
    { text, hints, starts, lineCount }: WalkedText,
    private readonly grammar: Grammar,
    /** Whether there is something that the grammar could not read. */
    private readonly hasErrors: boolean,
  ) {
    this.text = text;
    this.hints = hints;
    this.starts = starts;
    this.lineCount = lineCount;
  }

  /** Looks at the children of the cursor's node. `lead` is where the first definition inside begins. */
  children(around: Surroundings, leadOfFirst: Lead, nesting: number): void {
    const { cursor } = this;
    if (nesting > nestingMax || !cursor.gotoFirstChild()) return;
    const { actions } = this.grammar;
    const outer = this.siblings;
    this.siblings = new ParentPaths();
    let lead = leadOfFirst;
    // Comments and attributes waiting for a definition right below them.
    let aboveStart = -1;
    let aboveEnd = -1;
    let attributeStart = -1;
    let sibling = -1;
    do {
      const type = cursor.nodeTypeId;
      const action = actions[type]!;
      if (action === 0) {
        aboveStart = attributeStart = -1;
        continue;
      }
      if (action & Action.above) {
        const start = this.line(cursor.startIndex);
        const previous = this.definitions[sibling];
        if (previous === undefined || start > previous.endLine) {
          if (aboveStart < 0 || start > aboveEnd + 1) aboveStart = start;
          aboveEnd = this.line(cursor.endIndex - 1);
        }
        if (action & Action.attribute && attributeStart < 0) attributeStart = start;
        if (!(action & (Action.into | Action.define))) continue;
      }
      if (action & Action.tail && sibling >= 0) {
        this.extend(sibling, this.line(cursor.endIndex - 1));
        continue;
      }
      if (action & Action.unread && !around.local) this.markUnread();
      const before = this.definitions.length;
      let first = lead;
      if (aboveStart >= 0 || attributeStart >= 0) {
        const line = this.line(cursor.startIndex);
        const start = aboveStart >= 0 && aboveEnd + 1 >= line ? aboveStart : -1;
        first = { start: earlier(lead.start, start), own: earlier(lead.own, attributeStart) };
      }
      const rules = action & Action.define ? this.grammar.rules[type] : undefined;
      const outcome = rules === undefined ? 'none' : this.define(rules, around, first, sibling, nesting);
      // An attribute that is no definition still belongs to what is below it.
      if (outcome === 'none' && action & Action.above && !(action & Action.into)) continue;
      if (outcome !== 'defined') {
        if (typeof outcome === 'object') this.children(outcome, first, nesting + 1);
        else if (action & (Action.into | Action.inside) || outcome === 'local-data') {
          this.lookInto(action, around, first, nesting);
        }
      }
      if (this.definitions.length > before) {
        sibling = before;
        lead = nowhere;
      }
      aboveStart = attributeStart = -1;
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
    this.siblings = outer;
  }

  /** Notes that the lines of the cursor's node are to be read in another way. */
  markUnread(): void {
    const { startIndex, endIndex } = this.cursor;
    this.unread.push({ from: this.line(startIndex), to: this.line(Math.max(endIndex - 1, startIndex)) });
  }

  /** Looks into a node that is no definition itself. */
  private lookInto(action: number, around: Surroundings, lead: Lead, nesting: number): void {
    const { cursor } = this;
    let { local, inner } = around;
    if (!inner) {
      const short = local && around.kind !== 'test' && cursor.endIndex - cursor.startIndex < localUnitsMin;
      inner = (action & Action.into) === 0 || short;
    }
    // Members of a local class look like anything.
    if (inner && !around.inData && !isOwner(around.kind) && !this.hints.occurs(cursor.startIndex, cursor.endIndex))
      return;
    let { kind } = around;
    if (action & Action.local) {
      local = true;
      // What stands in a function without a name is no member of the class around it.
      if (isOwner(kind)) kind = undefined;
    }
    let first = lead;
    if (action & Action.wrap) {
      const own = this.line(cursor.startIndex);
      first = { start: lead.start < 0 ? own : lead.start, own: earlier(lead.own, own) };
    }
    const same = local === around.local && inner === around.inner && kind === around.kind;
    this.children(same ? around : { ...around, kind, local, inner }, first, nesting + 1);
  }

  private define(rules: readonly Rule[], around: Surroundings, lead: Lead, sibling: number, nesting: number): Outcome {
    let outcome: Outcome = 'none';
    for (const rule of rules) {
      outcome = this.defineBy(rule, around, lead, sibling, nesting);
      if (outcome !== 'none') break;
    }
    return outcome;
  }

  /** Records the cursor's node if the rule holds, and what is defined in it. */
  private defineBy(given: Rule, around: Surroundings, lead: Lead, sibling: number, nesting: number): Outcome {
    const { declared } = given;
    const isDeclared = declared !== undefined && wordAt(this.text, this.cursor.startIndex) === declared.word;
    const rule = isDeclared ? declared.rule : given;
    if (around.depth >= rule.depthMax || (rule.within !== undefined && rule.within !== around.kind)) return 'none';
    const { cursor } = this;
    if (this.isPlainData(rule, around)) return 'none';
    // Most calls are no definitions: their first word tells before anything is made of the node.
    const word = rule.texts === undefined ? '' : wordAt(this.text, cursor.startIndex);
    if (rule.texts !== undefined && !rule.texts.has(word)) return 'none';
    if (rule.holds !== undefined && !this.hasText(rule.holds)) return 'none';
    // Of most definitions the cursor alone tells all.
    let made: Node | undefined;
    const nodeOf = (): Node => (made ??= cursor.currentNode);
    if (rule.needs !== undefined && followPath(nodeOf(), rule.needs, this.fromParent) === undefined) return 'none';
    const at = rule.kindAt === undefined ? undefined : followPath(nodeOf(), rule.kindAt, this.fromParent);
    const kind = (at === undefined ? rule.texts?.get(word) : rule.types?.get(at.type)) ?? rule.kind;
    if (kind === undefined && (rule.kindAt !== undefined || rule.types === undefined)) return 'none';
    const ownsMembers = isOwner(around.kind);
    const isLocalData = (of: SymbolKind): boolean =>
      around.local && !ownsMembers && !rule.member && !rule.lasting && (rule.notLocal || notLocal.has(of));
    const isKept = at !== undefined && rule.localTypes?.has(at.type) === true && at.namedChildCount > 0;
    if (kind !== undefined && isLocalData(kind) && !isKept) return 'local-data';
    const { names, misread } =
      rule.byCursor === undefined ? this.namesOf(rule, nodeOf(), kind) : this.namesByCursor(rule, rule.byCursor, kind);
    const first = names[0];
    if (first === undefined) {
      if (misread) {
        if (!around.local) this.markUnread();
      } else if (kind === undefined || rule.match !== undefined) return 'none';
      const local = around.local || (kind !== undefined && functionLike.has(kind));
      return this.within(around, { kind: kind ?? around.kind, local, inner: around.inner || (local && !around.local) });
    }
    const localData = isLocalData(first.kind);
    if (localData && !isKept) return 'local-data';
    if (rule.owned && notLocal.has(first.kind) && first.owner !== '' && !this.isMadeHere(first.owner))
      return 'local-data';
    // `const f = function f() {}` is one definition.
    const outer = this.definitions[this.definitions.length - 1];
    if (outer?.name === first.text && outer.endLine === this.endLine() && around.scope === qualifiedName(outer))
      return 'none';

    const scopeNode = rule.scope === undefined ? undefined : followPath(nodeOf(), rule.scope, this.fromParent);
    let scope = rule.member ? around.scope.slice(0, Math.max(0, around.scope.lastIndexOf('.'))) : around.scope;
    if (scopeNode !== undefined)
      scope = join(scope, cleanName(this.text.slice(scopeNode.startIndex, scopeNode.endIndex)));
    const nodeStart = this.line(cursor.startIndex);
    const startLine = lead.start < 0 ? nodeStart : Math.min(lead.start, nodeStart);
    const ownLine = lead.own < 0 ? nodeStart : Math.min(lead.own, nodeStart);
    const endLine = this.endLine();
    for (const name of names) {
      const full = name.owner === '' ? scope : join(scope, name.owner);
      const definition: Definition = {
        name: name.text,
        kind: this.kindInside(name.kind, name.text, around, name.owner),
        scope: full,
        nameLine: this.line(name.start),
        startLine,
        ownLine,
        endLine,
        next: 0,
        inner: around.inner || localData || rule.inner,
      };
      const previous = this.definitions[sibling];
      if (this.grammar.merge && previous !== undefined && previous.next === this.definitions.length) {
        if (previous.name === definition.name && previous.kind === definition.kind && previous.scope === full) {
          this.extend(sibling, endLine);
          return 'defined';
        }
      }
      definition.next = this.definitions.push(definition);
      if (name !== first) continue;
      const large = endLine - nodeStart > wholeLinesMax || cursor.endIndex - cursor.startIndex > wholeBytesMax;
      const isFunction = functionLike.has(definition.kind);
      // Where a function that the parser stumbled in is long, it may have swallowed what follows it.
      if (large && isFunction && nodeOf().hasError)
        this.unread.push({ from: nodeStart + 1, to: endLine, within: nodeStart });
      const isCut = rule.nest ?? (large || !isFunction || rule.nestTexts?.has(word) === true);
      const inner = definition.inner || !isCut;
      if (rule.opens !== undefined && !this.hasText(rule.opens) && !(this.hasErrors && nodeOf().hasError)) continue;
      if (!inner || !isFunction || this.hints.occurs(name.start + name.text.length, cursor.endIndex)) {
        const local = around.local || isFunction;
        // The scope of what is inside is the whole name: `Outer.Inner`.
        const inside = rule.flat ? around.scope : qualifiedName(definition);
        this.children(
          { scope: inside, kind: definition.kind, local, inner, inData: localData, depth: around.depth + 1 },
          nowhere,
          nesting + 1,
        );
        definition.next = this.definitions.length;
      }
    }
    return 'defined';
  }

  /**
   * The cursor is at data in a function, in which nothing is defined: nothing is made of its node, as most are such. An object that is kept
   * has a brace.
   */
  private isPlainData(rule: Rule, { inner, local, inData, kind }: Surroundings): boolean {
    if (rule.kindAt === undefined || !inner || !local || inData || isOwner(kind)) return false;
    if (rule.kind !== undefined && !notLocal.has(rule.kind)) return false;
    const { startIndex, endIndex } = this.cursor;
    if (this.hints.occurs(startIndex, endIndex)) return false;
    if (rule.localTypes === undefined) return true;
    return !this.text.slice(startIndex, endIndex).includes('{');
  }

  private within(around: Surroundings, changes: Partial<Surroundings>): Outcome {
    const inside = { ...around, ...changes };
    const { startIndex, endIndex } = this.cursor;
    return inside.inner && !this.hints.occurs(startIndex, endIndex) ? 'none' : inside;
  }

  /** The names that a node defines; `misread` where it has some that none can be. */
  private namesOf(rule: Rule, node: Node, kind: SymbolKind | undefined): Names {
    const found: Names = { names: [], misread: false };
    const kindOn = (way: readonly Node[]): SymbolKind | undefined => {
      if (rule.kindAt !== undefined || rule.types === undefined) return kind;
      for (const { type } of way) {
        const known = rule.types.get(type);
        if (known !== undefined) return known;
      }
      return kind;
    };
    if (rule.many) {
      const all = followAll(node, rule.name);
      const reached = rule.notFirst ? all.filter(({ node: at }) => at.previousNamedSibling !== null) : all;
      if (rule.join === undefined)
        for (const { node: at, way } of reached) this.addName(found, rule, at.startIndex, at.endIndex, kindOn(way));
      else if (reached.length > 0) {
        const parts = reached.map(({ node: at }) => cleanName(this.text.slice(at.startIndex, at.endIndex)));
        this.addName(found, rule, reached[0]!.node.startIndex, reached[0]!.node.endIndex, kind, parts.join(rule.join));
      }
      return found;
    }
    const way: Node[] = [];
    const at = followPath(node, rule.name, this.fromParent, rule.types && ((step) => way.push(step)));
    if (at !== undefined) this.addName(found, rule, at.startIndex, at.endIndex, kindOn(way));
    else if (rule.default !== undefined)
      this.addName(found, rule, node.startIndex, node.startIndex, kind, rule.default);
    return found;
  }

  /** The same by the cursor: making a node costs as much as ten of its steps. */
  private namesByCursor(rule: Rule, path: readonly (readonly CursorStep[])[], kind: SymbolKind | undefined): Names {
    const found: Names = { names: [], misread: false };
    const { cursor } = this;
    const kinds = rule.kindAt === undefined ? rule.typeKinds : undefined;
    let reached = false;
    /** How many nodes the cursor is below the definition's, and the kind that the first known type on the way says. */
    const follow = (
      steps: readonly CursorStep[],
      index: number,
      below: number,
      known: SymbolKind | undefined,
    ): void => {
      const step = steps[index];
      if (step === undefined) {
        if (below === 0) return;
        reached = true;
        this.addName(found, rule, cursor.startIndex, cursor.endIndex, known ?? kind);
        return;
      }
      const kindHere = (before: SymbolKind | undefined): SymbolKind | undefined =>
        kinds === undefined ? undefined : (before ?? kinds.get(cursor.nodeTypeId));
      if (step.op === 'field' && step.times === 'each') {
        if (!cursor.gotoFirstChild()) return;
        do {
          if (cursor.currentFieldId === step.id && cursor.nodeIsNamed)
            follow(steps, index + 1, below + 1, kindHere(known));
        } while (cursor.gotoNextSibling());
        cursor.gotoParent();
        return;
      }
      const max = step.times === 'while' ? repeatsMax : 1;
      let depth = 0;
      let first = known;
      for (; depth < max && (step.op === 'nth' ? this.gotoNamed(step.n) : this.gotoField(step.id)); depth++)
        first = kindHere(first);
      if (depth > 0 || step.times === 'while') follow(steps, index + 1, below + depth, first);
      while (depth-- > 0) cursor.gotoParent();
    };
    for (const steps of path) {
      follow(steps, 0, 0, undefined);
      if (reached) break;
    }
    return found;
  }

  /** Moves the cursor to a named child, one level down; otherwise it stays. */
  private gotoNamed(n: number): boolean {
    const { cursor } = this;
    if (!cursor.gotoFirstChild()) return false;
    let left = n;
    do {
      if (cursor.nodeIsNamed && left-- === 0) return true;
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
    return false;
  }

  /** Moves the cursor to the first child that is the field, one level down; otherwise it stays. */
  private gotoField(id: number): boolean {
    const { cursor } = this;
    const { wrapping, ending } = this.grammar;
    if (ending.size > 0 && ending.has(cursor.nodeTypeId)) return false;
    if (!cursor.gotoFirstChild()) return false;
    do {
      if (cursor.currentFieldId === id) return true;
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
    if (wrapping.size === 0 || !wrapping.has(cursor.nodeTypeId)) return false;
    let last = -1;
    cursor.gotoFirstChild();
    for (let i = 0; i === 0 || cursor.gotoNextSibling(); i++) if (cursor.nodeIsNamed) last = i;
    cursor.gotoParent();
    if (last < 0) return false;
    cursor.gotoFirstChild();
    while (last-- > 0) cursor.gotoNextSibling();
    return true;
  }

  private addName(
    found: Names,
    rule: Rule,
    start: number,
    end: number,
    kind: SymbolKind | undefined,
    joined?: string,
  ): void {
    if (kind === undefined) return;
    const raw = joined ?? this.text.slice(start, Math.min(end, start + 400));
    // Most names are plain words, of which nothing is to be taken.
    const isPlain = rule.split === undefined && plainName.test(raw) && raw !== 'operator';
    const split = rule.split === undefined ? undefined : splitName(raw, rule.split);
    const text = rule.prefix + (isPlain ? raw : operatorName(cleanName(split?.name ?? raw, rule.strip)));
    if (text === '' || rule.match?.test(text) === false) return;
    // Of `hash<Key>` people look for `hash`.
    const bare = isPlain || titled.has(kind) ? text : text.replace(templateArguments, '$1');
    const isName = titled.has(kind) || raw.startsWith('`') || this.grammar.names.test(bare);
    if (isName && !/\s/.test(split?.scope ?? '')) {
      found.names.push({ text: bare, start, kind, owner: split?.scope ?? '' });
    } else found.misread = true;
  }

  /** Whether a text occurs in the cursor's node. Asked in the order of the text, so that each stretch is searched once. */
  private hasText(text: string): boolean {
    if (text === '') return false;
    const { startIndex, endIndex } = this.cursor;
    let next = this.nextOf.get(text) ?? -1;
    if (next < startIndex) {
      next = this.text.indexOf(text, startIndex);
      if (next < 0) next = Infinity;
      this.nextOf.set(text, next);
    }
    return next < endIndex;
  }

  /** Whether an owner of what is given to it is made in this text, or is what the text is for, as modules are: it returns it. */
  private isMadeHere(owner: string): boolean {
    this.madeHere ??= namesMade(this.text);
    return this.madeHere.has(owner.split('.', 1)[0]!);
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

  /** Last line of the cursor's node. */
  private endLine(): number {
    return this.line(Math.max(this.cursor.endIndex - 1, this.cursor.startIndex));
  }

  private line(index: number): number {
    return lineAt(this.starts, this.lineCount, index);
  }
}

/** Whether what stands right inside is a member: a class, an enum, a namespace, not a function or data. */
const isOwner = (kind: SymbolKind | undefined): boolean =>
  kind !== undefined && !functionLike.has(kind) && !notLocal.has(kind);

const join = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`);

/** The smaller of two lines, of which either may be -1 for none. */
const earlier = (a: number, b: number): number => (a < 0 ? b : b < 0 ? a : Math.min(a, b));

/** A prefix that a rule gives leaves it plain. */
const plainName = /^[A-Za-z_$][\w$]*$/;

const templateArguments = /^(?!operator\b)([\p{ID_Start}_][\p{ID_Continue}]*)\s*<.*>$/su;

/** Elixir's `@type` is one. */
const words = /@?[\w.]+/y;

function wordAt(text: string, index: number): string {
  words.lastIndex = index;
  return words.exec(text)?.[0] ?? '';
}

const made =
  /(?<![^\s=,;(){}"'])[^\s=,;(){}"']+(?=(?:\s*,[\s\w,]{0,200})?\s*=\s*(?:\{|setmetatable\b|[\w.]+\s+or\s*\{))/g;
const returned = /^return[^\S\n]+(?:setmetatable[^\S\n]*\([^\S\n]*)?(\p{ID_Continue}+)/gmu;

/** The names that Lua gives a table somewhere in a text, or returns: found in one pass, as each of its lines may have another. */
const namesMade = (text: string): ReadonlySet<string> =>
  new Set([...(text.match(made) ?? []), ...Array.from(text.matchAll(returned), ([, name]) => name!)]);
