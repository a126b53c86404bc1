import type { ChunkSpan } from '../model/index.js';

/**
 * The names that a chunk is analysed and embedded with: of its definitions, and of what they are in. Of inner ones its body
 * speaks: a chunk is about what it was cut for.
 */
export function chunkNames({ symbols, continues }: Pick<ChunkSpan, 'symbols' | 'continues'>): {
  readonly symbols: readonly string[];
  readonly scopes: readonly string[];
} {
  const own = symbols.filter(({ inner }) => !inner);
  const scopes = [...new Set(own.map(({ scope }) => scope))];
  if (continues !== '') scopes.push(continues);
  return { symbols: own.map(({ name }) => name), scopes };
}
