import { CoppiceError, LruCache, throwIfAborted } from '../../base/index.js';
import type { Pack } from '../../pack/index.js';
import { spooledBytesMin } from './read-pack.js';

const heldBytesMax = 32 * 1024 * 1024;
const spooledBytesMax = 512 * 1024 * 1024;

/**
 * Packs that were read and checked, kept open for who is asked about one commit after another: the next one needs other parts of the same
 * packs. Who asks at the same time has the same one, as nothing changes a pack. Of those that nobody has, small ones are kept in memory, large
 * ones on disk, within a bound of each; gone with the process.
 */
export class OpenPacks {
  private readonly held = new IdlePacks(heldBytesMax);
  private readonly spooled = new IdlePacks(spooledBytesMax);
  private readonly used = new Map<string, { readonly pack: Pack; holders: number }>();
  private readonly reading = new Map<string, Promise<Pack | null>>();

  /** A pack that is kept, or read now, by one for all who want it. To be given back, as often as it was taken. Null: it is gone. */
  async take(name: string, read: () => Promise<Pack | null>, signal: AbortSignal | undefined): Promise<Pack | null> {
    for (;;) {
      throwIfAborted(signal);
      const pack = this.used.get(name)?.pack ?? this.held.take(name) ?? this.spooled.take(name);
      if (pack !== null) return this.lend(pack);
      const others = this.reading.get(name);
      if (others === undefined) break;
      if ((await others.catch(unlessGivenUp)) === null) return null;
    }
    const reading = read();
    this.reading.set(name, reading);
    try {
      const pack = await reading;
      return pack === null ? null : this.lend(pack);
    } finally {
      this.reading.delete(name);
    }
  }

  /** Keeps a pack that nobody else has, or closes it. */
  give(pack: Pack): void {
    const use = this.used.get(pack.name)!;
    if (--use.holders > 0) return;
    this.used.delete(pack.name);
    pack.rest();
    if (pack.sizeBytes < spooledBytesMin) this.held.give(pack, pack.memoryBytes);
    else this.spooled.give(pack, pack.sizeBytes);
  }

  private lend(pack: Pack): Pack {
    const use = this.used.get(pack.name);
    if (use === undefined) this.used.set(pack.name, { pack, holders: 1 });
    else use.holders++;
    return pack;
  }
}

/** Whoever reads may give up, and others read in their place; what is wrong with the remote is so for all. */
function unlessGivenUp(error: unknown): undefined {
  if (!(error instanceof CoppiceError && error.code === 'ABORTED')) throw error;
}

/** Closed when there is no room for them. */
class IdlePacks {
  private taken: Pack | null = null;
  private readonly packs: LruCache<string, Pack>;

  constructor(bytesMax: number) {
    this.packs = new LruCache<string, Pack>(bytesMax, (pack) => pack !== this.taken && pack.close());
  }

  take(name: string): Pack | null {
    this.taken = this.packs.get(name) ?? null;
    this.packs.delete(name);
    return this.taken;
  }

  give(pack: Pack, weight: number): void {
    this.taken = null;
    this.packs.set(pack.name, pack, weight);
  }
}
