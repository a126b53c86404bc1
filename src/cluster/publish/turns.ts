import { hostname } from 'node:os';

import { elapsedMs, jittered, nowMs, sleep, uniqueSuffix } from '../../base/index.js';
import type { CoppiceError } from '../../base/index.js';
import { remoteBusy } from '../../remote/index.js';
import type { ClusterStorage } from '../../remote/index.js';

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
  /** Told about once a second while one waits: who has it, and until when. */
  readonly onWait?: ((why: string) => void) | undefined;
}

/** Who is at work there, by a name of its own, until when (in milliseconds since 1970, by its own clock) if nothing more is heard of it. */
interface Turns {
  readonly publishing: Readonly<Record<string, number>>;
  readonly collecting: { readonly by: string; readonly until: number } | null;
}

const name = 'turns';
/** A turn is longer than a request can be under way. */
const lengthsDefault = { turnMs: 120_000, renewMs: 30_000 };
/** With less of a turn left nothing is begun that relies on it. */
const leftShareMin = 3 / 8;
const waitMs = 200;
const toldEveryMs = 1000;
/** More than clocks of machines differ. */
const clocksDifferMs = 3_600_000;

/** A turn that is held; it is renewed until it ends. */
export interface Turn {
  /** REMOTE_BUSY when it has run out, as when this process stood still for minutes, or others had taken it for dead. */
  check(): void;
}

/**
 * Any number publish at once, or one collects: what a publisher has found there has to stay until what it publishes refers to it. Turns are in one document,
 * swapped conditionally; whoever is killed loses its turn when that runs out. That is so when nothing of it has changed for a turn's length while one looked,
 * as its clock is not ours; or when by any clock it is long over.
 */
export class ClusterTurns {
  private readonly by = `${hostname()}:${process.pid}/${uniqueSuffix()}`;
  /** Of turns of others: what was said of each, and since when that is so, by this process's clock. */
  private readonly seen = new Map<string, { readonly until: number; readonly sinceMs: number }>();

  /** As this wrote it last: nearly always it is so still when the turn ends. */
  private written: { readonly turns: Turns; readonly version: string } | null = null;

  constructor(
    private readonly storage: ClusterStorage,
    private readonly lengths = lengthsDefault,
  ) {}

  /** Waits while somebody collects. */
  publish<T>(call: Call, action: (turn: Turn) => Promise<T>): Promise<T> {
    return this.hold(
      ({ publishing }) => publishing[this.by] !== undefined,
      (turns, until) =>
        turns.collecting !== null ? null : { ...turns, publishing: { ...turns.publishing, [this.by]: until } },
      ({ publishing, ...rest }) => {
        const others = Object.entries(publishing).filter(([by]) => by !== this.by);
        return { ...rest, publishing: Object.fromEntries(others) };
      },
      call,
      action,
    );
  }

  /** Waits until nobody publishes or collects; from then on nobody begins to. */
  collect<T>(call: Call, action: (turn: Turn) => Promise<T>): Promise<T> {
    return this.hold(
      ({ collecting }) => collecting?.by === this.by,
      (turns, until) => {
        const isFree = Object.keys(turns.publishing).length === 0 && (turns.collecting?.by ?? this.by) === this.by;
        return isFree ? { ...turns, collecting: { by: this.by, until } } : null;
      },
      (turns) => ({ ...turns, collecting: null }),
      call,
      action,
    );
  }

  /** Waits until nobody collects. Whoever does from then on finds what was written before. */
  async settled(call: Call): Promise<void> {
    for (const waiting = new Waiting(this.storage.url, this.by, this.lengths, call); ;) {
      const { turns } = await this.read(call);
      if (turns.collecting === null) return;
      await waiting.next(turns);
    }
  }

  private async hold<T>(
    has: (turns: Turns) => boolean,
    take: (turns: Turns, until: number) => Turns | null,
    give: (turns: Turns) => Turns,
    call: Call,
    action: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    // By both clocks: one may be set, the other stands still while the machine sleeps.
    const { turnMs, renewMs } = this.lengths;
    let until = { wallMs: 0, elapsedMs: 0 };
    let state: 'begins' | 'held' | 'lost' | 'over' = 'begins';
    const lost = (): CoppiceError =>
      remoteBusy(this.storage.url, 'this took too long, and others may be at work there now');
    const renew = async (): Promise<void> => {
      const next = { wallMs: nowMs() + turnMs, elapsedMs: elapsedMs() + turnMs };
      await this.change((turns) => {
        if (state === 'begins') return take(turns, next.wallMs);
        // Who was taken for dead does not begin anew: what it found there may be gone.
        if (state === 'held' && !has(turns)) state = 'lost';
        return state === 'held' ? take(turns, next.wallMs) : turns;
      }, call);
      if (state === 'begins') state = 'held';
      if (state === 'held') until = next;
    };
    await renew();
    const timer = setInterval(() => void renew().catch(() => undefined), renewMs);
    timer.unref();
    try {
      return await action({
        check: () => {
          const leftMs = Math.min(until.wallMs - nowMs(), until.elapsedMs - elapsedMs());
          if (state === 'lost' || leftMs < turnMs * leftShareMin) throw lost();
        },
      });
    } finally {
      clearInterval(timer);
      state = 'over'; // a renewal that is under way renews nothing any more
      // Whoever waits for it waits until it has run out, if this fails.
      await this.change(give, { patienceMs: 5_000 }).catch(() => undefined);
    }
  }

  /** Null of `change`: not now; the same as it was given: nothing is written. REMOTE_BUSY when it stays null for longer than patience. */
  private async change(change: (turns: Turns) => Turns | null, call: Call): Promise<void> {
    for (const waiting = new Waiting(this.storage.url, this.by, this.lengths, call); ;) {
      const { written } = this;
      this.written = null;
      const { turns, version } = written ?? (await this.read(call));
      const changed = change(turns);
      if (changed === turns) return;
      if (changed !== null) {
        const bytes = Buffer.from(JSON.stringify(changed));
        const condition = version === null ? 'absent' : { version };
        const now = await this.storage.write(name, bytes, condition, call);
        if (now !== null) {
          this.written = { turns: changed, version: now };
          return;
        }
        if (written === null) await sleep(jittered(10), call.signal);
      } else await waiting.next(turns);
    }
  }

  /** Without those whose turn has run out. */
  private async read(call: Call): Promise<{ turns: Turns; version: string | null }> {
    const found = await this.storage.read(name, call);
    if (found === null || found === 'unchanged') return { turns: { publishing: {}, collecting: null }, version: null };
    const { publishing, collecting } = JSON.parse(found.bytes.toString('utf8')) as Turns;
    const turns = {
      publishing: Object.fromEntries(Object.entries(publishing).filter(([by, until]) => this.isLive(by, until))),
      collecting: collecting !== null && this.isLive(collecting.by, collecting.until) ? collecting : null,
    };
    return { turns, version: found.version };
  }

  private isLive(by: string, until: number): boolean {
    if (by === this.by) return true;
    if (until + clocksDifferMs < nowMs()) return false;
    const seen = this.seen.get(by);
    if (seen?.until === until) return elapsedMs() - seen.sinceMs < this.lengths.turnMs;
    this.seen.set(by, { until, sinceMs: elapsedMs() });
    return true;
  }
}

/** One waits for the turns of others: who they are is told, and that is the error when patience ends. */
class Waiting {
  private readonly endMs: number;
  private toldMs = -Infinity;

  constructor(
    private readonly url: string,
    private readonly by: string,
    { turnMs, renewMs }: typeof lengthsDefault,
    private readonly call: Call,
  ) {
    this.endMs = elapsedMs() + Math.max(call.patienceMs ?? 0, turnMs + renewMs);
  }

  /** REMOTE_BUSY. */
  async next({ publishing, collecting }: Turns): Promise<void> {
    const [does, by, until] =
      collecting !== null
        ? (['cleans it up', collecting.by, collecting.until] as const)
        : (['publishes to it', ...(Object.entries(publishing).find(([who]) => who !== this.by) ?? ['', 0])] as const);
    const holder = by.replace(/\/[^/]*$/, '');
    const untilDate = new Date(until).toISOString();
    const why = `${holder} ${does}, until ${untilDate} if nothing more is heard of it`;
    const now = elapsedMs();
    if (now > this.endMs) throw remoteBusy(this.url, why, { holder, until: untilDate });
    if (now - this.toldMs >= toldEveryMs) {
      this.toldMs = now;
      this.call.onWait?.(why);
    }
    await sleep(jittered(waitMs), this.call.signal);
  }
}
