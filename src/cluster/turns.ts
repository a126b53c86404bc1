import { CoppiceError, jittered, nowMs, sleep, uniqueSuffix } from '../base/index.js';
import type { ClusterStorage } from '../remote/index.js';

interface Call {
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number | undefined;
}

/** Who is at work there, by a name of its own, until when (in milliseconds since 1970) if nothing more is heard of it. */
interface Turns {
  readonly publishing: Readonly<Record<string, number>>;
  readonly collecting: { readonly by: string; readonly until: number } | null;
}

const name = 'turns';
/** Longer than clocks of machines differ and a request can be under way. */
const turnMs = 120_000;
const renewMs = 30_000;
/** With less left nothing is begun that relies on the turn. */
const leftMsMin = 45_000;
const waitMs = 200;

/** A turn that is held; it is renewed until it ends. */
export interface Turn {
  /** REMOTE_UNREACHABLE when it has run out, as when this process stood still for minutes. */
  check(): void;
}

/**
 * Any number publish at once, or one collects: what a publisher has found there has to stay until what it publishes refers to it. Turns are in one document,
 * swapped conditionally; whoever is killed loses its turn when that runs out.
 */
export class ClusterTurns {
  private readonly by = uniqueSuffix();

  constructor(private readonly storage: ClusterStorage) {}

  /** Waits while somebody collects. */
  publish<T>(call: Call, action: (turn: Turn) => Promise<T>): Promise<T> {
    return this.hold(
      (turns, until) =>
        turns.collecting !== null ? null : { ...turns, publishing: { ...turns.publishing, [this.by]: until } },
      ({ publishing, ...rest }) => {
        const others = Object.entries(publishing).filter(([by]) => by !== this.by);
        return { ...rest, publishing: Object.fromEntries(others) };
      },
      'others clean it up',
      call,
      action,
    );
  }

  /** Waits until nobody publishes or collects; from then on nobody begins to. */
  collect<T>(call: Call, action: (turn: Turn) => Promise<T>): Promise<T> {
    return this.hold(
      (turns, until) => {
        const isFree = Object.keys(turns.publishing).length === 0 && (turns.collecting?.by ?? this.by) === this.by;
        return isFree ? { ...turns, collecting: { by: this.by, until } } : null;
      },
      (turns) => ({ ...turns, collecting: null }),
      'others publish to it or clean it up',
      call,
      action,
    );
  }

  private async hold<T>(
    take: (turns: Turns, until: number) => Turns | null,
    give: (turns: Turns) => Turns,
    why: string,
    call: Call,
    action: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    let until = 0;
    const lost = (): CoppiceError =>
      new CoppiceError(
        'REMOTE_UNREACHABLE',
        `${this.storage.url}: this took too long, and others may be at work there now`,
        {
          hint: 'run the command again; it continues where it was',
        },
      );
    const renew = async (): Promise<void> => {
      const next = nowMs() + turnMs;
      await this.change((turns) => take(turns, next), why, call);
      until = next;
    };
    await renew();
    const timer = setInterval(() => void renew().catch(() => undefined), renewMs);
    timer.unref();
    try {
      return await action({
        check: () => {
          if (until - nowMs() < leftMsMin) throw lost();
        },
      });
    } finally {
      clearInterval(timer);
      // Whoever waits for it waits until it has run out, if this fails.
      await this.change(give, why, { patienceMs: 5_000 }).catch(() => undefined);
    }
  }

  /** Null of `change`: not now. REMOTE_UNREACHABLE when that stays so for longer than patience. */
  private async change(change: (turns: Turns) => Turns | null, why: string, call: Call): Promise<void> {
    const endMs = nowMs() + Math.max(call.patienceMs ?? 0, turnMs + renewMs);
    for (;;) {
      const found = await this.storage.read(name, call);
      const version = found === null || found === 'unchanged' ? null : found.version;
      const turns: Turns =
        found === null || found === 'unchanged'
          ? { publishing: {}, collecting: null }
          : live(JSON.parse(found.bytes.toString('utf8')) as Turns);
      const changed = change(turns);
      if (changed !== null) {
        const bytes = Buffer.from(JSON.stringify(changed));
        const condition = version === null ? 'absent' : { version };
        if ((await this.storage.write(name, bytes, condition, call)) !== null) return;
      } else if (nowMs() > endMs) {
        throw new CoppiceError('REMOTE_UNREACHABLE', `${this.storage.url}: ${why} all the time`, {
          hint: 'run the command again in a while',
        });
      }
      await sleep(jittered(changed === null ? waitMs : 10), call.signal);
    }
  }
}

/** Without those whose turn has run out. */
function live({ publishing, collecting }: Turns): Turns {
  const atMs = nowMs();
  return {
    publishing: Object.fromEntries(Object.entries(publishing).filter(([, until]) => until > atMs)),
    collecting: collecting !== null && collecting.until > atMs ? collecting : null,
  };
}
