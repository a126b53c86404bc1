import { CoppiceError, jittered, sleep } from '../../base/index.js';
import { remoteBusy } from '../../remote/index.js';
import type { ClusterStorage } from '../../remote/index.js';

type Call = { readonly signal?: AbortSignal | undefined; readonly patienceMs?: number | undefined };

const name = 'numbers';
/** Bitmaps are of 32 bits; the sign bit is left alone. */
const numbersMax = 2 ** 31;
const triesMax = 500;

/** The first number that nobody has. */
export interface Numbers {
  readonly next: number;
  readonly version: string | null;
}

/**
 * The numbers of chunks, given in blocks by compare and swap on one document: each once, whoever takes them, however many at a time. What a
 * publisher takes and does not use is lost.
 */
export class NumberBlocks {
  constructor(private readonly storage: ClusterStorage) {}

  /** The first number that nobody has. */
  async end(call: Call): Promise<number> {
    return (await this.read(call)).next;
  }

  /** The first of `count` numbers that nobody else has or will have. STORE_EXHAUSTED. `known`: as they were read a moment ago. */
  async take(count: number, call: Call, known: Numbers | null = null): Promise<number> {
    for (let tries = 1; tries <= triesMax; tries++) {
      const { next, version } = tries === 1 && known !== null ? known : await this.read(call);
      if (next + count > numbersMax) {
        throw new CoppiceError('STORE_EXHAUSTED', `${this.storage.url} has given away nearly all numbers of chunks`, {
          hint: 'publish under another prefix',
        });
      }
      const bytes = Buffer.from(JSON.stringify({ next: next + count }));
      const condition = version === null ? 'absent' : { version };
      if ((await this.storage.write(name, bytes, condition, call)) !== null) return next;
      await sleep(jittered(Math.min(5 * tries, 200)), call.signal);
    }
    throw remoteBusy(this.storage.url, 'others take numbers all the time');
  }

  async read(call: Call): Promise<Numbers> {
    const found = await this.storage.read(name, call);
    if (found === null || found === 'unchanged') return { next: 0, version: null };
    return { next: (JSON.parse(found.bytes.toString('utf8')) as { next: number }).next, version: found.version };
  }
}
