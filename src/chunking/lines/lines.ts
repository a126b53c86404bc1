const newline = 10;

/** Where the lines of a file begin, in bytes, and what a cut before a line is worth. */
export class LineTable {
  readonly content: Uint8Array;
  readonly count: number;
  /** `starts[i]` is the first byte of line `i`; `starts[count]` is the length of the file. */
  readonly starts: Uint32Array;

  constructor(content: Uint8Array) {
    this.content = content;
    let starts = new Uint32Array(Math.max(16, content.length >> 4));
    let count = 0;
    for (let at = 0; at < content.length;) {
      if (count + 1 >= starts.length) starts = grow(starts);
      starts[count++] = at;
      const end = content.indexOf(newline, at);
      at = end < 0 ? content.length : end + 1;
    }
    starts[count] = content.length;
    this.count = count;
    this.starts = starts;
  }

  bytes(from: number, to: number): number {
    return this.starts[to]! - this.starts[from]!;
  }

  /** Offset of the first byte of the line that is not white space, or -1 for a blank line. */
  private firstVisible(line: number): number {
    const end = this.starts[line + 1]!;
    for (let at = this.starts[line]!; at < end; at++) if (this.content[at]! > 32) return at;
    return -1;
  }

  isBlank(line: number): boolean {
    return this.firstVisible(line) < 0;
  }

  /** Whether the line ends something rather than begins it: `}`, `)`, `end`, `</div>`. */
  isCloser(line: number): boolean {
    const at = this.firstVisible(line);
    if (at < 0) return false;
    const c = this.content;
    const first = c[at]!;
    if (first === 0x7d || first === 0x29 || first === 0x5d) return true; // } ) ]
    if (first === 0x3c) return c[at + 1] === 0x2f; // </
    return first === 0x65 && c[at + 1] === 0x6e && c[at + 2] === 0x64 && !((c[at + 3] ?? 32) > 47); // end
  }

  /** FNV-1a of the line without its indentation. */
  hash(line: number): number {
    const end = this.starts[line + 1]!;
    let hash = 0x811c9dc5;
    for (let at = Math.max(this.firstVisible(line), this.starts[line]!); at < end; at++) {
      hash = Math.imul(hash ^ this.content[at]!, 0x01000193);
    }
    // FNV's low bits are its best; mix once more so that comparing whole values is fair.
    return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  }

  /**
   * How bad it is to cut before the line; smaller is better. Shallow lines after a blank one are best, blank lines
   * and closers worst; the line's hash decides between equals, so that the choice depends on content alone.
   */
  cutCost(line: number): number {
    const at = this.firstVisible(line);
    if (at < 0) return 63 * 2 ** 32;
    let column = 0;
    for (let i = this.starts[line]!; i < at; i++) column += this.content[i] === 9 ? 4 : 1;
    const afterBlank = line > 0 && this.isBlank(line - 1);
    const level = Math.min(column >> 1, 7) * 2 + (afterBlank ? 0 : 1) + (this.isCloser(line) ? 32 : 0);
    return level * 2 ** 32 + this.hash(line);
  }
}

/** Line starts of a decoded text in UTF-16 units: line `i` here is line `i` of the bytes it was decoded from. */
export function textLineStarts(text: string, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1);
  let at = 0;
  for (let line = 0; line < count; line++) {
    starts[line] = at;
    const end = text.indexOf('\n', at);
    at = end < 0 ? text.length : end + 1;
  }
  starts[count] = text.length;
  return starts;
}

/** The line that holds offset `index`. */
export function lineAt(starts: Uint32Array, count: number, index: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

function grow(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(values.length * 2);
  larger.set(values);
  return larger;
}
