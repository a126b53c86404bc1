import type { SidedCount } from '../results/grep-output.js';
import type { Located } from '../typed/place.js';

/** Counts lines per file and side as they come, path by path; of one path in the order in which each side first comes. */
export class RangeCounter {
  private file = '';
  private counts: { path: string; repo?: string; side: '+' | '-'; count: number }[] = [];

  /** The counts of paths that are done. */
  add(lines: readonly (Located & { readonly side: '+' | '-' })[]): SidedCount[] {
    const done: SidedCount[] = [];
    for (const { path, repo, side } of lines) {
      const file = `${repo ?? ''}\0${path}`;
      if (file !== this.file) done.push(...this.end());
      this.file = file;
      const known = this.counts.find((count) => count.side === side);
      if (known === undefined) this.counts.push({ path, ...(repo !== undefined && { repo }), side, count: 1 });
      else known.count++;
    }
    return done;
  }

  /** Those of the last path. */
  end(): SidedCount[] {
    return this.counts.splice(0);
  }
}
