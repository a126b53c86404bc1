import type { PatternNode } from './syntax/syntax.js';

/** Ways through a pattern from one position that are still called linear. */
const waysMax = 16;

/**
 * Whether matching could take much longer than the text is long. Conservative: counts the ways in which the
 * pattern could be matched from one position, a quantifier without limit being infinitely many, except one of
 * a single character at the pattern's very end, which is never taken back. (`a.*b` counts: on a line of a
 * million `a` it takes 10^12 steps.)
 */
export function canBacktrack(root: PatternNode, wholeWord: boolean): boolean {
  let ways = 0;
  for (const alternative of root.type === 'choice' ? root.nodes : [root]) {
    const nodes = alternative.type === 'sequence' ? [...alternative.nodes] : [alternative];
    // A match that is found to be no word is looked for again further on: its end is taken back then.
    if (!wholeWord && isPlainRepetition(nodes.at(-1))) nodes.pop();
    ways += waysOfSequence(nodes);
  }
  return ways > waysMax;
}

/**
 * Whether matching could take time that doubles with each character: something is repeated that can be matched in several ways itself. What else
 * can backtrack takes a power of a line's length, which is seldom much.
 */
export function canExplode(node: PatternNode): boolean {
  switch (node.type) {
    case 'repeat':
      return (node.max > 1 && waysOf(node.node) > 1) || canExplode(node.node);
    case 'choice':
    case 'sequence':
      return node.nodes.some(canExplode);
    default:
      return 'node' in node && canExplode(node.node);
  }
}

const isPlainRepetition = (node: PatternNode | undefined): boolean =>
  node?.type === 'repeat' && node.node.type === 'set';

const waysOfSequence = (nodes: readonly PatternNode[]): number =>
  nodes.reduce((product, node) => product * waysOf(node), 1);

function waysOf(node: PatternNode): number {
  switch (node.type) {
    case 'repeat':
      return waysOfRepetition(node.min, node.max, waysOf(node.node));
    case 'choice':
      return node.nodes.reduce((sum, alternative) => sum + waysOf(alternative), 0);
    case 'sequence':
      return waysOfSequence(node.nodes);
    default:
      return 'node' in node ? waysOf(node.node) : 1;
  }
}

/** The sum of ways^count for every count from `min` to `max`. */
function waysOfRepetition(min: number, max: number, ways: number): number {
  if (max === Infinity) return Infinity;
  if (max === 0) return 1;
  // Each repetition takes time, ways or not: `(?:a{9}){9999}`.
  if (ways <= 1) return min > waysMax ? Infinity : max - min + 1;
  let sum = 0;
  for (let count = min; count <= max && sum <= waysMax; count++) sum += ways ** count;
  return sum;
}
