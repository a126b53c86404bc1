import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import type { Language } from 'web-tree-sitter';
import { symbolKinds } from '../model/index.js';
import type { SymbolKind } from '../model/index.js';
import { compileLineRules } from './lines/line-rules.js';
import type { LineRule, LineRuleSources } from './lines/line-rules.js';
import { barelyWrapping, cursorPath, endsPaths, hasEach, parsePath } from './node-path.js';
import type { CursorStep, NodePath } from './node-path.js';
import type { ParserRuntime, TextParser } from './parser-runtime.js';

/** What the walk does at a node of some type; bits. */
export const Action = {
  /** Looks at its children. */
  into: 1,
  /** And the first definition inside begins where this node begins (`export`, decorators, `template <>`). */
  wrap: 2,
  /** And what is defined inside is local: only functions, classes and tests count. */
  local: 4,
  /** A comment or attribute: belongs to the definition right below. */
  above: 8,
  /** May be a definition. */
  define: 16,
  /** Belongs to the definition before it (a function's body that is its signature's sibling). */
  tail: 32,
  /** Looked into for symbols only: what is found there cuts no chunk. */
  inside: 64,
  /** With `above`: an attribute or decorator, which is part of the declaration, not a comment. */
  attribute: 128,
  /** Where it stands outside of functions, the grammar was misled: its lines are read by rules. */
  unread: 256,
} as const;

/** A rule of `symbols.json`; the format is described in grammars/README.md. */
interface RuleSource {
  readonly kind?: SymbolKind;
  readonly name?: string;
  readonly scope?: string;
  readonly needs?: string;
  readonly split?: string;
  readonly strip?: string;
  readonly kindAt?: string;
  readonly types?: Readonly<Record<string, SymbolKind>>;
  readonly texts?: Readonly<Record<string, SymbolKind>>;
  readonly nest?: boolean;
  readonly nestTexts?: readonly string[];
  readonly match?: string;
  readonly depthMax?: number;
  readonly within?: SymbolKind;
  readonly join?: string;
  readonly prefix?: string;
  readonly default?: string;
  readonly flat?: boolean;
  readonly localTypes?: readonly string[];
  readonly inner?: boolean;
  readonly member?: boolean;
  readonly holds?: string;
  readonly opens?: string;
  readonly leaf?: boolean;
  readonly notFirst?: boolean;
  readonly notLocal?: boolean;
  readonly lasting?: boolean;
  readonly owned?: boolean;
  readonly declares?: Readonly<Record<string, readonly string[]>>;
}

interface SymbolTable {
  readonly into?: readonly string[];
  readonly wrap?: readonly string[];
  readonly local?: readonly string[];
  readonly above?: readonly string[];
  readonly tail?: readonly string[];
  readonly constructors?: readonly string[];
  /** Neighbours of one name, kind and scope are one definition: overloads, equations, clauses. */
  readonly merge?: boolean;
  readonly inside?: readonly string[];
  readonly closures?: readonly string[];
  readonly unread?: readonly string[];
  readonly hint?: string;
  readonly names?: string;
  readonly lines?: LineRuleSources;
  /** What begins a list of constants, for `lines`. */
  readonly enumerations?: string;
  /** Whether they read the whole text, not just what the grammar could not read. */
  readonly linesEverywhere?: boolean;
  readonly define: Readonly<Record<string, SymbolKind | RuleSource | readonly RuleSource[]>>;
}

export interface Rule {
  readonly kind: SymbolKind | undefined;
  readonly name: NodePath;
  readonly scope: NodePath | undefined;
  readonly needs: NodePath | undefined;
  readonly split: string | undefined;
  readonly strip: string | undefined;
  readonly kindAt: NodePath | undefined;
  readonly types: ReadonlyMap<string, SymbolKind> | undefined;
  readonly texts: ReadonlyMap<string, SymbolKind> | undefined;
  readonly nest: boolean | undefined;
  readonly nestTexts: ReadonlySet<string> | undefined;
  readonly match: RegExp | undefined;
  readonly depthMax: number;
  /** Kind that the definition around must have. */
  readonly within: SymbolKind | undefined;
  /** All names that the path leads to make one, joined by this. */
  readonly join: string | undefined;
  /** What the name begins with beside what the path leads to. */
  readonly prefix: string;
  /** Its name where the path leads nowhere. */
  readonly default: string | undefined;
  /** Whether the path to the name leads to several nodes, each a name. */
  readonly many: boolean;
  /** What it defines belongs to what is around it, not to a scope of its own. */
  readonly flat: boolean;
  /** Types, at the node that `kindAt` leads to, of data that is a symbol even in a function, unless it is empty; such a one cuts no chunk. */
  readonly localTypes: ReadonlySet<string> | undefined;
  /** No chunk is cut for it, wherever it stands. */
  readonly inner: boolean;
  /** It belongs to what is around the function that it stands in, as parameters of a constructor do that are properties. Is `inner`. */
  readonly member: boolean;
  /** In a function it is data, whatever it looks like. */
  readonly notLocal: boolean;
  /** In a function or block it is no data of that: it is there after it. */
  readonly lasting: boolean;
  /** Of data that is given to an owner, only what the text's own owners get is a definition: others' attributes are only set. */
  readonly owned: boolean;
  /** Where its node begins with this word, another rule holds instead. */
  readonly declared: { readonly word: string; readonly rule: Rule } | undefined;
  /** What comes first is no name, but what they are names of. */
  readonly notFirst: boolean;
  /** What the node's text must have for the rule to hold. */
  readonly holds: string | undefined;
  /** What the node's text must have for anything to be defined in it; empty: nothing is. */
  readonly opens: string | undefined;
  /** The path to the name, where the cursor can take it. */
  readonly byCursor: readonly (readonly CursorStep[])[] | undefined;
  /** As `types`, by the number of the node's type. */
  readonly typeKinds: ReadonlyMap<number, SymbolKind> | undefined;
}

/** A loaded language: its parser and, per node type id, what the walk does. */
export interface Grammar {
  readonly language: string;
  readonly parser: TextParser;
  readonly actions: Uint16Array;
  readonly rules: readonly (readonly Rule[] | undefined)[];
  /** Numbers of the types `barelyWrapping` and `endsPaths`. */
  readonly wrapping: ReadonlySet<number>;
  readonly ending: ReadonlySet<number>;
  readonly constructors: ReadonlySet<string>;
  readonly merge: boolean;
  /** What the inside of a function must have somewhere to be looked into. */
  readonly hint: RegExp | undefined;
  /** What a name must be like; anything else is misparsed. */
  readonly names: RegExp;
  /** For what the grammar cannot read. */
  readonly lines: readonly LineRule[];
  /** What, in a line that they read, begins a list of constants. */
  readonly enumerations: RegExp | undefined;
  /** Whether they read the whole text. */
  readonly linesEverywhere: boolean;
}

/** Languages that are read with another one's grammar. */
const sharedGrammars: Readonly<Record<string, string>> = { jsx: 'javascript' };

/** The grammar of a language, or undefined when we have none. Compiling its WebAssembly takes some 10 ms. Throws when it is there and does not load. */
export function loadGrammar(runtime: ParserRuntime, language: string): Grammar | undefined {
  const name = sharedGrammars[language] ?? language;
  known ??= new Set(Object.keys(JSON.parse(readFileSync(join(grammarsFolder(), 'sources.json'), 'utf8')) as object));
  if (!known.has(name)) return undefined;
  const folder = join(grammarsFolder(), name);
  const wasm = runtime.loadLanguage(readGrammar(folder));
  const table = JSON.parse(readFileSync(join(folder, 'symbols.json'), 'utf8')) as SymbolTable;
  return compile(language, runtime.createParser(wasm), wasm, table);
}

/** In a package grammars are compressed, to a tenth and less: unpacking the largest takes 14 ms, loading it more. */
function readGrammar(folder: string): Uint8Array {
  const packed = join(folder, 'grammar.wasm.br');
  return existsSync(packed) ? brotliDecompressSync(readFileSync(packed)) : readFileSync(join(folder, 'grammar.wasm'));
}

let folder: string | undefined;
/** Languages that have a grammar; a list, so that one that is not there is missed. */
let known: Set<string> | undefined;

/** The folder `grammars` beside the first parent folder that has one: sources and bundle lie at different depths. */
function grammarsFolder(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); folder === undefined; at = dirname(at)) {
    if (existsSync(join(at, 'grammars', 'sources.json'))) folder = join(at, 'grammars');
    else if (dirname(at) === at) folder = join(at, 'grammars');
  }
  return folder;
}

const errorTypeId = 0xffff;

/**
 * Identifiers hold neither white space nor brackets; operators may be of any other punctuation, and `[]` is one. A language that has
 * other names says so in its table.
 */
const ordinaryNames = '^(?:[\\p{ID_Continue}$@#~?!\'][^\\s()\\[\\]{}<>;,"]*|[^\\s\\w()\\[\\]{};,"]+|\\[\\]=?)$';

function compile(name: string, parser: TextParser, language: Language, table: SymbolTable): Grammar {
  const actions = new Uint16Array(errorTypeId + 1);
  const rules: (readonly Rule[] | undefined)[] = [];
  // One name can have several ids (aliases), and anonymous tokens may share it.
  const idsByName = new Map<string, number[]>();
  for (let id = 0; id < language.nodeTypeCount; id++) {
    if (!language.nodeTypeIsNamed(id)) continue;
    const type = language.nodeTypeForId(id) ?? '';
    const ids = idsByName.get(type);
    if (ids === undefined) idsByName.set(type, [id]);
    else ids.push(id);
  }
  const each = (names: readonly string[] | undefined, visit: (typeId: number, name: string) => void): void => {
    for (const name of names ?? []) {
      const ids = idsByName.get(name);
      if (ids === undefined) throw new Error(`symbols.json of ${language.name ?? 'a grammar'}: no node type ${name}`);
      for (const id of ids) visit(id, name);
    }
  };
  const mark = (names: readonly string[] | undefined, bits: number): void =>
    each(names, (id) => void (actions[id]! |= bits));
  mark(table.into, Action.into);
  mark(table.wrap, Action.into | Action.wrap);
  mark(table.local, Action.into | Action.local);
  mark(table.inside, Action.inside);
  mark(table.closures, Action.inside | Action.local);
  mark(table.unread, Action.unread);
  each(table.above, (id, name) => {
    actions[id]! |= /comment|haddock/.test(name) ? Action.above : Action.above | Action.attribute;
  });
  mark(table.tail, Action.tail);
  actions[errorTypeId] = Action.into | Action.unread;
  each(Object.keys(table.define), (id, name) => {
    actions[id]! |= Action.define;
    const sources = table.define[name]!;
    rules[id] = (Array.isArray(sources) ? (sources as RuleSource[]) : [sources as SymbolKind | RuleSource]).map(
      (source) => compileRule(language, source),
    );
  });
  return {
    language: name,
    parser,
    actions,
    rules,
    wrapping: idsOf(language, barelyWrapping),
    ending: idsOf(language, endsPaths),
    constructors: new Set(table.constructors),
    merge: table.merge ?? false,
    hint: table.hint === undefined ? undefined : new RegExp(table.hint, 'gu'),
    names: new RegExp(table.names ?? ordinaryNames, 'u'),
    lines: compileLineRules(table.lines ?? []),
    enumerations: table.enumerations === undefined ? undefined : new RegExp(table.enumerations, 'u'),
    linesEverywhere: table.linesEverywhere ?? false,
  };
}

function idsOf(language: Language, names: ReadonlySet<string>): Set<number> {
  const ids = new Set<number>();
  for (let id = 0; id < language.nodeTypeCount; id++) if (names.has(language.nodeTypeForId(id) ?? '')) ids.add(id);
  return ids;
}

function kindsByTypeId(language: Language, types: Readonly<Record<string, SymbolKind>>): Map<number, SymbolKind> {
  const kinds = new Map<number, SymbolKind>();
  for (let id = 0; id < language.nodeTypeCount; id++) {
    const kind = types[language.nodeTypeForId(id) ?? ''];
    if (kind !== undefined) kinds.set(id, kind);
  }
  return kinds;
}

function compileRule(language: Language, source: SymbolKind | RuleSource): Rule {
  const rule: RuleSource = typeof source === 'string' ? { kind: source } : source;
  for (const kind of [rule.kind, ...Object.values(rule.types ?? {}), ...Object.values(rule.texts ?? {})]) {
    if (kind !== undefined && !symbolKinds.includes(kind)) throw new Error(`symbols.json: no symbol kind ${kind}`);
  }
  const path = (text: string | undefined): NodePath | undefined =>
    text === undefined ? undefined : parsePath(language, text);
  const name = parsePath(language, rule.name ?? 'name');
  return {
    kind: rule.kind,
    name,
    scope: path(rule.scope),
    needs: path(rule.needs),
    split: rule.split,
    strip: rule.strip,
    kindAt: path(rule.kindAt),
    types: rule.types === undefined ? undefined : new Map(Object.entries(rule.types)),
    texts: rule.texts === undefined ? undefined : new Map(Object.entries(rule.texts)),
    nest: rule.nest,
    nestTexts: rule.nestTexts === undefined ? undefined : new Set(rule.nestTexts),
    match: rule.match === undefined ? undefined : new RegExp(rule.match, 'u'),
    depthMax: rule.depthMax ?? Infinity,
    within: rule.within,
    join: rule.join,
    prefix: rule.prefix ?? '',
    default: rule.default,
    many: hasEach(name),
    flat: rule.flat ?? false,
    localTypes: rule.localTypes === undefined ? undefined : new Set(rule.localTypes),
    inner: (rule.inner ?? false) || (rule.member ?? false),
    member: rule.member ?? false,
    notFirst: rule.notFirst ?? false,
    notLocal: rule.notLocal ?? false,
    lasting: rule.lasting ?? false,
    owned: rule.owned ?? false,
    declared: declaredBy(language, rule),
    holds: rule.holds,
    opens: rule.leaf === true ? '' : rule.opens,
    byCursor:
      rule.join === undefined && rule.default === undefined && rule.notFirst !== true ? cursorPath(name) : undefined,
    typeKinds: rule.types === undefined ? undefined : kindsByTypeId(language, rule.types),
  };
}

/** The rule for what is only declared: without the types that are definitions elsewhere. */
function declaredBy(language: Language, { declares, ...rule }: RuleSource): Rule['declared'] {
  const first = Object.entries(declares ?? {})[0];
  if (first === undefined) return undefined;
  const [word, types] = first;
  const left = Object.entries(rule.types ?? {}).filter(([type]) => !types.includes(type));
  return { word, rule: compileRule(language, { ...rule, types: Object.fromEntries(left) }) };
}
