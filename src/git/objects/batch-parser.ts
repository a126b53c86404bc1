/** What `git cat-file --batch` says of one object. */
export type BatchAnswer =
  { readonly oid: string; readonly type: string; readonly size: number } | { readonly refused: string };

/** Takes the answers as they come in. */
export interface BatchSink {
  /** An object's header, or a line that says it cannot be had. Returns whether the content is wanted. */
  header(answer: BatchAnswer): boolean;
  /** Its content, or null when it was not wanted. Only after a header with an oid. */
  content(content: Buffer | null): void;
}

/**
 * Cuts the output of `git cat-file --batch` into answers: `<oid> <type> <size>\n<content>\n`, or `<what was asked>
 * <reason>\n`. A content that lies whole in one piece of output is a view of it, not a copy.
 */
export class BatchParser {
  private headerStart = '';
  private wanted = false;
  /** Bytes of content still to come; -1 while a header is awaited. */
  private left = -1;
  private target: Buffer | null = null;
  private filled = 0;

  constructor(private readonly sink: BatchSink) {}

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.left < 0) {
        const end = chunk.indexOf(0x0a, at);
        if (end < 0) {
          this.headerStart += chunk.toString('latin1', at);
          return;
        }
        const line = this.headerStart + chunk.toString('latin1', at, end);
        this.headerStart = '';
        at = end + 1;
        this.startAnswer(line);
      } else at = this.takeContent(chunk, at);
    }
  }

  private startAnswer(line: string): void {
    const parts = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d+)$/.exec(line);
    if (parts === null) {
      this.sink.header({ refused: line.slice(line.lastIndexOf(' ') + 1) });
      return;
    }
    const size = Number(parts[3]);
    this.wanted = this.sink.header({ oid: parts[1]!, type: parts[2]!, size });
    this.left = size;
    this.filled = 0;
    this.target = null;
  }

  private takeContent(chunk: Buffer, at: number): number {
    if (this.left > 0) {
      const count = Math.min(this.left, chunk.length - at);
      if (this.wanted) {
        if (this.filled === 0 && count === this.left) this.target = chunk.subarray(at, at + count);
        else {
          this.target ??= Buffer.allocUnsafeSlow(this.left);
          chunk.copy(this.target, this.filled, at, at + count);
        }
        this.filled += count;
      }
      this.left -= count;
      at += count;
      if (at === chunk.length) return at;
    }
    // The newline after the content.
    const content = this.wanted ? (this.target ?? Buffer.alloc(0)) : null;
    this.left = -1;
    this.target = null;
    this.sink.content(content);
    return at + 1;
  }
}
