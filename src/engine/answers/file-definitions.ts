import { declarationOf } from '../../chunking/index.js';
import { languageId } from '../../model/index.js';
import type { SymbolDefinition, SymbolKind } from '../../model/index.js';
import { placeSymbols } from '../../segment/index.js';
import type { FileRecord, FileSymbol, SegmentList } from '../../segment/index.js';
import type { DefinedSymbol } from '../types.js';

/** The definitions of one file with all that its text says of them; reads only the chunks that it needs. */
export class FileDefinitions {
  readonly language: string;
  /** First line of each chunk, and the end of the last. */
  private readonly firstLines: number[] = [0];
  private readonly texts: (readonly string[] | undefined)[] = [];
  private placed: readonly FileSymbol[] | undefined;

  constructor(
    private readonly segments: SegmentList,
    private readonly record: FileRecord,
  ) {
    this.language = languageId(record.language);
    for (const doc of record.docs) this.firstLines.push(this.firstLines.at(-1)! + this.lineCount(doc));
  }

  /** In order of their lines. */
  all(): DefinedSymbol[] {
    return this.place().map((placed) => this.declared(placed));
  }

  /** A definition that one of the chunks has; `line` is that of its name in the file, from 0. */
  describe(symbol: SymbolDefinition, line: number): DefinedSymbol {
    const { startLine, endLine } = symbol;
    if (endLine !== null) {
      const first = line - symbol.line;
      return this.declared({ symbol, line, startLine: first + startLine, endLine: first + endLine });
    }
    const isSame = (placed: FileSymbol): boolean =>
      placed.line === line && placed.symbol.name === symbol.name && placed.symbol.scope === symbol.scope;
    return this.declared(this.place().find(isSame)!);
  }

  /**
   * The function that a line, from 0, is in, the innermost one; else the innermost type, module or the like; null at top level. Where the line
   * has the definition of `name` itself, what that is in.
   */
  around(line: number, name: string): DefinedSymbol | null {
    let found: FileSymbol | null = null;
    for (const placed of this.place()) {
      if (placed.startLine > line) break;
      if (placed.endLine < line || (placed.line === line && placed.symbol.name === name)) continue;
      const weight = weightAround(placed.symbol.kind);
      if (weight > 0 && (found === null || weight >= weightAround(found.symbol.kind))) found = placed;
    }
    return found === null ? null : this.declared(found);
  }

  /** Whether the definition of a name is on a line, from 0. */
  defines(line: number, name: string): boolean {
    return this.place().some((placed) => placed.line === line && placed.symbol.name === name);
  }

  readonly lineOf = (line: number): string | undefined => {
    if (line < 0 || line >= this.firstLines.at(-1)!) return undefined;
    let chunk = 0;
    for (let high = this.record.docs.length - 1; chunk < high;) {
      const middle = (chunk + high + 1) >> 1;
      if (this.firstLines[middle]! <= line) chunk = middle;
      else high = middle - 1;
    }
    const lines = (this.texts[chunk] ??= this.segments.chunkText(this.record.docs[chunk]!).split('\n'));
    return lines[line - this.firstLines[chunk]!];
  };

  private declared({ symbol, line, startLine, endLine }: FileSymbol): DefinedSymbol {
    const { name, scope, kind } = symbol;
    const { signature, doc } = declarationOf(this.lineOf, { kind, line, startLine, endLine }, this.language);
    return { name, scope, kind, line: line + 1, startLine: startLine + 1, endLine: endLine + 1, signature, doc };
  }

  private place(): readonly FileSymbol[] {
    return (this.placed ??= placeSymbols(
      this.record.docs.map((doc) => ({ symbols: this.segments.chunkSymbols(doc), lineCount: this.lineCount(doc) })),
    ));
  }

  private lineCount(doc: number): number {
    const segment = this.segments.segmentOfDoc(doc);
    return segment.column('lineCount')[doc - segment.docBase]!;
  }
}

/** What encloses code, of more weight where it is what one would call the caller. */
function weightAround(kind: SymbolKind): number {
  if (functionKinds.has(kind)) return 2;
  return enclosingKinds.has(kind) ? 1 : 0;
}

const functionKinds = new Set<SymbolKind>(['function', 'method', 'constructor', 'macro', 'test']);
const enclosingKinds = new Set<SymbolKind>([
  'class',
  'struct',
  'interface',
  'trait',
  'enum',
  'type',
  'impl',
  'module',
  'namespace',
  'rule',
  'section',
]);
