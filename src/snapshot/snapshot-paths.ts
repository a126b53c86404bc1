import { contentHash } from '../base/index.js';
import { Derived } from './derived.js';

/** Lists of paths that are kept: of the trees that are searched by turns. */
const keptMax = 4;

/** The paths of a snapshot's files: after most edits the same as before, with all that was made of them. */
export class SnapshotPaths {
  readonly derived = new Derived();

  constructor(readonly list: readonly string[]) {}

  /** Stands for the list. */
  get hash(): string {
    return this.derived.once('hash', () => contentHash(this.list.join('\0')).toString('hex'));
  }

  /** Position of the file of a path, or undefined. */
  positionOf(path: string): number | undefined {
    const positions = this.derived.once('positions', () => new Map(this.list.map((own, position) => [own, position])));
    return positions.get(path);
  }
}

/** Remembers the lists of paths that were met last. */
export class KnownPaths {
  /** The latest at the end. */
  private known: SnapshotPaths[] = [];

  of(list: readonly string[]): SnapshotPaths {
    const same = this.known.find(
      ({ list: known }) => known.length === list.length && known.every((path, i) => path === list[i]),
    );
    const paths = same ?? new SnapshotPaths(list);
    this.known = [...this.known.filter((other) => other !== paths), paths].slice(-keptMax);
    return paths;
  }

  clear(): void {
    this.known = [];
  }
}
