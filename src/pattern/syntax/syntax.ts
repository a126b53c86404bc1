import type { CodeSet } from './code-set.js';

/**
 * A pattern as it is understood, whichever dialect it was written in. Sets hold what they match in full: variants of case are in them,
 * `\n` is in none.
 */
export type PatternNode =
  /** One character. */
  | { readonly type: 'set'; readonly set: CodeSet }
  /** Places: a line's two ends, and between a word's character and another (`\b`) or not (`\B`). */
  | { readonly type: 'start' | 'end' | 'boundary' | 'no-boundary' }
  | { readonly type: 'look'; readonly behind: boolean; readonly negate: boolean; readonly node: PatternNode }
  /** What the group with this number, from 1, matched. */
  | { readonly type: 'backreference'; readonly group: number }
  | { readonly type: 'group'; readonly group: number; readonly node: PatternNode }
  /** Once matched it is not taken back. */
  | { readonly type: 'atomic'; readonly node: PatternNode }
  | {
      readonly type: 'repeat';
      readonly node: PatternNode;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly type: 'sequence'; readonly nodes: readonly PatternNode[] }
  | { readonly type: 'choice'; readonly nodes: readonly PatternNode[] };

export interface PatternSyntax {
  readonly source: string;
  readonly root: PatternNode;
  /** Groups that are referred to. */
  readonly referred: ReadonlySet<number>;
  /** Backreferences ignore case, as all the rest then does. */
  readonly ignoreCaseOfBackreferences: boolean;
}

export const emptyNode: PatternNode = { type: 'sequence', nodes: [] };

/** The code point that a node matches, if it is always the same. */
export function onlyCode(node: PatternNode): number | undefined {
  return node.type === 'set' && node.set.length === 2 && node.set[0] === node.set[1] ? node.set[0] : undefined;
}

/** The text that the pattern spells out when it is nothing but characters, else undefined. */
export function literalTextOf(root: PatternNode): string | undefined {
  const nodes = root.type === 'sequence' ? root.nodes : [root];
  const codes: number[] = [];
  for (const node of nodes) {
    const code = onlyCode(node);
    // Half of a pair must not match inside a pair, and a search for its unit would.
    if (code === undefined || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    codes.push(code);
  }
  return codes.map((code) => String.fromCodePoint(code)).join('');
}
