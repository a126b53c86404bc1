import type { SymbolKind } from '../model/index.js';

/** A definition found in a file, with the lines it covers. Lists of them are in document order, outer before inner. */
export interface Definition {
  readonly name: string;
  readonly kind: SymbolKind;
  readonly scope: string;
  readonly nameLine: number;
  /** First line, doc comment and decorators included. */
  startLine: number;
  /** First line of the declaration itself: decorators included, comments not. */
  readonly ownLine: number;
  /** Last line, inclusive. */
  endLine: number;
  /** Position in the list of the first definition after this one that is not inside it. */
  next: number;
  /** A symbol for which no chunk is cut: what is inside it, and in a function that is not cut up. */
  readonly inner: boolean;
}

export const qualifiedName = (definition: Pick<Definition, 'scope' | 'name'>): string =>
  definition.scope === '' ? definition.name : `${definition.scope}.${definition.name}`;

/** A definition longer than this is cut inside; until then its inside is not even looked at for most kinds. */
export const wholeLinesMax = 60;
export const wholeBytesMax = 4096;

/** Kinds whose functions are methods and whose variables are fields. */
export const methodOwners: ReadonlySet<SymbolKind> = new Set(['class', 'struct', 'interface', 'trait', 'enum', 'impl']);
/** Kinds whose inside is local. */
export const functionLike: ReadonlySet<SymbolKind> = new Set(['function', 'method', 'constructor', 'macro', 'test']);
/** Inside a function, data is not worth a symbol. */
export const notLocal: ReadonlySet<SymbolKind> = new Set(['constant', 'variable', 'field', 'property', 'key']);

/** Sets `next` of a list in document order, by the lines that the definitions cover. */
export function linkByLines(definitions: readonly Definition[]): void {
  const open: Definition[] = [];
  const close = (until: (definition: Definition) => boolean, at: number): void => {
    while (open.length > 0 && until(open[open.length - 1]!)) open.pop()!.next = at;
  };
  for (let i = 0; i < definitions.length; i++) {
    const { startLine, endLine } = definitions[i]!;
    close((outer) => !coversLines(outer, startLine, endLine), i);
    open.push(definitions[i]!);
  }
  close(() => true, definitions.length);
}

/** Whether the lines are some but not all of the definition's. */
export const coversLines = (
  { startLine, endLine }: Pick<Definition, 'startLine' | 'endLine'>,
  from: number,
  to: number,
): boolean => from >= startLine && to <= endLine && (from > startLine || to < endLine);

/** So deep may definitions lie in each other: with every level the names of scopes get longer, and a stranger's file may open levels without end. */
export const nestingMax = 100;
