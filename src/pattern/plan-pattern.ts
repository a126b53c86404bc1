import { encodeBytes } from '../base/index.js';
import { allPlan, andPlans, orPlans, planOfBytes } from './gram-plan.js';
import type { GramPlan } from './gram-plan.js';
import { codesOf, isSurrogate, sizeOf } from './syntax/code-set.js';
import type { CodeSet } from './syntax/code-set.js';
import type { PatternNode } from './syntax/syntax.js';

/** Strings in a set beyond which it is given up for what it says about grams. */
const setSizeMax = 32;
/** Bytes of all strings of an exact set beyond which it is given up. */
const exactBytesMax = 512;
/** Characters of a class that are looked at one by one. */
const classSizeMax = 16;
/** Repetitions of a quantifier that are spelled out. */
const repeatMax = 4;

/** The gram plan of a pattern. */
export const planOfPattern = (root: PatternNode): GramPlan => planOf(analyze(root));

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

/** A character's bytes, ASCII letters in lower case, one character of the result being one byte. */
const bytesOfCode = (code: number): string =>
  code < 128 ? String.fromCharCode(code).toLowerCase() : encodeBytes(String.fromCodePoint(code)).toString('latin1');

function analyze(node: PatternNode): Known {
  switch (node.type) {
    case 'set':
      return ofSet(node.set);
    case 'sequence':
      return sequence(node.nodes);
    case 'choice':
      return node.nodes.map(analyze).reduce(either, nothing);
    case 'group':
    case 'atomic':
      return analyze(node.node);
    case 'repeat':
      return repetition(node.node, node.min, node.max);
    case 'look': {
      if (node.negate) return emptyText;
      // What must stand beside it stands on the same line, though not in this place.
      const plan = planOf(analyze(node.node));
      return plan.kind === 'none' ? nothing : exactly([''], plan);
    }
    case 'backreference':
      return unknown;
    default:
      return emptyText;
  }
}

function sequence(nodes: readonly PatternNode[]): Known {
  let known = emptyText;
  let run = ''; // characters of one form each are joined first: a set of one long string stays exact
  for (const node of nodes) {
    const next = analyze(node);
    if (node.type === 'set' && next.exact?.size === 1) {
      run += [...next.exact][0]!;
      continue;
    }
    known = concat(concat(known, exactly([run])), next);
    run = '';
  }
  return concat(known, exactly([run]));
}

function repetition(node: PatternNode, min: number, max: number): Known {
  if (max === 0) return emptyText;
  const once = analyze(node);
  if (min === 0) {
    if (isNothing(once)) return emptyText;
    return max === 1 ? either(emptyText, once) : unknown;
  }
  let known = once;
  for (let count = 2; count <= Math.min(min, repeatMax); count++) known = concat(known, once);
  if (isNothing(known) || (max === min && min <= repeatMax)) return known;
  // It begins and ends with the repetitions spelled out, which may overlap or be the same.
  return trimmed({ prefix: known.prefix, suffix: known.suffix, plan: known.plan });
}

function ofSet(set: CodeSet): Known {
  if (sizeOf(set) > classSizeMax) return unknown;
  const strings = new Set<string>();
  for (const code of codesOf(set)) {
    // A byte that is no UTF-8: what it is stored as depends on the text.
    if (isSurrogate(code)) return unknown;
    strings.add(bytesOfCode(code));
  }
  return exactly(strings);
}
