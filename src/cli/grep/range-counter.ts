import type { SidedCount } from '../grep-output.js';

/** Counts lines per file and side as they come, path by path; of one path in the order in which each side first comes. */
export class RangeCounter {
  private path = '';
  private counts: { path: string; side: '+' | '-'; count: number }[] = [];

  /** The counts of paths that are done. */
  add(lines: readonly { readonly path: string; readonly side: '+' | '-' }[]): SidedCount[] {
    const done: SidedCount[] = [];
    for (const { path, side } of lines) {
      if (path !== this.path) done.push(...this.end());
      this.path = path;
      const known = this.counts.find((count) => count.side === side);
      if (known === undefined) this.counts.push({ path, side, count: 1 });
      else known.count++;
    }
    return done;
  }

  /** Those of the last path. */
  end(): SidedCount[] {
    return this.counts.splice(0);
  }
}
