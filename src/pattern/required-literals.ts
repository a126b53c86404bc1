import { codesOf, sizeOf } from './syntax/code-set.js';
import type { PatternNode } from './syntax/syntax.js';

/** Texts of printable ASCII of which each line that matches has one. */
export interface RequiredLiterals {
  readonly texts: readonly string[];
  /** The texts are in lower case, and count in either. */
  readonly ignoreCase: boolean;
}

/** Fewer characters say too little to look for. */
const lengthMin = 2;
const textsMax = 8;

/** What a plain search for text can look for in the place of a pattern; null where nothing is known. */
export function requiredLiteralsOf(root: PatternNode): RequiredLiterals | null {
  const runs = bestOf(root);
  if (runs === null) return null;
  const ignoreCase = runs.some((run) => run.some((codes) => codes.length > 1));
  const texts = runs.map((run) => {
    const text = String.fromCharCode(...run.map(([code]) => code!));
    return ignoreCase ? text.toLowerCase() : text;
  });
  return { texts: [...new Set(texts)], ignoreCase };
}

/** Characters that follow one another in the text, each with its variants of case. */
type Run = readonly (readonly number[])[];

/** One of these runs is in each match; null where nothing is known. */
function bestOf(node: PatternNode): readonly Run[] | null {
  switch (node.type) {
    case 'set':
    case 'sequence':
      return ofSequence(node.type === 'set' ? [node] : node.nodes);
    case 'group':
    case 'atomic':
      return bestOf(node.node);
    case 'repeat':
      return node.min > 0 ? bestOf(node.node) : null;
    case 'choice': {
      const runs: Run[] = [];
      for (const part of node.nodes) {
        const best = bestOf(part);
        if (best === null) return null;
        runs.push(...best);
      }
      return runs.length > 0 && runs.length <= textsMax ? runs : null;
    }
    default:
      return null;
  }
}

function ofSequence(nodes: readonly PatternNode[]): readonly Run[] | null {
  let best: readonly Run[] | null = null;
  const offer = (runs: readonly Run[] | null): void => {
    if (runs !== null && valueOf(runs) > valueOf(best ?? [])) best = runs;
  };
  let run: (readonly number[])[] = [];
  for (const node of nodes) {
    const codes = node.type === 'set' ? variantsOf(node.set) : null;
    if (codes !== null) {
      run.push(codes);
      continue;
    }
    offer([run]);
    run = [];
    if (node.type !== 'set') offer(bestOf(node));
  }
  offer([run]);
  return best;
}

/** How much a search for one of them leaves out. */
function valueOf(runs: readonly Run[]): number {
  const shortest = Math.min(...runs.map(({ length }) => length));
  return runs.length === 0 || shortest < lengthMin ? 0 : shortest - runs.length / (textsMax + 1);
}

/** The character of a set, or the two that differ by case alone; null for any other. */
function variantsOf(set: Parameters<typeof codesOf>[0]): readonly number[] | null {
  if (sizeOf(set) > 2) return null;
  const codes = [...codesOf(set)];
  if (codes.length === 0 || codes.some((code) => code < 0x20 || code > 0x7e)) return null;
  const [first, second] = codes.map((code) => String.fromCharCode(code).toLowerCase());
  return second === undefined || first === second ? codes : null;
}
