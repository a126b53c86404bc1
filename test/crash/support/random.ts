/** A whole number from 0 up to, and without, `below`. */
export type Random = (below: number) => number;

/** Pseudo-random numbers from a seed (mulberry32): the same in parent and child, and again tomorrow. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const words = ['parse', 'query', 'Builder', 'finish', 'readLines', 'cache', 'HTTP_PORT', 'tree', 'größe'];

/** A small program in TypeScript. */
export function randomSource(random: Random, functions: number): string {
  const word = (): string => words[random(words.length)]!;
  let text = '';
  for (let i = 0; i < functions; i++) {
    text += `export function ${word()}${random(50)}(${word()}: string) {\n`;
    for (let line = random(8); line >= 0; line--) text += `  ${word()}(${word()}, ${random(100)}); // ${word()}\n`;
    text += '}\n\n';
  }
  return text;
}
