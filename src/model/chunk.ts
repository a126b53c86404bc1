/** What a definition is. One short list for all languages, so that `kind:` filters mean the same everywhere. */
export const symbolKinds = [
  'class',
  'struct',
  'interface',
  'trait',
  'enum',
  'type',
  'function',
  'method',
  'constructor',
  'property',
  'field',
  'constant',
  'variable',
  'macro',
  'module',
  'namespace',
  'impl',
  'section',
  'key',
  'rule',
  'element',
  'test',
] as const; // append only: positions are stored

export type SymbolKind = (typeof symbolKinds)[number];

/** A definition inside a chunk. */
export interface SymbolDefinition {
  /** The bare name: `Finish` for Go's `func (b *Builder) Finish()`. */
  readonly name: string;
  readonly kind: SymbolKind;
  /** Names of what encloses it, outermost first, joined by `.`: `Builder`; empty at top level. */
  readonly scope: string;
  /** Line of the definition's name, counted from the chunk's first line, from 0. */
  readonly line: number;
  /** First line of the declaration, counted likewise: decorators and modifiers included, a doc comment above it not. */
  readonly startLine: number;
  /** Its last line, counted likewise; null where it ends in a later chunk (see `ChunkSpan.closes`). */
  readonly endLine: number | null;
  /** Inside a definition that is not cut up, as a function in a function: it is a symbol, and no chunk is cut for it. */
  readonly inner: boolean;
}

/** A run of whole lines of one file, cut at symbol boundaries. The chunks of a file partition its lines. */
export interface ChunkSpan {
  /** Byte offsets in the file's content: start inclusive, end exclusive. Ends after its last newline. */
  readonly startByte: number;
  readonly endByte: number;
  /**
   * Definitions in the chunk in line order; the first is the one the chunk is shown under. A part of a large
   * definition that was split carries that definition again only in its first part; later parts have
   * `continues` set to its qualified name instead.
   */
  readonly symbols: readonly SymbolDefinition[];
  /** Qualified name (`scope.name`) of the definition whose inside this is; empty when none. */
  readonly continues: string;
  /**
   * Lines, counted from the chunk's first, at which definitions of earlier chunks end, the innermost first. So a chunk
   * says where definitions end without saying how long they are, and stays the same when its neighbours grow.
   */
  readonly closes: readonly number[];
}

/** Something worth telling about one file that did not stop the run: it was cut by lines, not by symbols. */
export interface FileDiagnostic {
  readonly code: DiagnosticCode;
  readonly message: string;
}

/**
 * Why a file was cut by lines. In the file, so the same on every machine: parsing it takes more work than is allowed; the parser fails on it;
 * its analysis ended every thread it was given to, in several runs. Not in the file: a thread was lost at it; the grammar did not load;
 * there was too little memory.
 */
export const diagnosticCodes = [
  'parse-limit',
  'parse-failed',
  'worker-lost',
  'grammar-missing',
  'out-of-memory',
  'analysis-failed',
] as const; // append only: positions are stored

export type DiagnosticCode = (typeof diagnosticCodes)[number];

const provisionalCodes: ReadonlySet<DiagnosticCode> = new Set(['worker-lost', 'grammar-missing', 'out-of-memory']);

/** Whether the reason is not in the file: what came of it is no answer to keep, and is made again when it is next met. */
export const isProvisional = ({ code }: FileDiagnostic): boolean => provisionalCodes.has(code);

export interface ChunkedFile {
  readonly chunks: readonly ChunkSpan[];
  readonly diagnostics: readonly FileDiagnostic[];
}
