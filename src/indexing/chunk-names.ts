import type { ChunkText } from '../embedding/index.js';
import type { ChunkSpan } from '../model/index.js';

/** The names that a chunk is analysed and embedded with: of its definitions, and of what they are in. */
export function chunkNames({
  symbols,
  continues,
}: Pick<ChunkSpan, 'symbols' | 'continues'>): Pick<ChunkText, 'symbols' | 'scopes'> {
  const scopes = [...new Set(symbols.map(({ scope }) => scope))];
  if (continues !== '') scopes.push(continues);
  return { symbols: symbols.map(({ name }) => name), scopes };
}
