const closers = /^(?:[})\]]|end\b|esac\b|fi\b|done\b)/;

/**
 * Where what begins at a line ends, as indentation tells: the lines below it are indented more, or close what that line opened. A line that a
 * preprocessor reads (`#`) ends nothing. All lines are looked at once: were each beginning followed to its end, a file in which nothing is
 * indented, a header of macros, would take a time that grows with its square.
 */
export class LineExtents {
  private tables: LayoutTables | undefined;

  constructor(private readonly lines: readonly string[]) {}

  /** Columns before the first visible character of a line, tabs as four; -1 for a blank one. */
  indent(line: number): number {
    return indentOf(this.lines[line]!);
  }

  /** The last line of what begins at a line that is not blank. */
  endOf(from: number): number {
    if (/;\s*(?:\/\/.*)?$/.test(this.lines[from]!)) return from;
    this.tables ??= new LayoutTables(this.lines);
    return this.tables.endOf(from);
  }
}

class LayoutTables {
  /** Columns before the first visible character; -1 for a blank line. */
  private readonly indents: Int32Array;
  /** The next line of code that is indented no more; the number of lines where none is. */
  private readonly stops: Uint32Array;
  /** The last line of code before each, and the last of a preprocessor with no code in between; -1 for none. */
  private readonly codeBefore: Int32Array;
  private readonly directiveBefore: Int32Array;
  /** For a line of a preprocessor: the one before it, with no code in between, that is indented more. */
  private readonly deeperBefore: Int32Array;
  /** For a line of code that begins with a brace: where what it belongs to ends. */
  private readonly braceEnds: Uint32Array;

  constructor(private readonly lines: readonly string[]) {
    const { length } = lines;
    this.indents = Int32Array.from(lines, indentOf);
    this.stops = new Uint32Array(length);
    this.codeBefore = new Int32Array(length + 1);
    this.directiveBefore = new Int32Array(length + 1);
    this.deeperBefore = new Int32Array(length);
    this.braceEnds = new Uint32Array(length);
    const isDirective = this.lookDown();
    this.lookUp(isDirective);
  }

  /** What is before each line; returns which are of a preprocessor. */
  private lookDown(): Uint8Array {
    const { lines, indents } = this;
    const isDirective = new Uint8Array(lines.length);
    let code = -1;
    let directives: number[] = [];
    for (let line = 0; line <= lines.length; line++) {
      this.codeBefore[line] = code;
      this.directiveBefore[line] = directives.at(-1) ?? -1;
      const own = indents[line] ?? -1;
      if (own < 0) continue;
      if (lines[line]!.trimStart().startsWith('#')) {
        isDirective[line] = 1;
        while (directives.length > 0 && indents[directives.at(-1)!]! <= own) directives.pop();
        this.deeperBefore[line] = directives.at(-1) ?? -1;
        directives.push(line);
      } else {
        code = line;
        directives = [];
      }
    }
    return isDirective;
  }

  private lookUp(isDirective: Uint8Array): void {
    const { lines, indents } = this;
    // Lines of code below, each indented less than those before it in the text: the nearest last.
    const below: number[] = [];
    for (let line = lines.length - 1; line >= 0; line--) {
      const own = indents[line]!;
      if (own < 0) continue;
      const isCode = isDirective[line] === 0;
      let i = below.length - 1;
      while (i >= 0 && indents[below[i]!]! > own) i--;
      this.stops[line] = below[i] ?? lines.length;
      if (!isCode) continue;
      if (lines[line]!.trimStart().startsWith('{')) this.braceEnds[line] = this.endOf(line);
      below.length = i + 1;
      if (i >= 0 && indents[below[i]!] === own) below.pop();
      below.push(line);
    }
  }

  endOf(from: number): number {
    const own = this.indents[from]!;
    const stop = this.stops[from]!;
    if (stop < this.lines.length && this.indents[stop] === own) {
      const code = this.lines[stop]!.trimStart();
      if (code.startsWith('{')) return this.braceEnds[stop]!;
      if (closers.test(code)) return stop;
    }
    let directive = this.directiveBefore[stop]!;
    while (directive > from && this.indents[directive]! <= own) directive = this.deeperBefore[directive]!;
    return Math.max(from, this.codeBefore[stop]!, directive);
  }
}

/** Columns before the first visible character, tabs as four; -1 for a blank line. */
function indentOf(text: string): number {
  let column = 0;
  for (const character of text) {
    if (character === ' ') column++;
    else if (character === '\t') column += 4;
    else return /\s/.test(character) ? -1 : column;
  }
  return -1;
}
