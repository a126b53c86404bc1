import type { AST } from '@eslint-community/regexpp';
import { bytesOfCharacter } from './pattern-fold.js';
import { allPlan, andPlans, nonePlan, orPlans, planOfBytes } from './pattern-grams.js';
import type { GramPlan } from './pattern-grams.js';
import { isSurrogate } from './pattern-syntax.js';
import type { PatternSyntax } from './pattern-syntax.js';

/** Strings in a set beyond which it is given up for what it says about grams. */
const setSizeMax = 32;
/** Bytes of all strings of an exact set beyond which it is given up. */
const exactBytesMax = 512;
/** Characters of a class that are looked at one by one. */
const classSizeMax = 16;
/** Repetitions of a quantifier that are spelled out. */
const repeatMax = 4;

/** The gram plan of a regular expression. */
export function planOfPattern(syntax: PatternSyntax, ignoreCase: boolean): GramPlan {
  return planOf(new Analysis(syntax.unicode, ignoreCase).alternatives(syntax.tree.alternatives));
}

/** The gram plan of literal text (matched by UTF-16 units when case is ignored). */
export function planOfLiteral(text: string, ignoreCase: boolean): GramPlan {
  if (text.includes('\n')) return nonePlan;
  const analysis = new Analysis(false, ignoreCase);
  return planOf(analysis.characters(Array.from(text, (character) => character.codePointAt(0)!)));
}

/**
 * What is known of the texts that a part of the pattern matches, after Russ Cox, "Regular Expression Matching
 * with a Trigram Index". Strings are of bytes, ASCII lower-cased, one character being one byte.
 */
interface Known {
  /** All the texts it matches, if they are few. */
  readonly exact?: ReadonlySet<string>;
  /** Each text it matches begins (ends) with one of these; equal to `exact` when that is there. */
  readonly prefix: ReadonlySet<string>;
  readonly suffix: ReadonlySet<string>;
  /** What holds for any text in which it matches, beside what the sets say. */
  readonly plan: GramPlan;
}

const unknown: Known = { prefix: new Set(['']), suffix: new Set(['']), plan: allPlan };
const emptyText = exactly(['']);
const nothing = exactly([]);

function exactly(strings: Iterable<string>, plan: GramPlan = allPlan): Known {
  const exact = new Set(strings);
  return { exact, prefix: exact, suffix: exact, plan };
}

function planOf(known: Known): GramPlan {
  return andPlans([known.plan, planOfSet(known.prefix), planOfSet(known.suffix)]);
}

/** One of the strings occurs. */
function planOfSet(strings: ReadonlySet<string>): GramPlan {
  for (const string of strings) if (string.length < 3) return allPlan;
  return orPlans([...strings].map(planOfBytes));
}

function concat(a: Known, b: Known): Known {
  if (isNothing(a) || isNothing(b)) return nothing;
  const plan = andPlans([a.plan, b.plan]);
  if (a.exact && b.exact) {
    const exact = cross(a.exact, b.exact);
    if (exact !== undefined && bytesOf(exact) <= exactBytesMax) return exactly(exact, plan);
  }
  const across = a.suffix.size * b.prefix.size <= setSizeMax ? cross(a.suffix, b.prefix) : undefined;
  const prefix = (a.exact && cross(a.exact, b.prefix)) ?? a.prefix;
  const suffix = (b.exact && cross(a.suffix, b.exact)) ?? b.suffix;
  return trimmed({
    prefix: a.exact || !a.prefix.has('') ? prefix : new Set(['']),
    suffix: b.exact || !b.suffix.has('') ? suffix : new Set(['']),
    plan: andPlans([plan, across === undefined ? allPlan : planOfSet(across)]),
  });
}

function either(a: Known, b: Known): Known {
  if (isNothing(a)) return b;
  if (isNothing(b)) return a;
  if (a.exact && b.exact && a.plan.kind === 'all' && b.plan.kind === 'all') {
    const exact = new Set([...a.exact, ...b.exact]);
    if (exact.size <= setSizeMax) return exactly(exact);
  }
  return trimmed({
    prefix: new Set([...a.prefix, ...b.prefix]),
    suffix: new Set([...a.suffix, ...b.suffix]),
    plan: orPlans([planOf(a), planOf(b)]),
  });
}

/** Moves what the sets say into the plan and keeps of their strings only what can still form a gram with a neighbour. */
function trimmed(known: Known): Known {
  return {
    prefix: shorten(known.prefix, (string, length) => string.slice(0, length)),
    suffix: shorten(known.suffix, (string, length) => (length === 0 ? '' : string.slice(-length))),
    plan: planOf(known),
  };
}

function shorten(strings: ReadonlySet<string>, cut: (string: string, length: number) => string): ReadonlySet<string> {
  let short = strings;
  for (let length = 2; length >= 0; length--) {
    short = new Set([...strings].map((string) => cut(string, length)));
    if (short.size <= setSizeMax) break;
  }
  return short.has('') ? new Set(['']) : short;
}

function cross(heads: ReadonlySet<string>, tails: ReadonlySet<string>): Set<string> | undefined {
  if (heads.size * tails.size > setSizeMax) return undefined;
  const strings = new Set<string>();
  for (const head of heads) for (const tail of tails) strings.add(head + tail);
  return strings;
}

const isNothing = (known: Known): boolean => known.exact?.size === 0 || known.plan.kind === 'none';

function bytesOf(strings: ReadonlySet<string>): number {
  let sum = 0;
  for (const string of strings) sum += string.length;
  return sum;
}

class Analysis {
  constructor(
    private readonly unicode: boolean,
    private readonly ignoreCase: boolean,
  ) {}

  alternatives(alternatives: readonly AST.Alternative[]): Known {
    return alternatives.map((alternative) => this.sequence(alternative.elements)).reduce(either, nothing);
  }

  /** A run of characters, given as code points. */
  characters(codes: readonly number[]): Known {
    let known = emptyText;
    let run = ''; // characters of one form each are joined first: a set of one long string stays exact
    for (const code of codes) {
      const strings = this.character(code).exact;
      if (strings?.size === 1) {
        run += [...strings][0]!;
        continue;
      }
      known = concat(concat(known, exactly([run])), strings ? exactly(strings) : unknown);
      run = '';
    }
    return concat(known, exactly([run]));
  }

  private sequence(elements: readonly AST.Element[]): Known {
    let known = emptyText;
    let codes: number[] = [];
    for (const element of elements) {
      if (element.type === 'Character') {
        // Without `u` the two halves of a pair are characters of their own.
        const last = codes.at(-1);
        const pair = last === undefined ? undefined : joinPair(last, element.value);
        if (pair === undefined) codes.push(element.value);
        else codes[codes.length - 1] = pair;
        continue;
      }
      known = concat(concat(known, this.characters(codes)), this.element(element));
      codes = [];
    }
    return concat(known, this.characters(codes));
  }

  private element(node: AST.Element): Known {
    switch (node.type) {
      case 'Character':
        return this.character(node.value);
      case 'CharacterClass':
        return this.characterClass(node);
      case 'CharacterSet':
        return node.kind === 'digit' && !node.negate ? exactly('0123456789') : unknown;
      case 'Group':
      case 'CapturingGroup':
        return this.alternatives(node.alternatives);
      case 'Quantifier':
        return this.quantifier(node);
      case 'Assertion': {
        if (!('alternatives' in node) || node.negate) return emptyText;
        // What must stand beside it stands on the same line, though not in this place.
        const plan = planOf(this.alternatives(node.alternatives));
        return plan.kind === 'none' ? nothing : exactly([''], plan);
      }
      default:
        return unknown; // backreferences
    }
  }

  private quantifier(node: AST.Quantifier): Known {
    if (node.max === 0) return emptyText;
    const once = this.element(node.element);
    if (node.min === 0) {
      if (isNothing(once)) return emptyText;
      return node.max === 1 ? either(emptyText, once) : unknown;
    }
    let known = once;
    for (let count = 2; count <= Math.min(node.min, repeatMax); count++) known = concat(known, once);
    if (isNothing(known) || (node.max === node.min && node.min <= repeatMax)) return known;
    // It begins and ends with the repetitions spelled out, which may overlap or be the same.
    return trimmed({ prefix: known.prefix, suffix: known.suffix, plan: known.plan });
  }

  private characterClass(node: AST.CharacterClass): Known {
    if (node.negate) return unknown;
    const strings = new Set<string>();
    let size = 0;
    for (const element of node.elements) {
      const [min, max] = rangeOf(element);
      size += max - min + 1;
      if (size > classSizeMax) return unknown;
      for (let code = min; code <= max; code++) {
        const { exact } = this.character(code);
        if (exact === undefined) return unknown;
        for (const string of exact) strings.add(string);
      }
    }
    return exactly(strings);
  }

  private character(code: number): Known {
    if (code === 10) return nothing;
    if (isSurrogate(code)) return unknown; // half of a pair, or a byte that is not UTF-8: its bytes depend on the text
    const strings = bytesOfCharacter(code, this.ignoreCase, this.unicode);
    return strings === undefined ? unknown : exactly(strings);
  }
}

function rangeOf(element: AST.CharacterClassElement): readonly [min: number, max: number] {
  if (element.type === 'Character') return [element.value, element.value];
  if (element.type === 'CharacterClassRange') return [element.min.value, element.max.value];
  if (element.type === 'CharacterSet' && element.kind === 'digit' && !element.negate) return [48, 57];
  return [0, Infinity];
}

function joinPair(high: number, low: number): number | undefined {
  const isPair = high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
  return isPair ? 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00) : undefined;
}
