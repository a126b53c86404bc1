import { compareBytewise } from '../base/index.js';
import type { TreeId } from '../model/index.js';

/** A root tree, and the folder that it is in a tree of roots. */
export interface Mount {
  /** One or more names with `/` between them. No mount of a tree lies in another. */
  readonly name: string;
  readonly tree: TreeId;
}

/** The folders of a tree of roots that are roots themselves. */
export class Mounts {
  /** In the order in which their files stand in the tree: that of git. */
  readonly list: readonly Mount[];
  private readonly names: ReadonlySet<string>;
  private lastName = '';

  constructor(mounts: readonly Mount[]) {
    this.list = [...mounts].sort((a, b) => compareBytewise(`${a.name}/`, `${b.name}/`));
    this.names = new Set(this.list.map(({ name }) => name));
  }

  /** The root that a path is in, and the path there; null for a path that is in none. */
  split(path: string): { readonly mount: string; readonly path: string } | null {
    // Paths come root by root.
    if (path.startsWith(this.lastName) && path[this.lastName.length] === '/' && this.lastName !== '')
      return { mount: this.lastName, path: path.slice(this.lastName.length + 1) };
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const mount = path.slice(0, at);
      if (!this.names.has(mount)) continue;
      this.lastName = mount;
      return { mount, path: path.slice(at + 1) };
    }
    return null;
  }
}
