import { declarationOf } from '../../chunking/index.js';
import { languageId } from '../../model/index.js';
import type { SymbolDefinition } from '../../model/index.js';
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
