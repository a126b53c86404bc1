import type { AST } from '@eslint-community/regexpp';
import type { PatternSyntax } from './pattern-syntax.js';

/** Ways through a pattern from one position that are still called linear. */
const waysMax = 1_000;

/**
 * Whether matching could take much longer than the text is long. Conservative: counts the ways in which the
 * pattern could be matched from one position, a quantifier without limit being infinitely many, except one of
 * a single character at the pattern's very end, which is never taken back. (`a.*b` counts: on a line of a
 * million `a` it takes 10^12 steps.)
 */
export function canBacktrack(syntax: PatternSyntax, wholeWord: boolean): boolean {
  let ways = 0;
  for (const alternative of syntax.tree.alternatives) {
    const elements = [...alternative.elements];
    // A match that is found to be no word is looked for again further on: its end is taken back then.
    if (!wholeWord && isPlainRepetition(elements.at(-1))) elements.pop();
    ways += waysOfSequence(elements);
  }
  return ways > waysMax;
}

function isPlainRepetition(element: AST.Element | undefined): boolean {
  return element?.type === 'Quantifier' && /^Character/.test(element.element.type);
}

const waysOfAlternatives = (alternatives: readonly AST.Alternative[]): number =>
  alternatives.reduce((sum, alternative) => sum + waysOfSequence(alternative.elements), 0);

const waysOfSequence = (elements: readonly AST.Element[]): number =>
  elements.reduce((product, element) => product * waysOf(element), 1);

function waysOf(node: AST.Element): number {
  switch (node.type) {
    case 'Quantifier':
      return waysOfQuantifier(node.min, node.max, waysOf(node.element));
    case 'Group':
    case 'CapturingGroup':
      return waysOfAlternatives(node.alternatives);
    case 'Assertion':
      return 'alternatives' in node ? waysOfAlternatives(node.alternatives) : 1;
    default:
      return 1;
  }
}

/** The sum of ways^count for every count from `min` to `max`. */
function waysOfQuantifier(min: number, max: number, ways: number): number {
  if (max === Infinity) return Infinity;
  if (max === 0) return 1;
  if (ways <= 1) return max - min + 1;
  let sum = 0;
  for (let count = min; count <= max && sum <= waysMax; count++) sum += ways ** count;
  return sum;
}
