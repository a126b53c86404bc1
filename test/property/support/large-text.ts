/** Words that repeat and words that do not, the same ones for the same seed. */
export function randomText(seed: number): () => string {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state % 3 === 0 ? state % 50 : state).toString(36);
  };
}
