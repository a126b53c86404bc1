import type { SymbolKind } from '../model/index.js';

/** A definition found in a file, with the lines it covers. Lists of them are in document order, outer before inner. */
export interface Definition {
  readonly name: string;
  readonly kind: SymbolKind;
  readonly scope: string;
  readonly nameLine: number;
  /** First line, doc comment and decorators included. */
  startLine: number;
  /** Last line, inclusive. */
  endLine: number;
  /** Position in the list of the first definition after this one that is not inside it. */
  next: number;
}

export const qualifiedName = (definition: Pick<Definition, 'scope' | 'name'>): string =>
  definition.scope === '' ? definition.name : `${definition.scope}.${definition.name}`;

/** A definition longer than this is cut inside; until then its inside is not even looked at for most kinds. */
export const wholeLinesMax = 60;
export const wholeBytesMax = 4096;
