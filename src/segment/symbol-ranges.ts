import type { SymbolDefinition } from '../model/index.js';
import type { ChunkSymbols } from './tables/records.js';

/** A definition of a file with its lines, from 0, both ends inclusive. */
export interface FileSymbol {
  readonly symbol: SymbolDefinition;
  readonly line: number;
  readonly startLine: number;
  endLine: number;
}

/**
 * The definitions of a file in order of their names' lines, from those of its chunks (see `ChunkSpan.closes`): a
 * definition that its chunk leaves open ends where a later one closes what is then innermost.
 */
export function placeSymbols(
  chunks: Iterable<{ readonly symbols: ChunkSymbols; readonly lineCount: number }>,
): FileSymbol[] {
  const placed: FileSymbol[] = [];
  const open: FileSymbol[] = [];
  let firstLine = 0;
  for (const { symbols: chunk, lineCount } of chunks) {
    for (const line of chunk.closes) {
      const ended = open.pop();
      if (ended !== undefined) ended.endLine = firstLine + line;
    }
    for (const symbol of chunk.symbols) {
      const { line, startLine, endLine } = symbol;
      const file: FileSymbol = {
        symbol,
        line: firstLine + line,
        startLine: firstLine + startLine,
        endLine: firstLine + (endLine ?? line),
      };
      placed.push(file);
      if (endLine === null) open.push(file);
    }
    firstLine += lineCount;
  }
  return placed;
}
