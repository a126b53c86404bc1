import { scanTexts } from '../pattern/index.js';
import type { FoundInText, ScanRequest } from '../pattern/index.js';
import { linesOf, withContext, type LinesAround } from './context-lines.js';
import { LineLimit, countedLines, matchedLines, type FileCount, type GrepLine } from './grep.js';

/** The text of a file that was read, and the file's number in an order of paths. */
export interface ReadText {
  readonly file: number;
  readonly text: string;
}

/** Texts of files in order, as many at a time as memory should hold. */
export type ReadTexts = AsyncIterable<readonly ReadText[]>;

export interface ReadRequest extends ScanRequest {
  readonly invert: boolean;
}

/** As `grepLines`, with the context of each, in files that are read for it. */
export async function* grepTexts(
  groups: ReadTexts,
  request: ReadRequest & { readonly maxCount: number; readonly around: LinesAround },
): AsyncGenerator<readonly GrepLine[], boolean, undefined> {
  const { maxCount, around, signal } = request;
  const limit = new LineLimit(maxCount);
  const scan = new GroupScan(groups, request, () => limit.left);
  const lines = limit.apply(matchedLines(scan.found(), scan, signal));
  const hasContext = around.before + around.after > 0;
  return yield* hasContext ? withContext((file) => linesOf(scan.textOf(file)), lines, around, signal) : lines;
}

/** As `countLines`, in files that are read for it. */
export function countTexts(
  groups: ReadTexts,
  request: ReadRequest,
): AsyncGenerator<readonly FileCount[], void, undefined> {
  const scan = new GroupScan(groups, request, undefined);
  return countedLines(scan.found(), scan);
}

/** A scan of groups of texts, one after the other. What it finds is of the group that it has. */
class GroupScan {
  private group: readonly ReadText[] = [];
  /** Of the group before: lines of its last file may still be wanted. */
  private last: ReadText | undefined;

  constructor(
    private readonly groups: ReadTexts,
    private readonly request: ReadRequest,
    private readonly limit: (() => number) | undefined,
  ) {}

  async *found(): AsyncGenerator<readonly FoundInText[], void, undefined> {
    const { pattern, deadline, signal, invert } = this.request;
    const { limit } = this;
    for await (const group of this.groups) {
      this.group = group;
      const scan = {
        pattern,
        deadline,
        signal,
        count: group.length,
        textOf: (i: number) => group[i]!.text,
        wanted: invert ? ('other-lines' as const) : ('lines' as const),
      };
      for await (const batch of scanTexts(limit === undefined ? scan : { ...scan, limit })) {
        yield batch;
        this.last = group[batch.at(-1)!.i];
      }
      if (limit !== undefined && limit() <= 0) return;
    }
  }

  fileOf(i: number): number {
    return this.group[i]!.file;
  }

  /** Texts are whole files. */
  firstLineOf(): number {
    return 0;
  }

  textOf(file: number): string {
    return (this.last?.file === file ? this.last : this.group.find((read) => read.file === file))!.text;
  }
}
