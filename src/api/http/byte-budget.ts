import { CoppiceError } from '../../base/index.js';

/** So many bytes for all together; who would go beyond is refused with SERVER_BUSY. */
export class ByteBudget {
  private taken = 0;

  constructor(
    private readonly limitBytes: number,
    /** What takes them, for the message. */
    private readonly what: string,
  ) {}

  /** Taken now. */
  get bytes(): number {
    return this.taken;
  }

  take(bytes: number): void {
    const { limitBytes, what } = this;
    if (this.taken + bytes > limitBytes) {
      throw new CoppiceError('SERVER_BUSY', `${what} fill ${limitBytes} bytes, the limit`, {
        hint: 'try again in a moment, and send less at once',
        data: { limitBytes },
      });
    }
    this.taken += bytes;
  }

  give(bytes: number): void {
    this.taken -= bytes;
  }
}
