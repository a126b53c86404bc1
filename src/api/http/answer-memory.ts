import { CoppiceError, elapsedMs } from '../../base/index.js';

export interface AnswerLimits {
  /** Of one answer that is made whole before it is sent. */
  readonly answerBytes: number;
  /** Of all answers that have not been taken by their clients. */
  readonly totalBytes: number;
  /** Answers whose clients let them wait. */
  readonly stalled: number;
  /** A client that takes nothing for so long is gone, in milliseconds; */
  readonly stalledMs: number;
  /** and when others need the memory, so long is enough. */
  readonly pressedMs: number;
}

export const answerLimits: AnswerLimits = {
  answerBytes: 32 * 1024 * 1024,
  totalBytes: 128 * 1024 * 1024,
  stalled: 64,
  stalledMs: 30_000,
  pressedMs: 1_000,
};

/**
 * What answers hold until their clients take it, bounded for each and in all. When it is short, those go first whose
 * clients have stopped reading; then answers are refused.
 */
export class AnswerMemory {
  private heldBytes = 0;
  private readonly answers = new Set<HeldAnswer>();

  constructor(readonly limits: AnswerLimits = answerLimits) {}

  /** Bytes that are held now. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** For one answer; `drop` ends it when its client has stopped reading. Release it when the answer is out, or given up. */
  hold(drop: () => void): HeldAnswer {
    const answer = new HeldAnswer(this, drop);
    this.answers.add(answer);
    return answer;
  }

  /** @internal SERVER_BUSY when it is too much. */
  take(bytes: number): void {
    const { totalBytes } = this.limits;
    if (this.heldBytes + bytes > totalBytes) this.dropStalled(() => this.heldBytes + bytes <= totalBytes);
    if (this.heldBytes + bytes > totalBytes) {
      throw new CoppiceError('SERVER_BUSY', `answers that nobody has taken yet fill ${totalBytes} bytes, the limit`, {
        hint: 'try again in a moment, and read answers as they come',
        data: { limitBytes: totalBytes },
      });
    }
    this.heldBytes += bytes;
  }

  /** @internal */
  give(bytes: number): void {
    this.heldBytes -= bytes;
  }

  /** @internal */
  forget(answer: HeldAnswer): void {
    this.answers.delete(answer);
  }

  /** @internal One more client lets its answer wait: those that have long done so make room. */
  boundStalled(): void {
    let stalled = 0;
    for (const answer of this.answers) if (answer.isWaiting) stalled++;
    if (stalled <= this.limits.stalled) return;
    let surplus = stalled - this.limits.stalled;
    this.dropStalled(() => surplus-- <= 0);
  }

  /** The longest stalled first, until it is enough. */
  private dropStalled(isEnough: () => boolean): void {
    const sinceMs = elapsedMs() - this.limits.pressedMs;
    const stalled = [...this.answers].filter((answer) => answer.isWaiting && answer.movedMs <= sinceMs);
    for (const answer of stalled.sort((a, b) => a.movedMs - b.movedMs)) {
      if (isEnough()) return;
      answer.release();
      answer.drop();
    }
  }
}

/** What one answer holds. */
export class HeldAnswer {
  /** When its client last took something. */
  movedMs = elapsedMs();
  /** It waits for its client. */
  isWaiting = false;
  private bytes = 0;
  private isReleased = false;

  constructor(
    private readonly memory: AnswerMemory,
    readonly drop: () => void,
  ) {}

  /** Holds more. SERVER_BUSY; with `whole`, TOO_LARGE when one answer becomes larger than one can be. */
  add(bytes: number, whole: boolean): void {
    const { answerBytes } = this.memory.limits;
    if (whole && this.bytes + bytes > answerBytes) throw answerTooLarge(answerBytes);
    if (this.isReleased) return;
    this.memory.take(bytes);
    this.bytes += bytes;
  }

  /** The client took so much. */
  took(bytes: number): void {
    this.movedMs = elapsedMs();
    if (this.isReleased) return;
    this.memory.give(bytes);
    this.bytes -= bytes;
  }

  /** Waits until the client has taken what was sent; it is given up when that takes too long. */
  async waiting(taken: Promise<void>): Promise<void> {
    this.isWaiting = true;
    const timer = setTimeout(() => this.drop(), this.memory.limits.stalledMs).unref();
    try {
      this.memory.boundStalled();
      await taken;
    } finally {
      clearTimeout(timer);
      this.isWaiting = false;
      this.movedMs = elapsedMs();
    }
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.memory.give(this.bytes);
    this.memory.forget(this);
  }
}

export function answerTooLarge(limitBytes: number): CoppiceError {
  return new CoppiceError(
    'TOO_LARGE',
    `the answer is larger than ${limitBytes} bytes, which is the most sent in one piece`,
    {
      hint: 'ask for less (maxCount, limit, paths), or for a stream: Accept: application/x-ndjson',
      data: { limitBytes },
    },
  );
}
