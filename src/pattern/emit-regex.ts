import { hasCode, inverseOf, isSurrogate, lastCode, setOfRanges } from './syntax/code-set.js';
import type { CodeSet } from './syntax/code-set.js';
import type { PatternNode, PatternSyntax } from './syntax/syntax.js';

/** In which texts an expression is right. */
export type TextKind =
  /** Without surrogates, and with no line ends but `\n`: JavaScript's lines are ours. */
  | 'plain'
  /** Without surrogates. Anchors are look-arounds, which V8's linear engine does not run. */
  | 'odd-ends'
  /** Any. Characters are code points, for which V8 takes longer. */
  | 'any';

/**
 * A pattern as a regular expression of JavaScript's that can run over a text of many lines: as no set has `\n`, no way through the
 * pattern crosses a line's end, and at every position it matches exactly what it matches on that line alone.
 */
export function emitRegex(syntax: PatternSyntax, kind: TextKind): { source: string; flags: string } {
  const source = new Emitter(syntax, kind).emit(syntax.root);
  const unicode = kind === 'any' || syntax.ignoreCaseOfBackreferences;
  // Of case only backreferences have something left to ignore: sets have their variants in them.
  return {
    source,
    flags: `g${kind === 'plain' ? 'm' : ''}${syntax.ignoreCaseOfBackreferences ? 'i' : ''}${unicode ? 'u' : ''}`,
  };
}

/** Whether the kinds of texts need expressions of their own. */
export function hasAnchors(node: PatternNode): boolean {
  if (node.type === 'start' || node.type === 'end') return true;
  if ('nodes' in node) return node.nodes.some(hasAnchors);
  return 'node' in node && hasAnchors(node.node);
}

/** Whether a text's surrogates can matter: to sets with code points that are two units, and wherever nothing at all is matched. */
export function isSensitiveToSurrogates(node: PatternNode): boolean {
  switch (node.type) {
    case 'set':
      return node.set.some((code) => code > 0xffff || isSurrogate(code));
    case 'look':
    case 'no-boundary':
      return true;
    case 'sequence':
    case 'choice':
      return node.nodes.some(isSensitiveToSurrogates);
    default:
      return 'node' in node && isSensitiveToSurrogates(node.node);
  }
}

class Emitter {
  private atomics = 0;
  private readonly unicode: boolean;

  constructor(
    private readonly syntax: PatternSyntax,
    private readonly kind: TextKind,
  ) {
    this.unicode = kind === 'any' || syntax.ignoreCaseOfBackreferences;
  }

  emit(node: PatternNode): string {
    switch (node.type) {
      case 'set':
        return this.emitSet(node.set);
      case 'start':
        return this.kind === 'plain' ? '^' : '(?<=^|\\n)';
      case 'end':
        // Not (?![^\n]): with `u`, V8 finds that in the middle of a surrogate pair too.
        return this.kind === 'plain' ? '$' : '(?=\\n|$)';
      case 'boundary':
        return '\\b';
      case 'no-boundary':
        return '\\B';
      case 'look':
        return `(?${node.behind ? '<' : ''}${node.negate ? '!' : '='}${this.emit(node.node)})`;
      case 'backreference':
        return `\\k<g${node.group}>`;
      case 'group':
        return this.syntax.referred.has(node.group)
          ? `(?<g${node.group}>${this.emit(node.node)})`
          : `(?:${this.emit(node.node)})`;
      case 'atomic': {
        // A look ahead is not taken back.
        const name = `a${this.atomics++}`;
        return `(?:(?=(?<${name}>${this.emit(node.node)}))\\k<${name}>)`;
      }
      case 'repeat': {
        const { min, max, lazy } = node;
        const times =
          min === 0 && max === 1
            ? '?'
            : max === Infinity
              ? min < 2
                ? min === 0
                  ? '*'
                  : '+'
                : `{${min},}`
              : min === max
                ? `{${min}}`
                : `{${min},${max}}`;
        return `${this.emitAtom(node.node)}${times}${lazy ? '?' : ''}`;
      }
      case 'sequence':
        return node.nodes
          .map((inner) => (inner.type === 'choice' ? `(?:${this.emit(inner)})` : this.emit(inner)))
          .join('');
      case 'choice':
        return node.nodes.map((inner) => this.emit(inner)).join('|');
    }
  }

  private emitAtom(node: PatternNode): string {
    return node.type === 'set' || node.type === 'group' ? this.emit(node) : `(?:${this.emit(node)})`;
  }

  private emitSet(set: CodeSet): string {
    const shown = this.unicode ? set : inUnits(set);
    if (shown.length === 0) return '[]';
    if (shown.length === 2 && shown[0] === shown[1]) return this.emitCode(shown[0]!);
    // The complement is shorter, and quicker, for most of what has the last characters.
    const isMost = hasCode(shown, this.unicode ? lastCode : 0xffff);
    if (!isMost) return `[${this.emitRanges(shown)}]`;
    const others = inverseOf(shown);
    const missing = this.unicode ? others : others.slice(0, -2);
    return missing.length === 0 ? '[^]' : `[^${this.emitRanges(missing)}]`;
  }

  private emitRanges(set: CodeSet): string {
    let ranges = '';
    for (let i = 0; i < set.length; i += 2) {
      const [from, to] = [set[i]!, set[i + 1]!];
      ranges += this.emitCode(from);
      if (to > from) ranges += `${to > from + 1 ? '-' : ''}${this.emitCode(to)}`;
    }
    return ranges;
  }

  private emitCode(code: number): string {
    const isPlain =
      (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122);
    if (isPlain) return String.fromCharCode(code);
    if (this.unicode) return `\\u{${code.toString(16)}}`;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  }
}

/** The set's part that is one unit. Texts have no surrogates: they are put in where that joins two ranges. */
function inUnits(set: CodeSet): CodeSet {
  const units: number[] = [];
  for (let i = 0; i < set.length && set[i]! <= 0xffff; i += 2) units.push(set[i]!, Math.min(set[i + 1]!, 0xffff));
  if (hasCode(units, 0xd7ff) && hasCode(units, 0xe000)) units.push(0xd800, 0xdfff);
  return setOfRanges(units);
}
