import { LruCache } from '../../base/index.js';
import type { Pack } from '../../pack/index.js';
import { spooledBytesMin } from './read-pack.js';

const heldBytesMax = 32 * 1024 * 1024;
const spooledBytesMax = 512 * 1024 * 1024;

/**
 * Packs that were read and checked, kept open for who is asked about one commit after another: the next one needs other parts of the same
 * packs. Small ones in memory, large ones on disk, within a bound of each; gone with the process.
 */
export class OpenPacks {
  private readonly held = new PackCache(heldBytesMax);
  private readonly spooled = new PackCache(spooledBytesMax);

  /** One that is kept, for its taker alone; it is to be given back. */
  take(name: string): Pack | null {
    return this.held.take(name) ?? this.spooled.take(name);
  }

  /** Keeps a pack, or closes it. */
  give(pack: Pack): void {
    pack.rest();
    (pack.sizeBytes < spooledBytesMin ? this.held : this.spooled).give(pack);
  }

  close(): void {
    this.held.close();
    this.spooled.close();
  }
}

class PackCache {
  private readonly taken = new Set<Pack>();
  private readonly packs: LruCache<string, Pack>;

  constructor(bytesMax: number) {
    this.packs = new LruCache<string, Pack>(bytesMax, (pack) => !this.taken.has(pack) && pack.close());
  }

  take(name: string): Pack | null {
    const pack = this.packs.get(name);
    if (pack === undefined) return null;
    this.taken.add(pack);
    this.packs.delete(name);
    return pack;
  }

  give(pack: Pack): void {
    this.taken.delete(pack);
    this.packs.set(pack.name, pack, pack.sizeBytes);
  }

  close(): void {
    this.packs.clear();
  }
}
