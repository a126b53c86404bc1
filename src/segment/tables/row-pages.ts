import type { TimeSlices } from '../../base/index.js';

const firstPageRows = 1024;
const pageRowsMax = 64 * 1024;

interface Page {
  readonly columns: readonly Uint32Array[];
  length: number;
}

/** Columns of unsigned 32-bit integers that grow together, page by page: growing never copies what is there. */
export class RowPages {
  private readonly pages: Page[] = [];
  /** Rows in all pages. */
  length = 0;

  constructor(private readonly columnCount: number) {}

  /** Adds rows, which lie side by side: the caller fills them in from `at` of each column. */
  add(count: number): { readonly columns: readonly Uint32Array[]; readonly at: number } {
    let page = this.pages.at(-1);
    if (page === undefined || page.length + count > page.columns[0]!.length) {
      const doubled = page === undefined ? firstPageRows : 2 * page.columns[0]!.length;
      const rows = Math.max(count, Math.min(doubled, pageRowsMax));
      page = { columns: Array.from({ length: this.columnCount }, () => new Uint32Array(rows)), length: 0 };
      this.pages.push(page);
    }
    const at = page.length;
    page.length += count;
    this.length += count;
    return { columns: page.columns, at };
  }

  /** The columns, each in one piece, in the order of adding; the pages are given up. */
  async join(slices: TimeSlices): Promise<Uint32Array[]> {
    const joined = Array.from({ length: this.columnCount }, () => new Uint32Array(this.length));
    let at = 0;
    for (let page = this.pages.shift(); page !== undefined; page = this.pages.shift()) {
      if (slices.isOver) await slices.next();
      for (const [i, column] of page.columns.entries()) joined[i]!.set(column.subarray(0, page.length), at);
      at += page.length;
    }
    this.length = 0;
    return joined;
  }
}
